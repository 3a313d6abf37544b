// Bounds of request bodies on native routes, one for each transport; graph routes are bounded by the filter's buffer.
import type { Plan, Transport } from '../../graph/plan.ts';
import { type JsonObject, typed } from '../json.ts';
import { BODY_LIMIT_FILTERS } from '../names.ts';

/** A gRPC message's frame: one byte of flags, four of length. */
const GRPC_FRAME_BYTES = 5;

export function bodyLimitFilters(plan: Plan): JsonObject[] {
  return [
    bodyLimitFilter('rest', plan.policy.maxBodyBytes),
    bodyLimitFilter('grpc', plan.policy.grpcMaxMessageBytes + GRPC_FRAME_BYTES),
  ];
}

function bodyLimitFilter(transport: Transport, maxBytes: number): JsonObject {
  return {
    name: BODY_LIMIT_FILTERS[transport],
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.body_size_limit.v3.BodySizeLimit', {
      max_request_bytes: maxBytes,
    }),
  };
}
