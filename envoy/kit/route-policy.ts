// What bounds a forwarded request: timeouts and retries, from the plan's policy. Used by native, tail and egress
// routes alike, so that a call is bounded the same way whoever makes it.
import type { Policy, Transport } from '../../graph/plan/plan.ts';
import { type EnvoyJson, duration, typed } from './json.ts';
import { retryPolicy, streamBound } from './traffic.ts';

/** Failures before any byte of the request was written: sending again is always harmless. */
const BEFORE_REQUEST = 'connect-failure,reset-before-request';
/** With `sidegraph.io/retries`, also answers that say "not now". */
const REST_RETRIES = `${BEFORE_REQUEST},reset,gateway-error`;
const GRPC_RETRIES = `${BEFORE_REQUEST},reset,unavailable`;

/**
 * Settings of a route that ends at a unit. `max_stream_duration` bounds the whole request, counted from its first byte also
 * where the route is the second one that the request matched. It makes Envoy ignore the route's `timeout` (seen on
 * 1.40), so a call is bounded by the timeout of its attempts. `named`: a unit of the route is reached by a name.
 */
export function callPolicy(
  policy: Policy,
  transport: Transport,
  feedback: boolean,
  named: boolean,
): EnvoyJson {
  return {
    max_stream_duration: streamBound(policy.deadlineMs, transport),
    retry_policy: {
      ...callRetries(policy, transport, feedback),
      ...(named ? { retry_priority: otherPriority() } : {}),
    },
  };
}

/**
 * The same for what may stream both ways for as long as it likes: bounded by its longest pause. Once bytes have come there is nothing
 * to send again, so only what no unit has taken is.
 */
export function streamPolicy(policy: Policy, named: boolean): EnvoyJson {
  return {
    timeout: '0s',
    idle_timeout: duration(policy.deadlineMs),
    retry_policy: {
      ...retryPolicy({ on: BEFORE_REQUEST, attempts: 1, perTryTimeoutMs: undefined }),
      ...(named ? { retry_priority: otherPriority() } : {}),
    },
  };
}

/** What the first address of a name did not take goes to all of its addresses in turn. */
function otherPriority(): EnvoyJson {
  return {
    name: 'envoy.retry_priorities.previous_priorities',
    typed_config: typed(
      'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
      { update_frequency: 1 },
    ),
  };
}

/** Feedback is never sent twice once bytes of it were written. */
function callRetries(policy: Policy, transport: Transport, feedback: boolean): EnvoyJson {
  const retried = policy.retries > 0 && !feedback;
  return retryPolicy({
    on: retried ? (transport === 'grpc' ? GRPC_RETRIES : REST_RETRIES) : BEFORE_REQUEST,
    attempts: retried ? policy.retries : 1,
    perTryTimeoutMs: attemptTimeout(policy, transport, retried),
  });
}

function attemptTimeout(
  policy: Policy,
  transport: Transport,
  retried: boolean,
): number | undefined {
  const callMs = (transport === 'grpc' ? policy.grpcTimeoutMs : policy.restTimeoutMs) ?? undefined;
  const tryMs = retried ? (policy.perTryTimeoutMs ?? undefined) : undefined;
  return callMs === undefined || tryMs === undefined ? (callMs ?? tryMs) : Math.min(callMs, tryMs);
}
