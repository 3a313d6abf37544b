// Which annotations go where: what a unit's wrapper reads must reach its pod; what only the data plane or the gateway reads must
// not, or a change of it would roll pods. And which of Seldon's have no meaning here, in words.
import { LIMITS } from '../../graph/limits.ts';
import type { Deployment, Predictor } from '../../graph/deployment.ts';
import type { FindingSink } from '../../graph/finding.ts';
import { joinPath } from '../../graph/manifest-lines.ts';
import { SELDON_ANNOTATIONS } from '../names.ts';

const SCRAPE = { 'prometheus.io/scrape': 'true', 'prometheus.io/path': '/prometheus' };

/** Read by the wrappers from `/etc/podinfo/annotations`. */
const WRAPPER_ANNOTATIONS: readonly string[] = [
  LIMITS.restTimeoutMs.annotation,
  LIMITS.grpcTimeoutMs.annotation,
  LIMITS.grpcMaxMessageBytes.annotation,
];

/** They say what runs where, so pods are made anew when they change; Seldon's pods have them too. */
const PLACING_ANNOTATIONS: readonly string[] = [
  SELDON_ANNOTATIONS.noEngine,
  SELDON_ANNOTATIONS.separatePod,
  SELDON_ANNOTATIONS.serviceName,
];

/** Read by the gateway, which does with them what an ingress did for Seldon. */
const GATEWAY_ANNOTATIONS: readonly string[] = [
  'seldon.io/ambassador-header',
  'seldon.io/ambassador-regex-header',
  'seldon.io/ambassador-retries',
  'seldon.io/istio-host',
  'seldon.io/istio-retries',
  'seldon.io/istio-retries-timeout',
];

const BREAKERS_PREFIX = 'seldon.io/ambassador-circuit-breakers-';

/** Read by the operator. */
const OPERATOR_ANNOTATIONS: readonly string[] = [
  SELDON_ANNOTATIONS.headlessService,
  SELDON_ANNOTATIONS.noEngine,
  SELDON_ANNOTATIONS.separatePod,
  SELDON_ANNOTATIONS.serviceName,
  'seldon.io/last-applied',
];

/** Of a pod: nearest to the pod wins. */
export function podAnnotations(
  spec: Readonly<Record<string, string>>,
  predictor: Predictor,
  component: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const inherited = Object.entries({ ...spec, ...predictor.annotations }).filter(([name]) =>
    reachesPod(name),
  );
  return { ...SCRAPE, ...Object.fromEntries(inherited), ...ownAnnotations(component) };
}

/**
 * What a user wrote for one component, or for the Services of one predictor: it goes to the pods and, since tools that watch Deployments
 * and Services read it there, to those. Not ours: a pod must not look like one that the webhook is to fill in.
 */
export function ownAnnotations(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !name.startsWith('sidegraph.io/')),
  );
}

function reachesPod(name: string): boolean {
  if (WRAPPER_ANNOTATIONS.includes(name) || PLACING_ANNOTATIONS.includes(name)) return true;
  return !name.startsWith('seldon.io/') && !name.startsWith('sidegraph.io/');
}

/** Tells each annotation of Seldon's that nothing here reads; `spec` are those of the spec, the others the object's own. */
export function warnAnnotations(
  deployment: Deployment,
  spec: Readonly<Record<string, string>>,
  sink: FindingSink,
): void {
  const warn = (
    annotations: Readonly<Record<string, string>>,
    pathOf: (name: string) => string,
  ): void => {
    for (const name of Object.keys(annotations)) {
      if (!name.startsWith('seldon.io/') || isRead(name)) continue;
      sink.add('ANNOTATION_NO_EFFECT', joinPath(pathOf(name), name), `${name} has no effect`);
    }
  };
  warn(deployment.annotations, (name) =>
    Object.hasOwn(spec, name)
      ? `${deployment.path}spec.annotations`
      : `${deployment.path}metadata.annotations`,
  );
  for (const predictor of deployment.predictors)
    warn(predictor.annotations, () => `${predictor.path}.annotations`);
}

function isRead(name: string): boolean {
  return (
    WRAPPER_ANNOTATIONS.includes(name) ||
    GATEWAY_ANNOTATIONS.includes(name) ||
    OPERATOR_ANNOTATIONS.includes(name) ||
    name.startsWith(SELDON_ANNOTATIONS.enginePrefix) ||
    name.startsWith(BREAKERS_PREFIX)
  );
}
