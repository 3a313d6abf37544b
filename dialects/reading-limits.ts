// How much of a message is read where: what takes some milliseconds leaves the event loop to a thread of its own.

/** Messages that hold no more than this together are read on the event loop; larger ones in a thread. */
export const MAX_READ_ON_LOOP_BYTES = 512 * 1024;
/** Readings that wait for the thread; further ones are answered with OVERLOADED. */
export const MAX_WAITING_READS = 64;
/** The thread's own JavaScript heap; a message that needs more of it is answered with OVERLOADED. */
export const MAX_READER_HEAP_BYTES = 64 * 1024 * 1024;
/** The thread ends after this time without a message to read. */
export const READER_IDLE_MS = 10_000;
/** Longest `meta.routing` that is read or written over; a plan's units fit in it. */
export const MAX_ROUTING_BYTES = 64 * 1024;
