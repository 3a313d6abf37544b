// Seldon's annotations: which of them something here reads, and what is in the place of those of its older versions.
import { didYouMean } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { LIMITS } from '../plan/limits.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import { TRACING_VARIABLES } from './tracing.ts';
import {
  SELDON_ANNOTATIONS,
  INGRESS_ANNOTATIONS,
  BREAKERS_PREFIX,
  ENGINE_PREFIX,
  SELDON_PREFIX,
} from './annotation-names.ts';

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

const OF_INGRESSES: readonly string[] = Object.values(INGRESS_ANNOTATIONS);
const OF_THE_OPERATOR: readonly string[] = Object.values(SELDON_ANNOTATIONS);

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
  if (name.startsWith(ENGINE_PREFIX) && !OF_THE_OPERATOR.includes(name))
    return ENGINE_VARIABLES.includes(engineVariable(name));
  return (
    WRAPPER_ANNOTATIONS.includes(name) ||
    OF_INGRESSES.includes(name) ||
    OF_THE_OPERATOR.includes(name) ||
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
  const known = [...WRAPPER_ANNOTATIONS, ...OF_INGRESSES, ...OF_THE_OPERATOR];
  const advice =
    (Object.hasOwn(SUCCESSORS, name) ? SUCCESSORS[name] : undefined) ?? didYouMean(name, known);
  sink.add('ANNOTATION_NO_EFFECT', joinPath(path, name), `${shorten(name)} has no effect`, advice);
}
