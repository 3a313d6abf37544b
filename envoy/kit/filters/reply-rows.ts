// Rows of outcomes as Envoy's mappers of its own responses: for each one for gRPC (status and message) and one for REST (status, the
// protocol's body), both with the code in `sidegraph-error`, and with `retry-after` where the status is 503.
import type { Dialect } from '../../../dialects/dialect.ts';
import { ERRORS, type ErrorCode } from '../../../graph/plan/errors.ts';
import { ERROR_HEADER } from '../../../graph/plan/names.ts';
import { type EnvoyJson, overwriteHeader } from '../json.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';
import { plainFormat } from './reply-conditions.ts';
import { isGrpc } from './transport-filter.ts';

export interface ReplyRow {
  readonly code: ErrorCode;
  readonly when: EnvoyJson;
  /** An access log format; it may name the unit. */
  readonly info: string;
}

/** The first row that applies counts. */
export function replyMappers(rows: readonly ReplyRow[], dialect: Dialect): EnvoyJson[] {
  return [...rows.map(grpcMapper), ...rows.map((row) => restMapper(row, dialect))];
}

function restMapper(row: ReplyRow, dialect: Dialect): EnvoyJson {
  const { status } = ERRORS[row.code];
  return {
    filter: row.when,
    status_code: status,
    headers_to_add: errorHeaders(row.code),
    body_format_override: { json_format: dialect.errorFields(status, row.info) as EnvoyJson },
  };
}

/** Sets no HTTP status: Envoy would derive the gRPC status from it. */
function grpcMapper(row: ReplyRow): EnvoyJson {
  return {
    filter: { and_filter: { filters: [isGrpc(), row.when] } },
    headers_to_add: [
      ...errorHeaders(row.code),
      overwriteHeader('grpc-status', String(ERRORS[row.code].grpcStatus)),
    ],
    body_format_override: plainFormat(row.info),
  };
}

export function errorHeaders(code: ErrorCode): EnvoyJson[] {
  return [
    overwriteHeader(ERROR_HEADER, code),
    ...(ERRORS[code].status === 503
      ? [overwriteHeader('retry-after', String(RETRY_AFTER_SECONDS))]
      : []),
  ];
}
