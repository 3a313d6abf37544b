// What bounds a forwarded request: timeouts and retries, from the plan's policy. Used by native, tail and egress
// routes alike, so that a call is bounded the same way whoever makes it.
import type { Policy, Transport } from '../graph/plan.ts';
import { type JsonObject, duration } from './json.ts';

/** Failures before any byte of the request was written: sending again is always harmless. */
const BEFORE_REQUEST = 'connect-failure,reset-before-request';
/** With `sidegraph.io/retries`, also answers that say "not now". */
const REST_RETRIES = `${BEFORE_REQUEST},reset,gateway-error`;
const GRPC_RETRIES = `${BEFORE_REQUEST},reset,unavailable`;

/**
 * Settings of a route that ends at a unit. `timeout` bounds the call (a unit's timeout), `max_stream_duration` the whole
 * request, counted from its first byte also where the route is the second one that the request matched.
 */
export function callPolicy(policy: Policy, transport: Transport, feedback: boolean): JsonObject {
  const timeoutMs = transport === 'grpc' ? policy.grpcTimeoutMs : policy.restTimeoutMs;
  return {
    timeout: duration(timeoutMs ?? 0),
    max_stream_duration: streamBound(policy, transport),
    retry_policy: retryPolicy(policy, transport, feedback),
  };
}

/** The deadline of a whole request; for gRPC the client's own `grpc-timeout` when that is earlier. */
export function streamBound(policy: Policy, transport: Transport): JsonObject {
  const deadline = duration(policy.deadlineMs);
  return transport === 'grpc'
    ? { max_stream_duration: deadline, grpc_timeout_header_max: deadline }
    : { max_stream_duration: deadline };
}

/** Feedback is never sent twice once bytes of it were written (`docs`: feedback). */
function retryPolicy(policy: Policy, transport: Transport, feedback: boolean): JsonObject {
  const base = { base_interval: '0.005s', max_interval: '0.100s' };
  if (policy.retries === 0 || feedback) {
    return { retry_on: BEFORE_REQUEST, num_retries: 1, retry_back_off: base };
  }
  return {
    retry_on: transport === 'grpc' ? GRPC_RETRIES : REST_RETRIES,
    num_retries: policy.retries,
    retry_back_off: base,
    ...(policy.perTryTimeoutMs === null
      ? {}
      : { per_try_timeout: duration(policy.perTryTimeoutMs) }),
  };
}
