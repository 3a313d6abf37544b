// Every limit of the server that Envoy's ext_proc streams come to. Its one peer is our own Envoy, so they end what can
// only be a fault; what a user may send is bounded by the plan.

/** Streams at a time on one connection; further ones are refused. */
export const MAX_STREAMS = 100_000;
/** Credit of each stream; given back when half of it is used. */
export const STREAM_WINDOW_BYTES = 16 * 1024 * 1024;
/** Largest header block over all its frames; it is thrown away, so this only ends endless ones. */
export const MAX_BLOCK_BYTES = 256 * 1024;
/** Frames that one header block may be cut into. */
export const MAX_BLOCK_FRAMES = 64;
/** A peer that sends but does not read loses the connection at so many bytes that wait for it. */
export const MAX_UNSENT_BYTES = 512 * 1024 * 1024;
/** Largest ext_proc message that is not a body: headers and attributes. */
export const MAX_HEAD_BYTES = 1024 * 1024;
/** Messages of a stream that is answered already are read up to this size and passed over beyond it. */
export const MAX_PASSING_BYTES = 64 * 1024;
/** Bodies from this size on are read into memory that is used again for later requests. */
export const MIN_LENT_BODY_BYTES = 32 * 1024;
/** Bodies up to this size are. */
export const MAX_LENT_BODY_BYTES = 2 * 1024 * 1024;
/** Of that memory at most so much is kept while no request has it. */
export const MAX_IDLE_BODY_BYTES = 64 * 1024 * 1024;
/** What of it no request needed for this long is freed. */
export const BODY_TRIM_MS = 5000;
