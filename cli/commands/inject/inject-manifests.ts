// Gives the pods of manifests what the webhook would give them: each pod goes through the webhook's own function, with the files
// in the place of the cluster. Pure but for the promise that the function answers with.
import { isPlainObject, objectAt, textAt } from '../../../graph/plan/json-value.ts';
import { parseManifests } from '../../../graph/manifest/parse-manifests.ts';
import type { Finding } from '../../../graph/manifest/finding.ts';
import { applyPatch } from '../../../operator/admission/apply-patch.ts';
import type { ReviewRequest } from '../../../operator/admission/review.ts';
import type { JsonObject } from '../../../graph/plan/json-value.ts';
import { INLINE_READER } from '../../../operator/read/inline.ts';
import { type ClusterView, mutatePodReview } from '../../../operator/admission/webhooks.ts';
import { GRAPH_ANNOTATION, INJECTION_ENABLED } from '../../../cluster/names.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import type { OperatorConfig } from '../../../operator/config/workload-config.ts';
import type { SourceText } from '../../manifests/files.ts';
import { locatePod } from './locate-pod.ts';

export interface InjectInput {
  readonly files: readonly SourceText[];
  /** Only their SeldonDeployments count. */
  readonly graphs: readonly SourceText[];
  /** Of documents that name none. */
  readonly namespace: string;
  readonly config: OperatorConfig;
}

export interface Injected {
  /** All documents of the files in their order, the items of lists one by one. */
  readonly documents: readonly JsonObject[];
  /** About the files themselves. */
  readonly findings: readonly Finding[];
  readonly pods: readonly PodOutcome[];
}

export interface PodOutcome {
  /** `a.yaml: Deployment demo/b`. */
  readonly place: string;
  readonly kind: 'joined' | 'unchanged' | 'refused';
  readonly words: readonly string[];
}

interface Document {
  readonly source: string;
  readonly value: JsonObject;
}

export async function injectManifests(input: InjectInput): Promise<Injected> {
  const findings: Finding[] = [];
  const read = (files: readonly SourceText[]): Document[] =>
    files.flatMap(({ source, text }) => {
      const parsed = parseManifests(text, source);
      findings.push(...parsed.findings, ...parsed.documents.flatMap(({ sink }) => sink.findings));
      return parsed.documents.map(({ value }) => ({ source, value }));
    });
  const documents = read(input.files);
  const cluster = viewOf([...documents, ...read(input.graphs)], input.namespace);
  const injected: JsonObject[] = [];
  const pods: PodOutcome[] = [];
  for (const document of documents) {
    const { value, outcome } = await injectOne(document, cluster, input);
    injected.push(value);
    if (outcome !== undefined) pods.push(outcome);
  }
  return { documents: injected, findings, pods };
}

async function injectOne(
  { source, value }: Document,
  cluster: ClusterView,
  { namespace: otherwise, config }: InjectInput,
): Promise<{ value: JsonObject; outcome: PodOutcome | undefined }> {
  const located = locatePod(value);
  const annotations = objectAt(located?.pod ?? {}, 'metadata')['annotations'];
  if (located === undefined || !isPlainObject(annotations) || !(GRAPH_ANNOTATION in annotations))
    return { value, outcome: undefined };
  const namespace = textAt(objectAt(value, 'metadata'), 'namespace') || otherwise;
  const name = textAt(objectAt(value, 'metadata'), 'name');
  const place = `${source}: ${String(value['kind'])} ${namespace}/${name}`;
  const request: ReviewRequest = {
    uid: '',
    operation: 'CREATE',
    subResource: '',
    namespace,
    name,
    object: located.pod,
    oldObject: undefined,
  };
  const verdict = await mutatePodReview(request, { cluster, config, reader: INLINE_READER });
  if (!verdict.allowed) {
    const words = [verdict.message, ...verdict.warnings];
    return { value, outcome: { place, kind: 'refused', words } };
  }
  const kind = verdict.patch.length === 0 ? 'unchanged' : 'joined';
  return {
    value: kind === 'joined' ? located.put(applyPatch(located.pod, verdict.patch)) : value,
    outcome: { place, kind, words: verdict.warnings },
  };
}

/** Whoever writes sidecars into a file has decided that they may be there: the namespace is not asked. */
function viewOf(documents: readonly Document[], otherwise: string): ClusterView {
  const deployments = documents
    .map(({ value }) => value)
    .filter((value) => value['kind'] === 'SeldonDeployment')
    .map((value): KubeObject => {
      const metadata = objectAt(value, 'metadata');
      const namespace = textAt(metadata, 'namespace') || otherwise;
      const name = textAt(metadata, 'name');
      return { ...value, metadata: { ...metadata, name, namespace } } as unknown as KubeObject;
    });
  const inNamespace = (namespace: string): KubeObject[] =>
    deployments.filter((each) => each.metadata.namespace === namespace);
  return {
    listDeployments: inNamespace,
    findDeployment: async (namespace, name) =>
      inNamespace(namespace).find((each) => each.metadata.name === name),
    readInjection: async () => INJECTION_ENABLED,
  };
}
