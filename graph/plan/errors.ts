// The codes of the errors that Sidegraph answers requests with: one table, read by the filter, by Envoy's
// configuration and by the docs. A unit's own errors pass unchanged and have no code here.

export interface ErrorKind {
  /** HTTP status of a REST answer. */
  readonly status: number;
  /** gRPC status code. */
  readonly grpcStatus: number;
  /** What happened, for the docs. */
  readonly meaning: string;
  /** What to do, for the docs. */
  readonly advice: string;
}

export const ERRORS = {
  UNIT_UNREACHABLE: {
    status: 500,
    grpcStatus: 14,
    meaning: 'no connection to the unit could be made',
    advice: 'see whether the unit runs and listens on the address that the message names',
  },
  UNIT_RESET: {
    status: 500,
    grpcStatus: 14,
    meaning:
      'the unit closed the connection before its answer was whole, or answered no valid HTTP',
    advice: "look at the unit's log for a crash at that time",
  },
  UNIT_TIMEOUT: {
    status: 500,
    grpcStatus: 4,
    meaning: 'the unit did not answer within the timeout of a call',
    advice: 'raise seldon.io/rest-timeout or seldon.io/grpc-timeout, or make the unit faster',
  },
  ANSWER_TOO_LARGE: {
    status: 502,
    grpcStatus: 8,
    meaning: "a unit's answer is over the limit for answers that the filter must read",
    advice: 'raise sidegraph.io/max-answer-bytes',
  },
  BODY_TOO_LARGE: {
    status: 413,
    grpcStatus: 8,
    meaning: "the request's body is over the limit",
    advice: 'raise sidegraph.io/max-body-bytes (gRPC: also seldon.io/grpc-max-message-size)',
  },
  BODY_TIMEOUT: {
    status: 408,
    grpcStatus: 4,
    meaning: 'the request did not arrive whole in the time that it has',
    advice: 'raise sidegraph.io/body-timeout-ms, or send less over a line that slow',
  },
  BAD_HTTP: {
    status: 400,
    grpcStatus: 13,
    meaning: 'what the client sent is no valid HTTP/1.1',
    advice:
      'percent-encode what is not ASCII in path and query; see whether something between changes requests',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    grpcStatus: 8,
    meaning: 'the headers of the request are more, or more bytes, than are taken',
    advice: 'send fewer, or raise sidegraph.io/max-header-bytes or sidegraph.io/max-headers',
  },
  ROUTE_OUT_OF_RANGE: {
    status: 500,
    grpcStatus: 13,
    meaning: "a router's answer names a child that the unit does not have",
    advice: 'make the router answer −2, −1 or 0 … number of children − 1',
  },
  ROUTE_UNUSABLE: {
    status: 500,
    grpcStatus: 13,
    meaning: "a router's answer holds no number where a branch is expected",
    advice: 'answer data.ndarray, data.tensor or data.tftensor with the branch as first value',
  },
  MERGE_UNUSABLE: {
    status: 500,
    grpcStatus: 13,
    meaning:
      'the built-in combiner cannot average the answers: their shapes differ or are not numbers',
    advice: 'make all children answer arrays of numbers of one shape',
  },
  ANSWER_NOT_JSON: {
    status: 500,
    grpcStatus: 13,
    meaning:
      'an answer that has to be read or joined with others is not valid JSON (gRPC: protobuf)',
    advice: 'make the unit that the message names answer JSON',
  },
  ANSWER_NOT_DECODABLE: {
    status: 500,
    grpcStatus: 13,
    meaning: 'an answer that has to be read has an unknown or broken content encoding',
    advice: 'make the unit answer identity, gzip, deflate or br',
  },
  FEEDBACK_ROUTING_INVALID: {
    status: 400,
    grpcStatus: 3,
    meaning: 'the routing in a feedback names a child that the unit does not have',
    advice: 'send back the routing that the prediction was answered with, unchanged',
  },
  BAD_GRPC_FRAME: {
    status: 400,
    grpcStatus: 13,
    meaning:
      'a gRPC request is not one whole message, or is compressed in a way that cannot be read',
    advice: 'send one unary message, uncompressed or gzip',
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    grpcStatus: 4,
    meaning: 'the whole request took longer than its deadline',
    advice: 'raise sidegraph.io/deadline-ms, or find the slow unit with the access log',
  },
  OVERLOADED: {
    status: 503,
    grpcStatus: 14,
    meaning: 'the data plane holds as many bytes or requests as it may',
    advice: 'try again after the time in retry-after; scale out',
  },
  FILTER_UNAVAILABLE: {
    status: 503,
    grpcStatus: 14,
    meaning: 'the graph filter did not answer: it is starting, restarting or was killed',
    advice: "try again after the time in retry-after; look at the filter's log",
  },
  UNIT_UNKNOWN: {
    status: 500,
    grpcStatus: 2,
    meaning:
      'status or metadata of a unit is asked that the graph does not have (as Seldon answers)',
    advice: 'name a unit of the graph; `GET …/api/v1.0/metadata` lists them',
  },
  PLAN_UNKNOWN: {
    status: 503,
    grpcStatus: 14,
    meaning: 'the filter does not hold the plan that the route names',
    advice: 'try again; if it stays, the filter and Envoy were given different plans',
  },
  INTERNAL: {
    status: 500,
    grpcStatus: 13,
    meaning: 'a bug in Sidegraph',
    advice: 'report it with the log line of the same request id',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** Seldon's FAILURE body, the body of every REST error that Sidegraph itself answers with. */
export function failureBody(code: ErrorCode, info: string): string {
  return JSON.stringify({ status: { code: ERRORS[code].status, info, status: 'FAILURE' } });
}
