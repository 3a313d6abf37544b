// Access log filters that tell gRPC requests from REST: by content type, which routes and the filter leave alone.
import type { EnvoyJson } from '../json.ts';

const GRPC = { name: 'content-type', string_match: { prefix: 'application/grpc' } };

export function isGrpc(): EnvoyJson {
  return { header_filter: { header: GRPC } };
}

export function isRest(): EnvoyJson {
  return {
    header_filter: {
      header: { ...GRPC, invert_match: true, treat_missing_header_as_empty: true },
    },
  };
}
