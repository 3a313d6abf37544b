// Every limit of the server that Envoy's ext_proc streams come to. Its one peer is our own Envoy, so they end what can
// only be a fault; what a user may send is bounded by the plan.

/** Streams at a time on one connection; more are rejected. */
export const MAX_STREAMS = 100_000;
/** Window of each stream; replenished when half of it is used. */
export const STREAM_WINDOW_BYTES = 16 * 1024 * 1024;
/** Largest header block over all its frames; it is skipped, so this only ends endless ones. */
export const MAX_BLOCK_BYTES = 256 * 1024;
/** Frames that one header block may be split into. */
export const MAX_BLOCK_FRAMES = 64;
/** A peer that sends but does not read loses the connection when this much waits for it. */
export const MAX_UNSENT_BYTES = 512 * 1024 * 1024;
/** Largest ext_proc message that is not a body: headers and attributes. */
export const MAX_HEAD_BYTES = 1024 * 1024;
/** Messages of a stream that already has its response are read up to this size, and skipped beyond it. */
export const MAX_PASSING_BYTES = 64 * 1024;
/** Bodies from this size on are read into pooled memory. */
export const MIN_LENT_BODY_BYTES = 32 * 1024;
/** Bodies up to this size are. */
export const MAX_LENT_BODY_BYTES = 2 * 1024 * 1024;
/** Of that memory at most this much is kept while no request uses it. */
export const MAX_IDLE_BODY_BYTES = 64 * 1024 * 1024;
/** What no request used for this long is freed. */
export const BODY_TRIM_MS = 5000;
