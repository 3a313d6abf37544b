// Reads `predictors[].explainer`: what explains predictions, in pods of its own that ask the predictor. As for Seldon's operator one
// without a type is none. Types are those of Alibi; with an image of one's own any word will do.
import { didYouMean } from '../manifest/closest-word.ts';
import { shorten } from '../manifest/shorten.ts';
import type { Explainer } from '../plan/deployment.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { ENDPOINT_FIELDS, EXPLAINER_FIELDS } from './known-fields.ts';
import { readContainerParts } from './read-containers.ts';
import { openFields } from './read-fields.ts';
import type { Fields } from './read-fields.ts';

/** Alibi's, as Seldon names them, each with the word that MLServer's runtime has for it. */
export const EXPLAINER_TYPES: Readonly<Record<string, string>> = {
  AnchorTabular: 'anchor_tabular',
  AnchorImages: 'anchor_image',
  AnchorText: 'anchor_text',
  Counterfactuals: 'counterfactuals',
  Contrastive: 'contrastive',
  KernelShap: 'kernel_shap',
  IntegratedGradients: 'integrated_gradients',
  ALE: 'ALE',
  TreeShap: 'tree_shap',
};
/** Of Seldon Core before 1.0. */
const OLD_TYPES: Readonly<Record<string, string>> = {
  anchor_tabular: 'AnchorTabular',
  anchor_images: 'AnchorImages',
  anchor_text: 'AnchorText',
};
const DEFAULT_PORTS = { http: 9000, grpc: 9500, metrics: 6000 } as const;
const INT32_MAX = 2_147_483_647;
const { maxReferenceLength, maxParameterLength } = MANIFEST_LIMITS;

export function readExplainer(predictor: Fields): Explainer | undefined {
  const { sink } = predictor;
  const raw = predictor.object('explainer');
  const explainer = raw && openFields(raw, predictor.at('explainer'), EXPLAINER_FIELDS, sink);
  const written = explainer?.word('type');
  if (explainer === undefined || !written) return undefined;
  const rawContainer = explainer.object('containerSpec') ?? {};
  const containerPath = explainer.at('containerSpec');
  const container = openFields(rawContainer, containerPath, undefined, sink);
  const parts = container && readContainerParts(container);
  const endpoint = readEndpoint(explainer);
  const type = OLD_TYPES[written] ?? written;
  checkType(type, explainer, parts?.image ?? '');
  const declared = parts?.ports.find(({ name }) => name === 'http') ?? parts?.ports[0];
  return {
    path: explainer.path,
    type,
    modelUri: explainer.text('modelUri', maxReferenceLength) ?? '',
    config: explainer.textMap('config'),
    initParameters: readInitParameters(explainer),
    transport: endpoint.type === 'GRPC' ? 'grpc' : 'rest',
    replicas: explainer.integer('replicas', 0, INT32_MAX),
    serviceAccountName: explainer.word('serviceAccountName') ?? '',
    envSecretRefName: explainer.word('envSecretRefName') ?? '',
    storageInitializerImage: explainer.text('storageInitializerImage', maxReferenceLength) ?? '',
    raw: rawContainer,
    container: {
      name: container?.word('name') ?? '',
      path: containerPath,
      image: parts?.image ?? '',
      command: parts?.command ?? [],
      args: parts?.args ?? [],
      workingDir: parts?.workingDir ?? '',
      env: parts?.env ?? [],
      envFrom: parts?.envFrom ?? [],
      ports: { ...DEFAULT_PORTS, http: endpoint.port ?? declared?.port ?? DEFAULT_PORTS.http },
      componentSpec: -1,
    },
  };
}

function checkType(type: string, fields: Fields, image: string): void {
  if (Object.hasOwn(EXPLAINER_TYPES, type) || image !== '') return;
  fields.sink.add(
    'EXPLAINER_INVALID',
    fields.at('type'),
    `no explainer is named ${shorten(type)}`,
    didYouMean(type, Object.keys(EXPLAINER_TYPES)) ??
      `write one of ${Object.keys(EXPLAINER_TYPES).join(', ')}, or an image into containerSpec`,
  );
}

function readEndpoint(explainer: Fields): { readonly type: string; readonly port?: number } {
  const raw = explainer.object('endpoint');
  const endpoint =
    raw && openFields(raw, explainer.at('endpoint'), ENDPOINT_FIELDS, explainer.sink);
  if (endpoint === undefined) return { type: '' };
  endpoint.text('service_host', maxReferenceLength);
  endpoint.integer('grpcPort', 0, 65_535);
  const http = endpoint.integer('httpPort', 0, 65_535);
  const port = endpoint.integer('service_port', 0, 65_535) || http;
  return { type: endpoint.word('type') ?? '', ...(port ? { port } : {}) };
}

function readInitParameters(explainer: Fields): string {
  const text = explainer.text('initParameters', maxParameterLength) ?? '';
  if (text === '') return '';
  try {
    JSON.parse(text);
  } catch {
    explainer.sink.add(
      'EXPLAINER_INVALID',
      explainer.at('initParameters'),
      'initParameters is not JSON',
      'write an object as JSON: the parameters with which the explainer is made',
    );
  }
  return text;
}
