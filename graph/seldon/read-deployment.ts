// Reads a document into a deployment as it was written. Types and names of fields are judged here; what they mean
// together is judged by the checks.
import { closestWord } from '../manifest/closest-word.ts';
import {
  COMPONENT_FIELDS,
  DEPLOYMENT_FIELDS,
  ORCHESTRATOR_FIELDS,
  PREDICTOR_FIELDS,
  SPEC_FIELDS,
  SSL_FIELDS,
} from './known-fields.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import type { ManifestDocument } from '../manifest/open-documents.ts';
import { readContainers, readEnv } from './read-containers.ts';
import { readExplainer } from './read-explainer.ts';
import { openFields } from './read-fields.ts';
import type { Fields } from './read-fields.ts';
import { readGraph } from './read-graph.ts';
import type { Component } from '../plan/deployment.ts';
import { isPlainObject } from '../plan/json-value.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { checkAnnotationNames, checkLabels } from '../pod/check-labels.ts';
import type { WrittenPod } from '../pod/check-pod.ts';
import type { WrittenDeployment, WrittenPredictor } from './written.ts';
import { shorten } from '../manifest/shorten.ts';
import { GROUP, VERSIONS } from '../crd/names.ts';

const API_VERSIONS = VERSIONS.map((version) => `${GROUP}/${version}`);
const INT32_MAX = 2_147_483_647;

/** Whether a document is a SeldonDeployment; adds a finding when it is not, or is one of an unknown version. */
export function isDeployment({ value, prefix, sink }: ManifestDocument): boolean {
  if (sink.errors > 0) return false;
  const fields = openFields(value, prefix.slice(0, -1), undefined, sink);
  if (fields === undefined) return false;
  const kind = fields.word('kind');
  const apiVersion = fields.word('apiVersion') ?? '';
  if (kind === undefined || kind === '') {
    if (sink.errors === 0) sink.add('KIND_MISSING', fields.at('kind'), 'the document has no kind');
    return false;
  }
  if (kind !== 'SeldonDeployment') {
    tellOtherKind(kind, apiVersion, fields);
    return false;
  }
  if (API_VERSIONS.includes(apiVersion)) return true;
  const shown = apiVersion === '' ? 'missing' : shorten(apiVersion);
  sink.add('API_VERSION_UNKNOWN', fields.at('apiVersion'), `apiVersion is ${shown}`);
  return false;
}

/** A document for others is skipped; one that was meant for us, but for its spelling, is a mistake. */
function tellOtherKind(kind: string, apiVersion: string, fields: Fields): void {
  const { sink } = fields;
  const near = closestWord(kind, ['SeldonDeployment']);
  const path = fields.at('kind');
  if (near !== undefined)
    sink.add('KIND_UNKNOWN', path, `kind is ${shorten(kind)}`, `write kind: ${near}`);
  else if (apiVersion.startsWith(`${GROUP}/`))
    sink.add('KIND_UNKNOWN', path, `${GROUP} has no kind ${shorten(kind)}`);
  else if (kind === 'Kustomization')
    sink.add(
      'KIND_SKIPPED',
      path,
      `${shorten(kind)} is skipped`,
      'run kustomize build, and name what comes out',
    );
  else sink.add('KIND_SKIPPED', path, `${shorten(kind)} is skipped`);
}

/** Reads all that can be read; undefined when there is no spec at all. */
export function readDeployment(document: ManifestDocument): WrittenDeployment | undefined {
  const { value, prefix, sink } = document;
  const root = openFields(value, prefix.slice(0, -1), DEPLOYMENT_FIELDS, sink);
  if (root === undefined) return undefined;
  const metadata = openFields(root.object('metadata') ?? {}, root.at('metadata'), undefined, sink);
  const generated = metadata?.has('name') === true ? undefined : metadata?.word('generateName');
  const isUnread = metadata !== undefined && sink.hasErrorsAt(metadata.at('generateName'));
  const name = generated
    ? madeName(generated)
    : ((isUnread ? undefined : metadata?.requiredText('name')) ?? '');
  if (metadata !== undefined) readLabels(metadata);
  if (!root.has('spec')) {
    sink.add('FIELD_MISSING', root.at('spec'), 'the document has no spec');
    return undefined;
  }
  const rawSpec = root.object('spec');
  const spec = rawSpec && openFields(rawSpec, root.at('spec'), SPEC_FIELDS, sink);
  if (spec === undefined) return undefined;
  spec.word('name');
  return {
    name,
    isNameGenerated: Boolean(generated),
    namespace: metadata?.word('namespace') || 'default',
    path: prefix,
    protocol: spec.word('protocol') ?? '',
    transport: spec.word('transport') ?? '',
    serverType: spec.word('serverType') ?? '',
    replicas: spec.integer('replicas', 0, INT32_MAX),
    metadataAnnotations: metadata === undefined ? {} : readAnnotations(metadata),
    annotations: readAnnotations(spec),
    predictors: readPredictors(spec),
  };
}

function readLabels(owner: Fields): Readonly<Record<string, string>> {
  const labels = owner.textMap('labels');
  checkLabels(labels, owner.at('labels'), owner.sink);
  return labels;
}

function readAnnotations(owner: Fields): Readonly<Record<string, string>> {
  const annotations = owner.textMap('annotations');
  checkAnnotationNames(annotations, owner.at('annotations'), owner.sink);
  return annotations;
}

/** A name as the API server makes it of `generateName`: 5 characters after at most 58. */
function madeName(beginning: string): string {
  return `${beginning.slice(0, 58)}xxxxx`;
}

function readPredictors(spec: Fields): WrittenPredictor[] {
  const predictors: WrittenPredictor[] = [];
  const raw = spec.peek('predictors');
  if (!spec.has('predictors') || (Array.isArray(raw) && raw.length === 0))
    spec.sink.add('PREDICTORS_MISSING', spec.at('predictors'), 'the deployment has no predictors');
  const items = spec.list('predictors');
  const { maxPredictors } = MANIFEST_LIMITS;
  if (items.length > maxPredictors)
    spec.sink.add(
      'PREDICTORS_TOO_MANY',
      spec.at('predictors'),
      `the deployment has ${items.length} predictors`,
      `use at most ${maxPredictors}`,
    );
  for (const item of items.slice(0, maxPredictors)) {
    const predictor = openFields(item.value, item.path, PREDICTOR_FIELDS, spec.sink);
    if (predictor !== undefined) predictors.push(readPredictor(predictor));
  }
  return predictors;
}

function readTraffic(predictor: Fields): number | undefined {
  return predictor.integer('traffic', -INT32_MAX, INT32_MAX);
}

function readPredictor(predictor: Fields): WrittenPredictor {
  return {
    path: predictor.path,
    name: predictor.requiredText('name'),
    traffic: readTraffic(predictor),
    shadow: predictor.flag('shadow') ?? false,
    replicas: predictor.integer('replicas', 0, INT32_MAX),
    labels: readLabels(predictor),
    annotations: readAnnotations(predictor),
    progressDeadlineSeconds: predictor.integer('progressDeadlineSeconds', 0, INT32_MAX),
    ...readOrchestrator(predictor),
    ...readComponents(predictor),
    orchestrator: readRaw(predictor, 'svcOrchSpec'),
    engineResources: readRaw(predictor, 'engineResources'),
    graph: readGraph(predictor),
    explainer: readExplainer(predictor),
    certificate: readCertificate(predictor),
  };
}

function readOrchestrator(
  predictor: Fields,
): Pick<WrittenPredictor, 'orchestratorEnv' | 'orchestratorReplicas'> {
  const raw = predictor.object('svcOrchSpec') ?? {};
  const spec = openFields(raw, predictor.at('svcOrchSpec'), ORCHESTRATOR_FIELDS, predictor.sink);
  return {
    orchestratorEnv: spec === undefined ? [] : readEnv(spec),
    orchestratorReplicas: spec?.integer('replicas', 0, INT32_MAX),
  };
}

function readComponents(
  predictor: Fields,
): Pick<WrittenPredictor, 'containers' | 'components' | 'pods'> {
  const { sink } = predictor;
  const pods: WrittenPod[] = [];
  const components: Component[] = [];
  const containers = predictor.list('componentSpecs').flatMap((item, index) => {
    const component = openFields(item.value, item.path, COMPONENT_FIELDS, sink);
    const raw = component?.object('spec');
    if (component !== undefined) components.push(readComponent(component, raw ?? {}));
    if (component === undefined || raw === undefined) return [];
    // Its fields are judged by Kubernetes' schema.
    pods.push({ path: component.at('spec'), value: raw });
    const pod = openFields(raw, component.at('spec'), undefined, sink);
    return pod === undefined ? [] : readContainers(pod, index);
  });
  const { maxContainers } = MANIFEST_LIMITS;
  if (containers.length > maxContainers)
    sink.add(
      'CONTAINERS_TOO_MANY',
      predictor.at('componentSpecs'),
      `${predictor.path} has ${containers.length} containers`,
      `use at most ${maxContainers}`,
    );
  return { containers: containers.slice(0, maxContainers), components, pods };
}

function readComponent(component: Fields, pod: JsonObject): Component {
  const raw = component.object('metadata') ?? {};
  const metadata = openFields(raw, component.at('metadata'), undefined, component.sink);
  return {
    name: metadata?.word('name') ?? '',
    labels: metadata === undefined ? {} : readLabels(metadata),
    annotations: metadata === undefined ? {} : readAnnotations(metadata),
    pod,
    replicas: component.integer('replicas', 0, INT32_MAX),
    autoscaler: component.object('hpaSpec'),
    budget: component.object('pdbSpec'),
    keda: component.object('kedaSpec'),
  };
}

function readRaw(owner: Fields, name: string): WrittenPod | undefined {
  const value = owner.peek(name);
  return isPlainObject(value) ? { path: owner.at(name), value } : undefined;
}

/** As for Seldon's operator: without a name there is no TLS. */
function readCertificate(predictor: Fields): string {
  const raw = predictor.object('ssl');
  const ssl = raw && openFields(raw, predictor.at('ssl'), SSL_FIELDS, predictor.sink);
  return ssl?.word('certSecretName') ?? '';
}
