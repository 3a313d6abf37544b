// Holds a REST request of a graph until its body is whole, so that the filter gets it in one message and no slow client holds
// a stream to it. Gives a chunked body its length, too.
import type { Plan } from '../../graph/plan.ts';
import { type JsonObject, typed } from '../json.ts';
import { WHOLE_BODY_FILTER } from '../names.ts';

export function wholeBodyFilter(plan: Plan): JsonObject {
  return {
    name: WHOLE_BODY_FILTER,
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.buffer.v3.Buffer', {
      max_request_bytes: plan.policy.maxBodyBytes,
    }),
  };
}
