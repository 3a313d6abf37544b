// The codes of the errors that Sidegraph answers requests with: one table, read by the filter, by Envoy's
// configuration and by the docs. A unit's own errors pass unchanged and have no code here.

export interface ErrorKind {
  /** HTTP status of a REST response. */
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
      'the unit closed the connection before its response was complete, or did not send valid HTTP',
    advice: "look at the unit's log for a crash at that time",
  },
  UNIT_TIMEOUT: {
    status: 500,
    grpcStatus: 4,
    meaning: 'the unit did not respond within the timeout of a call',
    advice: 'raise seldon.io/rest-timeout or seldon.io/grpc-timeout, or make the unit faster',
  },
  ANSWER_TOO_LARGE: {
    status: 502,
    grpcStatus: 8,
    meaning: "a unit's response is over the limit for responses that the filter must read",
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
    meaning: 'the request did not arrive completely within its time',
    advice: 'raise sidegraph.io/body-timeout-ms, or send less over a slow connection',
  },
  BAD_HTTP: {
    status: 400,
    grpcStatus: 13,
    meaning: 'the client did not send valid HTTP/1.1',
    advice:
      'percent-encode what is not ASCII in path and query; see whether a proxy on the way changes requests',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    grpcStatus: 8,
    meaning: 'the request has too many headers, or too large ones',
    advice: 'send fewer, or raise sidegraph.io/max-header-bytes or sidegraph.io/max-headers',
  },
  ROUTE_OUT_OF_RANGE: {
    status: 500,
    grpcStatus: 13,
    meaning: 'a router chose a child that it does not have',
    advice: 'make the router return −2, −1 or 0 … number of children − 1',
  },
  ROUTE_UNUSABLE: {
    status: 500,
    grpcStatus: 13,
    meaning: "a router's response has no number where a branch is expected",
    advice:
      'return data.ndarray, data.tensor or data.tftensor with the branch as first value (V2: an output, TensorFlow: predictions)',
  },
  MERGE_UNUSABLE: {
    status: 500,
    grpcStatus: 13,
    meaning:
      'the built-in combiner cannot average the responses: their shapes differ, or they are not numbers',
    advice: 'make all children return arrays of numbers of the same shape',
  },
  ANSWER_MALFORMED: {
    status: 500,
    grpcStatus: 13,
    meaning:
      'a response that has to be read or joined with others is not valid JSON (gRPC: protobuf)',
    advice: 'make the unit that the message names return JSON',
  },
  STREAM_NOT_LAST: {
    status: 501,
    grpcStatus: 12,
    meaning:
      "a call that only models serve, such as a stream, was made to a graph whose response is not that model's own",
    advice: 'make an ordinary prediction, or let the graph end with the model',
  },
  ANSWER_NOT_CHAINABLE: {
    status: 500,
    grpcStatus: 13,
    meaning:
      "a unit's response, which the next unit is to be called with, is no response of the protocol",
    advice: 'make the unit that the message names answer outputs (V2) or predictions (TensorFlow)',
  },
  MESSAGE_NOT_TRANSLATABLE: {
    status: 500,
    grpcStatus: 13,
    meaning:
      'a message cannot be expressed in the protocol of a unit, or its response in that of the graph',
    advice:
      'send what both protocols have: one regular array of numbers or texts (V2 and TensorFlow: several)',
  },
  ANSWER_NOT_DECODABLE: {
    status: 500,
    grpcStatus: 13,
    meaning: 'a response that has to be read has an unknown or broken content encoding',
    advice: 'make the unit send identity, gzip, deflate or br',
  },
  FEEDBACK_ROUTING_INVALID: {
    status: 400,
    grpcStatus: 3,
    meaning: 'the routing in a feedback names a child that the unit does not have',
    advice: 'send back the routing of the prediction unchanged',
  },
  FEEDBACK_MALFORMED: {
    status: 400,
    grpcStatus: 3,
    meaning: 'a feedback that names its prediction by puid is not in order',
    advice:
      'send `{"puid":"…","reward":0.8}` with the `Seldon-Puid` of the response, a finite reward, and besides only truth and request',
  },
  FEEDBACK_UNKNOWN: {
    status: 404,
    grpcStatus: 5,
    meaning:
      'this pod remembers no request of that puid: another pod served it, the filter was restarted, or too many requests came since',
    advice:
      'send sidegraph-pod of the response back too, or seldon-routing; raise sidegraph.io/feedback-requests',
  },
  FEEDBACK_EXPIRED: {
    status: 410,
    grpcStatus: 9,
    meaning: 'the feedback came later than requests are remembered',
    advice: 'raise sidegraph.io/feedback-ttl-ms, or send seldon-routing of the response back',
  },
  FEEDBACK_DUPLICATE: {
    status: 409,
    grpcStatus: 6,
    meaning: 'a feedback for that puid was given already, or is being given',
    advice: 'nothing: it counts once',
  },
  FEEDBACK_ROUTE_GONE: {
    status: 410,
    grpcStatus: 9,
    meaning:
      'the request took branches that the graph no longer has, or has other routers in front of them',
    advice: 'nothing: what served that request is gone',
  },
  FEEDBACK_NOT_REMEMBERED: {
    status: 400,
    grpcStatus: 9,
    meaning:
      'a feedback names its prediction by puid, and this graph remembers none: Envoy draws its branches, or it is switched off',
    advice: 'send seldon-routing of the response back',
  },
  BAD_GRPC_FRAME: {
    status: 400,
    grpcStatus: 13,
    meaning:
      'a gRPC request is not exactly one message, or is compressed in a way that cannot be read',
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
    meaning: 'the data plane holds as many bytes or requests as it is allowed to',
    advice: 'try again after the time in retry-after; scale out',
  },
  FILTER_UNAVAILABLE: {
    status: 503,
    grpcStatus: 14,
    meaning: 'the graph filter did not respond: it is starting, restarting or was killed',
    advice: "try again after the time in retry-after; look at the filter's log",
  },
  POD_UNAVAILABLE: {
    status: 503,
    grpcStatus: 14,
    meaning:
      'the gateway has no ready pod of the deployment, or none took the request, or the one that did ended it before it responded',
    advice:
      'try again after the time in retry-after; `sidegraph status` says what the pods wait for',
  },
  MODEL_UNKNOWN: {
    status: 404,
    grpcStatus: 5,
    meaning:
      'a request for the status or metadata of a model that a V2 or TensorFlow graph does not have, answered as servers of these protocols do',
    advice: 'name a unit of the graph',
  },
  UNIT_UNKNOWN: {
    status: 500,
    grpcStatus: 2,
    meaning:
      'a request for the status or metadata of a unit that the graph does not have (as Seldon responds)',
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
