// What the statuses of gRPC say of whose fault a request's end was, for access log filters: HTTP's status is 200 whatever happened.
import type { EnvoyJson } from '../json.ts';

/** By number, what `google.rpc.Code` means as a fault of the server. Go's servers say UNKNOWN of everything. */
export const GRPC_FAULTS: Readonly<Record<number, string>> = {
  2: 'UNKNOWN',
  4: 'DEADLINE_EXCEEDED',
  8: 'RESOURCE_EXHAUSTED',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  15: 'DATA_LOSS',
};

/** Requests whose status is one of these; with `exclude` the others. One without a status counts as UNKNOWN. */
export function grpcStatuses(statuses: readonly (string | number)[], exclude = false): EnvoyJson {
  return { grpc_status_filter: { statuses, ...(exclude ? { exclude } : {}) } };
}
