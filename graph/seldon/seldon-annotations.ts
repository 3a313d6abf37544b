// Seldon's annotations: which of them something here reads, and what stands in the place of those of its older versions.
import { closestWord } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { LIMITS } from '../plan/limits.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import { TRACING_VARIABLES } from './tracing.ts';

export const SELDON_PREFIX = 'seldon.io/';
export const ENGINE_PREFIX = 'seldon.io/engine-';

/** Read by the data plane, and by the wrappers from `/etc/podinfo/annotations`. */
export const WRAPPER_ANNOTATIONS: readonly string[] = [
  LIMITS.restTimeoutMs.annotation,
  LIMITS.grpcTimeoutMs.annotation,
  LIMITS.grpcMaxMessageBytes.annotation,
];

/** Variables of Seldon's orchestrator that have a meaning here. */
export const ENGINE_VARIABLES: readonly string[] = [
  'SELDON_ENABLE_ROUTING_INJECTION',
  'CORS_ALLOWED_ORIGINS',
  'CORS_ALLOWED_HEADERS',
  ...TRACING_VARIABLES,
];

/** Read by the gateway, which does with them what an ingress did for Seldon, and where the chart asks for routes of that ingress. */
const GATEWAY_ANNOTATIONS: readonly string[] = [
  'seldon.io/ambassador-config',
  'seldon.io/ambassador-header',
  'seldon.io/ambassador-id',
  'seldon.io/ambassador-regex-header',
  'seldon.io/ambassador-retries',
  'seldon.io/ambassador-service-name',
  'seldon.io/istio-gateway',
  'seldon.io/istio-host',
  'seldon.io/istio-retries',
  'seldon.io/istio-retries-timeout',
];
const BREAKERS_PREFIX = 'seldon.io/ambassador-circuit-breakers-';

/** Read by the operator. */
const OPERATOR_ANNOTATIONS: readonly string[] = [
  'seldon.io/engine-separate-pod',
  'seldon.io/headless-svc',
  'seldon.io/last-applied',
  'seldon.io/no-engine',
  'seldon.io/no-storage-initializer',
  'seldon.io/svc-name',
];

/** Notes of Seldon's Tempo to itself, and the choice of the orchestrator whose responses are given here anyway. */
const NOTES = [
  'seldon.io/executor',
  'seldon.io/tempo',
  'seldon.io/tempo-description',
  'seldon.io/tempo-model',
];

/** Of the engine in Java and of older executors, and what does their work. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  'seldon.io/rest-read-timeout': 'write seldon.io/rest-timeout',
  'seldon.io/rest-connection-timeout':
    'write seldon.io/rest-timeout, which bounds a call as a whole',
  'seldon.io/rest-connect-retries': 'write sidegraph.io/retries',
  'seldon.io/grpc-read-timeout': 'write seldon.io/grpc-timeout',
};

/** Whether something here reads the annotation, or nobody was ever meant to. */
function isRead(name: string): boolean {
  if (name.startsWith(ENGINE_PREFIX) && !OPERATOR_ANNOTATIONS.includes(name))
    return ENGINE_VARIABLES.includes(engineVariable(name));
  return (
    WRAPPER_ANNOTATIONS.includes(name) ||
    GATEWAY_ANNOTATIONS.includes(name) ||
    OPERATOR_ANNOTATIONS.includes(name) ||
    NOTES.includes(name) ||
    name.startsWith(BREAKERS_PREFIX)
  );
}

/** The variable of the orchestrator that an annotation `seldon.io/engine-<x>` sets. */
export function engineVariable(annotation: string): string {
  return annotation.slice(ENGINE_PREFIX.length).toUpperCase().replaceAll('-', '_');
}

/** Tells an annotation of Seldon's that nothing here reads. */
export function checkSeldonAnnotation(name: string, path: string, sink: FindingSink): void {
  if (!name.startsWith(SELDON_PREFIX) || isRead(name)) return;
  const near = closestWord(name, [
    ...WRAPPER_ANNOTATIONS,
    ...GATEWAY_ANNOTATIONS,
    ...OPERATOR_ANNOTATIONS,
  ]);
  const advice =
    (Object.hasOwn(SUCCESSORS, name) ? SUCCESSORS[name] : undefined) ??
    (near === undefined ? undefined : `did you mean ${near}?`);
  sink.add('ANNOTATION_NO_EFFECT', joinPath(path, name), `${shorten(name)} has no effect`, advice);
}
