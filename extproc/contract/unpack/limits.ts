// How much is unpacked when and where: what a few bytes may become is bounded here in number and in steps, in size by the plan.

/** A body of at most this size, compressed and decompressed, is decompressed at once; all others in a thread, one at a time. */
export const UNPACK_NOW_BYTES = 64 * 1024;
/** What such a body may become at its first try, where it does not say how long it is; it is held before. */
export const UNPACK_FIRST_BYTES = 1024 * 1024;
/** How much more is held for each further try, up to what the plan allows. */
export const UNPACK_GROWTH = 8;
/** Bodies that wait for the thread; more get OVERLOADED. */
export const MAX_WAITING_UNPACKS = 64;
/** The thread ends after this time without a body to decompress. */
export const UNPACKER_IDLE_MS = 10_000;
/** The thread's own JavaScript heap, in which bodies are not kept. */
export const MAX_UNPACKER_HEAP_BYTES = 16 * 1024 * 1024;
