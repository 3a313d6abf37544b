// The policy of a predictor: its limits and headers, from annotations, environment and the defaults in `limits.ts`.
import { dialectOf } from '../../dialects/known/dialects.ts';
import {
  annotationsOf,
  orchestratorEnv,
  parseLimit,
  ROUTING_ANNOTATION,
} from '../seldon/annotations.ts';
import type { Deployment, Predictor } from '../plan/deployment.ts';
import { CORS_ALLOW_HEADERS, CORS_ALLOW_ORIGIN, LIMITS } from '../plan/limits.ts';
import type { Limit } from '../plan/limits.ts';
import type { Policy } from '../plan/plan.ts';

/** `env` is the environment of the orchestrator's process. */
export function compilePolicy(
  deployment: Deployment,
  predictor: Predictor,
  env: Readonly<Record<string, string | undefined>>,
): Policy {
  const annotations = annotationsOf(deployment, predictor);
  const variables = orchestratorEnv(deployment, predictor, env);
  const optional = (limit: Limit): number | null => {
    const text = annotations[limit.annotation];
    const read = text === undefined ? undefined : parseLimit(limit, text);
    return (read?.kind === 'value' ? read.value : limit.default) ?? null;
  };
  const required = (limit: Limit & { readonly default: number }): number =>
    optional(limit) ?? limit.default;
  const maxBodyBytes = required(LIMITS.maxBodyBytes);
  return {
    restTimeoutMs: optional(LIMITS.restTimeoutMs),
    grpcTimeoutMs: optional(LIMITS.grpcTimeoutMs),
    deadlineMs: required(LIMITS.deadlineMs),
    maxBodyBytes,
    bodyTimeoutMs: required(LIMITS.bodyTimeoutMs),
    maxHeaderBytes: required(LIMITS.maxHeaderBytes),
    maxHeaders: required(LIMITS.maxHeaders),
    maxAnswerBytes: required(LIMITS.maxAnswerBytes),
    grpcMaxMessageBytes: Math.min(
      optional(LIMITS.grpcMaxMessageBytes) ?? maxBodyBytes,
      maxBodyBytes,
    ),
    retries: required(LIMITS.retries),
    perTryTimeoutMs: optional(LIMITS.perTryTimeoutMs),
    // Any value that is not empty switches it on, as in Seldon's executor.
    routingInBody:
      dialectOf(deployment.protocol).takesFeedback &&
      (annotations[ROUTING_ANNOTATION] === 'body' ||
        (annotations[ROUTING_ANNOTATION] !== 'header' &&
          Boolean(variables['SELDON_ENABLE_ROUTING_INJECTION']))),
    cors: {
      allowOrigin: variables['CORS_ALLOWED_ORIGINS'] || CORS_ALLOW_ORIGIN,
      allowHeaders: variables['CORS_ALLOWED_HEADERS'] || CORS_ALLOW_HEADERS,
    },
  };
}
