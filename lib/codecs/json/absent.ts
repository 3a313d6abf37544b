// Tells that large JSON holds no more of some keys without scanning it: searching for a few bytes is several times as fast. In: bytes, a
// position and keys; out: true only where none of the keys can be behind the position, however it is written.

import { CLOSE_OBJECT } from './scan.ts';

const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** Shorter texts are scanned as fast as they are searched. */
export const WORTH_SEARCHING_BYTES = 8 * 1024;

/** `quoted`: the keys with their quotes. A backslash may write any of them. */
export function areAbsent(bytes: Buffer, from: number, quoted: readonly Buffer[]): boolean {
  if (bytes.indexOf(BACKSLASH, from) >= 0) return false;
  return quoted.every((key) => bytes.indexOf(key, from) < 0);
}

/** Whether the last byte but space closes an object: what was cut off does not. */
export function endsObject(json: Buffer): boolean {
  let at = json.length - 1;
  while (at > 0 && (json[at] as number) <= SPACE) at--;
  return json[at] === CLOSE_OBJECT;
}
