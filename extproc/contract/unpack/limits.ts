// How much is unpacked when: what a few bytes may become is bounded here in number and in steps, in size by the plan.

/** A body that is no longer than this, packed and unpacked, is unpacked at once; all else in zlib's threads. */
export const UNPACK_NOW_BYTES = 64 * 1024;
/** What one step of unpacking adds; each is held before it is made. */
export const UNPACK_STEP_BYTES = 256 * 1024;
/** Bodies that are unpacked in threads at a time. */
export const MAX_UNPACKING = 4;
/** Bodies that wait for that; further ones are answered with OVERLOADED. */
export const MAX_WAITING_UNPACKS = 64;
