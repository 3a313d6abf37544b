// The settings that annotations and the orchestrator's environment hold, read by the checks (which tell what is wrong)
// and by the compiler (which trusts them).
import type { Deployment, Predictor } from '../plan/deployment.ts';
import { LIMITS } from '../plan/limits.ts';
import type { Limit } from '../plan/limits.ts';
import { REDACT_ANNOTATION } from './payload-redaction.ts';
import { engineVariable } from './seldon-annotations.ts';
import { SAMPLING_ANNOTATION } from './tracing.ts';
import { PROTOCOL_ANNOTATION } from './unit-protocols.ts';
import {
  SIDECAR_ANNOTATIONS,
  EXPOSURE_ANNOTATIONS,
  SIDECAR_VERSION_ANNOTATION,
  ENGINE_PREFIX,
} from './annotation-names.ts';

export const ROUTING_ANNOTATION = 'sidegraph.io/routing';
export const ROUTING_VALUES = ['header', 'body'];
/** How many percent of the payloads of units with a logger are sent: 0 to 100, 100 without. */
export const PAYLOAD_LOG_ANNOTATION = 'sidegraph.io/payload-log-percent';

/** Annotations with our prefix that are known. */
export const OUR_ANNOTATIONS: readonly string[] = [
  ROUTING_ANNOTATION,
  SAMPLING_ANNOTATION,
  PAYLOAD_LOG_ANNOTATION,
  REDACT_ANNOTATION,
  PROTOCOL_ANNOTATION,
  // Read in a cluster alone, and judged there.
  ...Object.values(SIDECAR_ANNOTATIONS),
  ...Object.values(EXPOSURE_ANNOTATIONS),
  SIDECAR_VERSION_ANNOTATION,
  ...Object.values(LIMITS)
    .map((limit) => limit.annotation)
    .filter((annotation) => annotation.startsWith('sidegraph.io/')),
];

export type LimitValue =
  | { readonly kind: 'value'; readonly value: number | undefined }
  | { readonly kind: 'wrong'; readonly wanted: string };

/** Reads a limit's annotation. A time of 0 means none where none is the default, as in Seldon's executor. */
export function parseLimit(limit: Limit, text: string): LimitValue {
  const value = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value === 0 && limit.default === undefined && limit.unit === 'ms')
    return { kind: 'value', value: undefined };
  if (value >= limit.min && value <= limit.max) return { kind: 'value', value };
  return { kind: 'wrong', wanted: `an integer from ${limit.min} to ${limit.max} (${limit.unit})` };
}

/** Settings nearest to the predictor win: its own, those of the spec, those of the metadata. */
export function annotationsOf(
  deployment: Deployment,
  predictor: Predictor,
): Readonly<Record<string, string>> {
  return mergeAnnotations(deployment.annotations, predictor.annotations);
}

/** The nearer ones win; but what one place leaves out of logs no other brings back. */
export function mergeAnnotations(
  outer: Readonly<Record<string, string>>,
  nearer: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const merged = { ...outer, ...nearer };
  const redactions = [outer, nearer].flatMap(({ [REDACT_ANNOTATION]: text }) => text ?? []);
  return redactions.length < 2 ? merged : { ...merged, [REDACT_ANNOTATION]: redactions.join(', ') };
}

/**
 * The environment that Seldon's orchestrator would run with: `svcOrchSpec.env` over annotations `seldon.io/engine-<x>`
 * over that of the process.
 */
export function orchestratorEnv(
  deployment: Deployment,
  predictor: Predictor,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const fromAnnotations = Object.entries(deployment.annotations)
    .filter(([name]) => name.startsWith(ENGINE_PREFIX))
    .map(([name, value]) => [engineVariable(name), value]);
  return { ...env, ...Object.fromEntries(fromAnnotations), ...predictor.orchestratorEnv };
}
