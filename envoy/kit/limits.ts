// The limits of Envoy that no user sets, in one home: the renderers use them, the docs' table lists them.

/**
 * Envoy's heap if no container limits it; in a container it is a share of the memory limit. From 70 % of it on, the streams
 * that hold most are reset; above 85 %, idle memory is freed; above 97 %, new requests get 503 OVERLOADED.
 */
export const MAX_HEAP_BYTES = 1024 * 1024 * 1024;
/** Share of a container's memory limit, or of a machine's memory for `run`, that Envoy's heap may take; the rest is for code, stacks and sockets. */
export const HEAP_SHARE = 0.7;
/** How often the heap is measured: what happens in between is not seen. */
export const HEAP_REFRESH_MS = 100;
/** Connections of clients, all listeners together, if the limit of open files allows more. */
export const MAX_DOWNSTREAM_CONNECTIONS = 50_000;
/**
 * Largest share of the files that Envoy may open that clients' connections may use. From two fifths of that on, idle ones are
 * closed sooner; at two thirds no more are accepted, so that half of the files are left for the units.
 */
export const CONNECTION_FILE_SHARE = 0.75;
/** The idle time that is left to a client's connection when connections or memory run short. */
export const MIN_CLIENT_IDLE_MS = 1000;
/** Streams at a time on one HTTP/2 connection of a client; further ones wait at the client. */
export const MAX_CLIENT_STREAMS = 256;
/** What a client may send ahead on one HTTP/2 stream, and what is buffered for one that does not read. */
export const CLIENT_STREAM_WINDOW_BYTES = 256 * 1024;
/** What a client may send ahead on all streams of one HTTP/2 connection. */
export const CLIENT_CONNECTION_WINDOW_BYTES = 1024 * 1024;
/**
 * Frames that may wait on an HTTP/2 connection that carries the requests of many clients, before it is closed with all of them;
 * more than its buffer can hold.
 */
export const MAX_SHARED_FRAMES = 10_000_000;
/**
 * Requests on one HTTP/2 connection between parts of Sidegraph before another one takes over (front to predictor, gateway to
 * sidecar). Envoy closes a client's connection when 250 of its requests were cancelled; this many never get there.
 */
export const MAX_SHARED_REQUESTS = 200;
/** How long a complete response may wait for a client that does not read it. */
export const RESPONSE_FLUSH_SECONDS = 60;
/** What Envoy buffers for one connection before it stops reading, and what it reads from one before it serves others. */
export const CONNECTION_BUFFER_BYTES = 256 * 1024;
/** The same for connections between parts of Sidegraph, which carry the requests of many clients: what waits there delays them all. */
export const INNER_BUFFER_BYTES = 64 * 1024;
/** What waits of one request, or of its response, where it goes on from one listener of ours to another. Of as many as share a connection, less than its window. */
export const INNER_STREAM_WINDOW_BYTES = 64 * 1024;
/** What a gateway's Envoy buffers for one connection, of a client or to a pod; also what it reads from one before it serves others. */
export const GATEWAY_BUFFER_BYTES = 64 * 1024;
/** What Envoy reads ahead of a response that its client does not read, for each connection to a unit. */
export const UNIT_BUFFER_BYTES = 256 * 1024;
/**
 * What Envoy keeps of a request that it forwards as it comes, to send it again on another connection; of a larger one nothing, and
 * it is not sent again. With `sidegraph.io/retries` all of it is kept.
 */
export const KEPT_REQUEST_BYTES = 256 * 1024;
/** The same for a unit that is reached by a host name: the first of its addresses may be dead. */
export const KEPT_NAMED_REQUEST_BYTES = 2 * 1024 * 1024;
/** A REST request of a graph with a declared length of at most this is held by Envoy until it is complete; of others the filter holds the body. */
export const MAX_WHOLE_BODY_BYTES = 256 * 1024;
/** Time for the headers of a request to arrive. */
export const REQUEST_HEADERS_TIMEOUT_SECONDS = 30;
/** A client's connection without a request is closed after this time. */
export const CLIENT_IDLE_SECONDS = 65;
/** An idle connection to a unit over REST is closed by Envoy after this time: common servers close theirs after 2 s. */
export const REST_IDLE_MS = 1500;
/** An idle connection to a unit over gRPC is closed after this time. */
export const GRPC_IDLE_MS = 300_000;
/** Time to make a connection to a unit. */
export const CONNECT_TIMEOUT_MS = 2000;
/** How often a unit's host name is resolved: at least this long after the last time, and while it does not resolve; a longer time to live counts. */
export const DNS_REFRESH_MS = 1000;
/** Time for a name server's first response, and longer at the next try; Envoy's own default would let a silent one delay a start for a minute. */
export const DNS_TIMEOUT_SECONDS = 2;
/** How often a name server is queried for one resolution. */
export const DNS_TRIES = 2;
/** Refused connections in a row before one of several addresses gets none for a while; with no other left, it is tried all the same. */
export const DEAD_ADDRESS_FAILURES = 2;
/** How long an address that refused connections gets none; longer each time. */
export const DEAD_ADDRESS_MS = 2000;
/** The longest time for that. */
export const DEAD_ADDRESS_MAX_MS = 30_000;
/** Calls to one unit at a time from Envoy; more get OVERLOADED. */
export const MAX_UNIT_REQUESTS = 8192;
/** Connections from Envoy to one unit. */
export const MAX_UNIT_CONNECTIONS = 1024;
/** Time for a response of a control endpoint (status, metadata, docs, metrics) over HTTP. */
export const CONTROL_TIMEOUT_SECONDS = 30;
/** ext_proc's message timeout, at the API's maximum. Envoy sets no timer in the mode that is used (seen on 1.40): the deadline limits a request. */
export const FILTER_MESSAGE_TIMEOUT_SECONDS = 3600;
/** The `retry-after` of a 503 from Envoy or from the filter. */
export const RETRY_AFTER_SECONDS = 1;
/** Requests of one connection that Envoy processes before it serves others. More would go through it as one herd, while units and filter are idle. */
export const MAX_REQUESTS_PER_READ = 4;
/** A request that takes at least this long has a line in an access log of failures. */
export const ACCESS_LOG_SLOW_MS = 1000;
/** One in this many of the others has one too. */
export const ACCESS_LOG_ONE_IN = 1000;
/** Requests of a second that have a line in the live log while somebody looks; twice as many after a quiet second. */
export const LIVE_LINES_PER_SECOND = 200;
/** How long connections of a replaced listener may live on; no shorter than the default deadline. */
export const DRAIN_SECONDS = 300;
/** How long Envoy may take to report that it runs an update, before the swap counts as rejected. */
export const SEEN_TIMEOUT_MS = 10_000;
/** Added to the deadline before what a swap replaced is removed, for responses that end just in time. */
export const SWAP_GRACE_MS = 1000;
