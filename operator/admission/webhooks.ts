// Both webhooks as functions of a review: they ask the cluster's caches for what they need, and the API server only where a
// cache may be a moment behind (a namespace that was annotated just now, a deployment applied together with its pods).
import type { Deployment, Predictor } from '../../graph/plan/deployment.ts';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { GRAPH_ANNOTATION, INJECTION_ENABLED } from '../../cluster/names.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { readablePart, readOptions } from '../read/reader.ts';
import type { Reader } from '../read/reader.ts';
import { renderSidecar } from '../workloads/sidecar/render-sidecar.ts';
import type { SidecarParts } from '../workloads/sidecar/render-sidecar.ts';
import { placePredictors } from '../workloads/place-predictors.ts';
import { planMapName } from '../workloads/plan-map.ts';
import { joinGraph, parseGraphName } from './join-graph.ts';
import type { GraphName, Joined } from './join-graph.ts';
import { listContainers, objectAtPath, patchPod } from './mutate-pod.ts';
import { findingText } from './refusal.ts';
import { PASS } from './review.ts';
import type { ReviewRequest, Verdict } from './review.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { validateDeployment } from './validate.ts';

/** What the webhooks know of the cluster. */
export interface ClusterView {
  /** The SeldonDeployments of a namespace, from the cache. */
  listDeployments(namespace: string): readonly KubeObject[];
  /** From the cache, or live when it is not there. */
  findDeployment(namespace: string, name: string): Promise<KubeObject | undefined>;
  /** The value of the injection annotation, from the cache, or live when that does not say `enabled`. */
  readInjection(namespace: string): Promise<string | undefined>;
}

export interface WebhookContext {
  readonly cluster: ClusterView;
  readonly config: OperatorConfig;
  readonly reader: Reader;
}

export async function validateReview(
  review: ReviewRequest,
  { cluster, config, reader }: WebhookContext,
): Promise<Verdict> {
  const stored = cluster.listDeployments(review.namespace);
  return await validateDeployment(review, { load: readOptions(config), reader, stored });
}

export async function mutatePodReview(
  review: ReviewRequest,
  context: WebhookContext,
): Promise<Verdict> {
  const { object: pod, namespace, operation, subResource } = review;
  if (operation !== 'CREATE' || subResource !== '' || pod === undefined) return PASS;
  const text = objectAtPath(pod, ['metadata', 'annotations'])[GRAPH_ANNOTATION];
  if (typeof text !== 'string') return PASS;
  const { config, cluster } = context;
  const injection = await cluster.readInjection(namespace);
  if (injection !== INJECTION_ENABLED) {
    const advice = `kubectl annotate namespace ${namespace} ${config.injectionAnnotation}=${INJECTION_ENABLED}`;
    return warn(
      `the pod does not join ${text}: namespace ${namespace} lets no sidecars in; ${advice}`,
    );
  }
  const graph = parseGraphName(text);
  if (graph === undefined)
    return refuse([`${GRAPH_ANNOTATION} is ${text}; write deployment or deployment/predictor`]);
  const found = await loadStored(graph, namespace, context);
  if (Array.isArray(found)) return refuse(found);
  const outcome = joinGraph(graph, found.deployment, listContainers(pod));
  if (outcome.kind === 'refused') return refuse(outcome.refusals);
  const { joined, warnings } = outcome;
  const sidecar = joined.isEntry
    ? renderParts(pod, joined, found.object, namespace, context)
    : undefined;
  const patch = patchPod(pod, joined, sidecar);
  return { allowed: true, warnings: [...warnings, ...patch.warnings], patch: patch.ops };
}

function renderParts(
  pod: JsonObject,
  { deployment, predictor }: Joined,
  object: KubeObject,
  namespace: string,
  { config }: WebhookContext,
): SidecarParts {
  const { predictors } = compileDeployment(deployment);
  const compiled = predictors[deployment.predictors.indexOf(predictor)];
  if (compiled === undefined) throw new Error('every predictor is compiled');
  const own = objectAtPath(pod, ['metadata', 'annotations']);
  const texts = Object.entries(own).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return renderSidecar({
    namespace,
    deploymentName: deployment.name,
    predictor: predictor.name,
    planConfigMap: planMapOf(object, deployment, predictor),
    config: config.sidecar,
    annotations: {
      ...deployment.annotations,
      ...predictor.annotations,
      ...Object.fromEntries(texts),
    },
    policy: compiled.plan.policy,
  });
}

/** The ConfigMap that the operator keeps for the predictor. */
function planMapOf(object: KubeObject, deployment: Deployment, predictor: Predictor): string {
  const placed = placePredictors(deployment);
  const own = placed.find((each) => each.predictor === predictor);
  if (own === undefined) throw new Error('every predictor is placed');
  return planMapName(own);
}

/** The deployment that a pod names, or why it cannot join it. */
async function loadStored(
  { deployment: name }: GraphName,
  namespace: string,
  { cluster, config, reader }: WebhookContext,
): Promise<{ deployment: Deployment; object: KubeObject } | string[]> {
  const object = await cluster.findDeployment(namespace, name);
  if (object === undefined) {
    const names = cluster.listDeployments(namespace).map((each) => each.metadata.name);
    const there = names.length === 0 ? 'it has none' : `it has ${names.slice(0, 10).join(', ')}`;
    return [`namespace ${namespace} has no SeldonDeployment ${name}; ${there}`];
  }
  const { annotations } = object.metadata;
  const part = readablePart(object, { name, namespace, annotations });
  const { deployments, findings } = await reader.read(part, readOptions(config), namespace);
  const [deployment] = deployments;
  if (deployment !== undefined) return { deployment, object };
  const errors = findings.filter((finding) => finding.severity === 'error');
  return [
    `the SeldonDeployment ${name} cannot be served as it is:`,
    ...errors.map((each) => findingText(each)),
  ];
}

function refuse(refusals: readonly string[]): Verdict {
  const message = `the pod cannot join the graph: ${refusals.join('\n- ')}`;
  const field = `metadata.annotations["${GRAPH_ANNOTATION}"]`;
  const causes = refusals.map((each) => ({ field, message: each }));
  return { allowed: false, warnings: [], message, causes };
}

function warn(text: string): Verdict {
  return { allowed: true, warnings: [text], patch: [] };
}
