// How much of a message is read where: what takes some milliseconds leaves the event loop to a thread of its own.

/** Messages of at most this size together are read on the event loop; larger ones in a thread. */
export const MAX_READ_ON_LOOP_BYTES = 512 * 1024;
/** Messages that wait for the thread; more get OVERLOADED. */
export const MAX_WAITING_READS = 64;
/** The thread's own JavaScript heap; a message that needs more of it gets OVERLOADED. */
export const MAX_READER_HEAP_BYTES = 64 * 1024 * 1024;
/** The thread ends after this time without a message to read. */
export const READER_IDLE_MS = 10_000;
/** Longest `meta.routing` that is read or rewritten; all units of a plan fit in it. */
export const MAX_ROUTING_BYTES = 64 * 1024;
/** Longest `Seldon-Puid` that is remembered, and that a feedback may name its prediction by: a client may choose its own. */
export const MAX_PUID_BYTES = 256;
