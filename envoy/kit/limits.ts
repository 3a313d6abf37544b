// The limits of Envoy that no user sets, in one home: the renderers use them, the docs' table lists them.

/**
 * Envoy's heap where no container bounds it; in a container it is a share of the memory limit. From 70 % of it on the streams
 * that hold most are reset, above 85 % idle memory is given back, above 97 % new requests get 503 OVERLOADED.
 */
export const MAX_HEAP_BYTES = 1024 * 1024 * 1024;
/** Share of a container's memory limit, or of a machine's memory for `run`, that Envoy's heap may take; the rest is for code, stacks and sockets. */
export const HEAP_SHARE = 0.7;
/** How often the heap is looked at: what comes in between is not seen. */
export const HEAP_REFRESH_MS = 100;
/** Connections of clients, all listeners together, where more files may be open than these need. */
export const MAX_DOWNSTREAM_CONNECTIONS = 50_000;
/**
 * Share of the files that Envoy may open which clients' connections may take at most. From two fifths of those on idle ones have less
 * time, at two thirds no more are taken in, so that half of the files are left for the units.
 */
export const CONNECTION_FILE_SHARE = 0.75;
/** What is left of the time that a client's connection may be idle when connections or memory run short. */
export const MIN_CLIENT_IDLE_MS = 1000;
/** Streams at a time on one HTTP/2 connection of a client; further ones wait at the client. */
export const MAX_CLIENT_STREAMS = 256;
/** What a client may send ahead on one HTTP/2 stream, and what is kept for one that does not read. */
export const CLIENT_STREAM_WINDOW_BYTES = 256 * 1024;
/** What a client may send ahead on all streams of one HTTP/2 connection. */
export const CLIENT_CONNECTION_WINDOW_BYTES = 1024 * 1024;
/**
 * Frames that may wait on an HTTP/2 connection which carries the requests of many clients, before it is closed with all of them; more
 * than its buffer can hold.
 */
export const MAX_SHARED_FRAMES = 10_000_000;
/**
 * Requests that one HTTP/2 connection between parts of Sidegraph takes before another one takes over (front to predictor, gateway to
 * sidecar). Envoy ends a client's connection when 250 requests of it were taken back; this many never get there.
 */
export const MAX_SHARED_REQUESTS = 200;
/** How long an answer that is whole may wait for a client that does not take it. */
export const ANSWER_FLUSH_SECONDS = 60;
/** What Envoy buffers for one connection before it stops reading: also what it reads of one before it looks at others. */
export const CONNECTION_BUFFER_BYTES = 256 * 1024;
/** What Envoy reads ahead of an answer that its client does not take, for each connection to a unit. */
export const UNIT_BUFFER_BYTES = 256 * 1024;
/**
 * What Envoy keeps of a request that it forwards as it comes, to send it again on another connection; of a larger one nothing, and
 * it is not sent again. With `sidegraph.io/retries` all of it is kept.
 */
export const KEPT_REQUEST_BYTES = 256 * 1024;
/** The same for a unit that is reached by a name: the first of its addresses may be dead. */
export const KEPT_NAMED_REQUEST_BYTES = 2 * 1024 * 1024;
/** A REST request of a graph whose body says that it is no larger is held by Envoy until it is whole; of others the filter holds the body. */
export const MAX_WHOLE_BODY_BYTES = 256 * 1024;
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
/** How often a unit's name is looked up, at the least time to live and while it does not resolve; a longer time to live is kept. */
export const DNS_REFRESH_MS = 1000;
/** How long a name server has for its first answer, and longer at the next try; Envoy's own would let a silent one hold up a start for a minute. */
export const DNS_TIMEOUT_SECONDS = 2;
/** How often a name server is asked for one look-up of a name. */
export const DNS_TRIES = 2;
/** Connections in a row that one of several addresses of a name did not take before it has none for a while; with none left the next is tried all the same. */
export const DEAD_ADDRESS_FAILURES = 2;
/** For how long an address that took no connection has none; the longer, the more often that was so. */
export const DEAD_ADDRESS_MS = 2000;
/** The longest that an address that took no connection has none. */
export const DEAD_ADDRESS_MAX_MS = 30_000;
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
/** Requests of one connection that Envoy takes before it looks at others. More would go through it as one herd, units and filter idle meanwhile. */
export const MAX_REQUESTS_PER_READ = 4;
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
