// The limits of Envoy that no user sets, in one home: the renderers use them, the docs' table lists them.

/** Envoy's heap. Above 92 % of it idle memory is given back, above 95 % new requests get 503 OVERLOADED. */
export const MAX_HEAP_BYTES = 1024 * 1024 * 1024;
/** Connections of clients, all listeners together. */
export const MAX_DOWNSTREAM_CONNECTIONS = 50_000;
/** What Envoy buffers for one connection before it stops reading. */
export const CONNECTION_BUFFER_BYTES = 1024 * 1024;
/** Time for the headers of a request to be whole. */
export const REQUEST_HEADERS_TIMEOUT_SECONDS = 30;
/** A client's connection without a request is closed after this time. */
export const CLIENT_IDLE_SECONDS = 65;
/** An idle connection to a unit over REST is closed by Envoy after this time: common servers drop theirs after 2 s. */
export const REST_IDLE_MS = 1500;
/** An idle connection to a unit over gRPC is closed after this time. */
export const GRPC_IDLE_MS = 300_000;
/** Bound of the making of a connection to a unit. */
export const CONNECT_TIMEOUT_MS = 2000;
/** Calls that one unit may have at a time from Envoy; more are answered with OVERLOADED. */
export const MAX_UNIT_REQUESTS = 8192;
/** Connections from Envoy to one unit. */
export const MAX_UNIT_CONNECTIONS = 1024;
/** Bound of an answer off the path (status, metadata, docs, metrics) over HTTP. */
export const OFFPATH_TIMEOUT_SECONDS = 30;
/** What ext_proc is told as its message timeout, the API's own bound. Envoy sets no timer in the mode that is used (seen on 1.40): the deadline bounds a request. */
export const FILTER_MESSAGE_TIMEOUT_SECONDS = 3600;
/** What a 503 of Envoy or of the filter says in `retry-after`. */
export const RETRY_AFTER_SECONDS = 1;
/** A request that takes at least this long has a line in the access log, where that holds failures. */
export const ACCESS_LOG_SLOW_MS = 1000;
/** One in this many of the others has one too. */
export const ACCESS_LOG_ONE_IN = 1000;
/** How long connections of a replaced listener may live on; no shorter than the default deadline. */
export const DRAIN_SECONDS = 300;
/** How long Envoy may take to report that it runs an update, before the swap is refused. */
export const SEEN_TIMEOUT_MS = 10_000;
/** Added to the deadline before what a swap replaced is dropped: answers that end just in time. */
export const SWAP_GRACE_MS = 1000;
