// Holds a small REST request of a graph until its body is whole, so that the filter gets it in one message and no slow client
// holds a stream to it. A larger body, or one that does not say how large it is, goes to the filter as it comes.
import type { Plan } from '../../../graph/plan/plan.ts';
import { type EnvoyJson, typed } from '../json.ts';
import { WHOLE_BODY_FILTER } from '../names.ts';

export function wholeBodyFilter(plan: Plan): EnvoyJson {
  return {
    name: WHOLE_BODY_FILTER,
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.buffer.v3.Buffer', {
      max_request_bytes: plan.policy.maxBodyBytes,
    }),
  };
}
