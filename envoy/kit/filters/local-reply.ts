// What clients are told when Envoy itself answers: one row for each outcome, for REST (status, the protocol's body, header
// `sidegraph-error`) and gRPC (status and message). Rows match on response flags and details, never on a status: the
// filter's own responses come by here too and must pass unchanged.
import type { Dialect } from '../../../dialects/dialect.ts';
import { RESPONSE_DETAILS, METADATA_NAMESPACE } from '../../../graph/plan/names.ts';
import type { EnvoyJson } from '../json.ts';
import {
  CONTROL_GRPC_CLUSTER,
  CONTROL_HTTP_CLUSTER,
  PROBE_CLUSTER,
  UNROUTED_CLUSTER,
} from '../names.ts';
import { ENDED_BY_ENVOY, flags, when } from './reply-conditions.ts';
import { replyMappers, type ReplyRow } from './reply-rows.ts';

const ofCluster = (key: string): string => `%CLUSTER_METADATA(${METADATA_NAMESPACE}:${key})%`;
const UNIT = `${ofCluster('unit')} (${ofCluster('address')})`;
const FILTER_SIDE = [PROBE_CLUSTER, CONTROL_HTTP_CLUSTER, CONTROL_GRPC_CLUSTER];

const ROWS: readonly ReplyRow[] = [
  {
    code: 'BODY_TOO_LARGE',
    when: when(`response.code == 413 && response.code_details != '${RESPONSE_DETAILS}'`),
    info: 'the request body is over the limit',
  },
  {
    code: 'BODY_TIMEOUT',
    when: when(ENDED_BY_ENVOY.bodyTimeout),
    info: 'the request did not arrive whole in time',
  },
  {
    code: 'HEADERS_TOO_LARGE',
    // By the codec, or by what the filters add to a request that just fits.
    when: when(
      `${ENDED_BY_ENVOY.headersTooLarge} || response.code_details.contains('header_mutation_result_exceeds_limit')`,
    ),
    info: 'the request has more or larger headers than are taken',
  },
  {
    code: 'BAD_HTTP',
    when: when(ENDED_BY_ENVOY.badHttp),
    info: 'the request is no valid HTTP/1.1',
  },
  {
    code: 'DEADLINE_EXCEEDED',
    when: when(ENDED_BY_ENVOY.deadline),
    info: 'the request took longer than its deadline',
  },
  {
    code: 'PLAN_UNKNOWN',
    when: when(`xds.cluster_name == '${UNROUTED_CLUSTER}' && response.flags != 0`),
    info: 'the graph filter named no unit of the plan that the route belongs to',
  },
  {
    code: 'FILTER_UNAVAILABLE',
    when: when(
      `xds.cluster_name in [${FILTER_SIDE.map((name) => `'${name}'`).join(', ')}] && response.flags != 0`,
    ),
    info: 'the graph filter is not reachable',
  },
  {
    code: 'FILTER_UNAVAILABLE',
    when: when(`response.code_details.startsWith('ext_proc_error')`),
    info: 'the graph filter did not answer',
  },
  {
    code: 'INTERNAL',
    when: when(`response.code_details == 'spurious_message'`),
    info: 'Envoy did not expect what the graph filter replied',
  },
  {
    code: 'OVERLOADED',
    when: when(ENDED_BY_ENVOY.overload),
    info: 'Envoy holds as much memory as it may',
  },
  {
    code: 'OVERLOADED',
    when: flags('UO'),
    info: 'too many requests are held or under way',
  },
  {
    code: 'UNIT_TIMEOUT',
    when: flags('UT'),
    info: `unit ${UNIT}: no response within the timeout`,
  },
  {
    code: 'UNIT_UNREACHABLE',
    when: when(`upstream.transport_failure_reason.contains('Connection refused')`),
    info: `unit ${UNIT}: connection refused`,
  },
  {
    code: 'UNIT_UNREACHABLE',
    when: flags('UH'),
    info: `unit ${UNIT}: name not found`,
  },
  {
    code: 'UNIT_UNREACHABLE',
    when: flags('UF'),
    info: `unit ${UNIT}: no connection: %UPSTREAM_TRANSPORT_FAILURE_REASON%`,
  },
  {
    code: 'UNIT_RESET',
    when: flags('UC', 'UR', 'UPE'),
    info: `unit ${UNIT}: connection closed before the response was whole`,
  },
  {
    code: 'ANSWER_TOO_LARGE',
    when: when(`response.code_details == 'response_payload_too_large'`),
    info: `unit ${UNIT}: the response is over the limit`,
  },
  {
    code: 'INTERNAL',
    when: flags('NC'),
    info: 'the route names a cluster that does not exist',
  },
];

/** Over REST in the form that the clients of a protocol know. */
export function localReplies(dialect: Dialect): EnvoyJson {
  return { mappers: replyMappers(ROWS, dialect) };
}
