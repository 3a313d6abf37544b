// What clients are told when the gateway's Envoy itself answers: Seldon's FAILURE body, as it knows the protocol of a graph only by its
// route, with the codes that pods use. What pods answer passes, and so do the routes' own responses.
import { DIALECTS } from '../../dialects/known/dialects.ts';
import {
  ENDED_BY_ENVOY,
  flags,
  plainFormat,
  when,
} from '../../envoy/kit/filters/reply-conditions.ts';
import { replyMappers, type ReplyRow } from '../../envoy/kit/filters/reply-rows.ts';
import { isGrpc } from '../../envoy/kit/filters/transport-filter.ts';
import type { EnvoyJson } from '../../envoy/kit/json.ts';

const UNSERVED = 'no deployment is served under this path, host and headers';
const NOT_FOUND = 404;
const NO_ROUTE = flags('NR');

const ROWS: readonly ReplyRow[] = [
  {
    code: 'HEADERS_TOO_LARGE',
    when: when(ENDED_BY_ENVOY.headersTooLarge),
    info: 'the request has more or larger headers than are taken',
  },
  {
    code: 'BODY_TIMEOUT',
    when: when(ENDED_BY_ENVOY.bodyTimeout),
    info: 'the request did not arrive whole in time',
  },
  {
    code: 'BAD_HTTP',
    when: when(ENDED_BY_ENVOY.badHttp),
    info: 'the request is no valid HTTP/1.1',
  },
  {
    code: 'OVERLOADED',
    when: when(ENDED_BY_ENVOY.overload),
    info: 'the gateway holds too much already; try again',
  },
  {
    code: 'DEADLINE_EXCEEDED',
    when: when(ENDED_BY_ENVOY.deadline),
    info: 'the request took longer than its deadline',
  },
  {
    code: 'OVERLOADED',
    when: flags('UO'),
    info: 'deployment %ROUTE_NAME%: too many requests are under way',
  },
  {
    code: 'DEADLINE_EXCEEDED',
    when: flags('UT'),
    info: 'deployment %ROUTE_NAME%: no pod responded within the time of an attempt',
  },
  {
    code: 'POD_UNAVAILABLE',
    when: flags('UH', 'UF', 'NC'),
    info: 'deployment %ROUTE_NAME%: no pod took the request',
  },
  {
    code: 'POD_UNAVAILABLE',
    when: flags('UC', 'UR', 'UPE', 'URX'),
    info: 'deployment %ROUTE_NAME%: the pod ended the request before it responded',
  },
];

/** `inner`: the cluster by which requests go on to another listener of ours, which responds to all that it takes; undefined for none. */
export function gatewayReplies(inner: string | undefined): EnvoyJson {
  const lost: ReplyRow[] =
    inner === undefined
      ? []
      : [
          {
            code: 'POD_UNAVAILABLE',
            when: {
              and_filter: {
                filters: [flags('UC', 'UR', 'UPE'), when(`xds.cluster_name == '${inner}'`)],
              },
            },
            info: 'the pod sent no valid response',
          },
        ];
  return {
    mappers: [
      ...replyMappers([...lost, ...ROWS], DIALECTS.seldon),
      // gRPC's message is plain text.
      {
        filter: { and_filter: { filters: [isGrpc(), NO_ROUTE] } },
        body_format_override: plainFormat(UNSERVED),
      },
      { filter: isGrpc(), body_format_override: plainFormat('%LOCAL_REPLY_BODY%') },
      {
        filter: NO_ROUTE,
        body_format_override: {
          json_format: DIALECTS.seldon.errorFields(NOT_FOUND, UNSERVED) as EnvoyJson,
        },
      },
    ],
  };
}
