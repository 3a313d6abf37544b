// Pieces of routes that share, copy, repeat or bound requests.
import type { Transport } from '../../graph/plan/plan.ts';
import { type EnvoyJson, duration } from './json.ts';

/** Envoy's fractions count in millionths. */
export const PARTS_PER_PERCENT = 10_000;

/** The copy of a share of the requests, under the client's own host. */
export function mirrorPolicy(cluster: string, percent: number, more: EnvoyJson = {}): EnvoyJson {
  return {
    cluster,
    runtime_fraction: {
      default_value: { numerator: Math.round(percent * PARTS_PER_PERCENT), denominator: 'MILLION' },
    },
    disable_shadow_host_suffix_append: true,
    ...more,
  };
}

/** The deadline of a whole request; for gRPC the client's own `grpc-timeout` when that is earlier. */
export function streamBound(deadlineMs: number, transport: Transport): EnvoyJson {
  const deadline = duration(deadlineMs);
  return transport === 'grpc'
    ? { max_stream_duration: deadline, grpc_timeout_header_max: deadline }
    : { max_stream_duration: deadline };
}

export interface Retries {
  /** Envoy's conditions, with commas. */
  readonly on: string;
  readonly attempts: number;
  /** Undefined for none. */
  readonly perTryTimeoutMs: number | undefined;
}

export function retryPolicy({ on, attempts, perTryTimeoutMs }: Retries): EnvoyJson {
  return {
    retry_on: on,
    num_retries: attempts,
    retry_back_off: { base_interval: '0.005s', max_interval: '0.100s' },
    ...(perTryTimeoutMs === undefined ? {} : { per_try_timeout: duration(perTryTimeoutMs) }),
  };
}
