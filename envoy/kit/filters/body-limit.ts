// Bounds of request bodies, one for each transport, switched on by the routes of predictions and feedback. Envoy's buffer
// limit is no substitute: a body that arrives in one piece passes it (seen on 1.40).
import { GRPC_FRAME_BYTES } from '../../../lib/codecs/grpc/frame.ts';
import type { Plan, Transport } from '../../../graph/plan/plan.ts';
import { type EnvoyJson, typed } from '../json.ts';
import { BODY_LIMIT_FILTERS } from '../names.ts';

export function bodyLimitFilters(plan: Plan): EnvoyJson[] {
  return [
    bodyLimitFilter('rest', plan.policy.maxBodyBytes),
    bodyLimitFilter('grpc', plan.policy.grpcMaxMessageBytes + GRPC_FRAME_BYTES),
  ];
}

function bodyLimitFilter(transport: Transport, maxBytes: number): EnvoyJson {
  return {
    name: BODY_LIMIT_FILTERS[transport],
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.body_size_limit.v3.BodySizeLimit', {
      max_request_bytes: maxBytes,
    }),
  };
}
