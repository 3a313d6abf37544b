// Gives memory back to the system now, rather than when the collector comes by: what is counted as released is then gone.

/** Smaller memory is left to the collector. */
const MIN_FREED_BYTES = 1024 * 1024;

/**
 * Frees all of the memory that `bytes` is a part of; every other view of it is empty from then on. Only for memory that was made
 * whole for its one owner, and that nothing may still be writing.
 */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= MIN_FREED_BYTES) buffer.transfer(0);
}
