// Follows a file that Envoy appends to: each look returns the lines that came since the last one, at most so many bytes of them, and
// the newest where there were more. The file is emptied when it has grown, so it stays small however much is written.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** Read at one look; what a busy graph writes beyond it is skipped. */
export const MAX_LOOK_BYTES = 256 * 1024;
/** The file is emptied beyond this size. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

export class Tail {
  readonly #fd: number;
  #at = 0;
  #rest = '';

  /** Makes the file, for its owner only, and begins with what it is given from now on. */
  constructor(path: string) {
    // Envoy appends, so it goes on at the beginning of a file that was emptied.
    this.#fd = openSync(path, 'a+', 0o600);
    ftruncateSync(this.#fd);
  }

  /** Whole lines only; the beginning of one that is not yet written stays for the next look. */
  look(): string[] {
    const { size } = fstatSync(this.#fd);
    if (size < this.#at) this.#at = 0;
    const skips = size - this.#at > MAX_LOOK_BYTES;
    if (skips) this.#at = size - MAX_LOOK_BYTES;
    const buffer = Buffer.alloc(size - this.#at);
    const read = readSync(this.#fd, buffer, 0, buffer.length, this.#at);
    this.#at += read;
    const text = (skips ? '' : this.#rest) + buffer.toString('utf8', 0, read);
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    if (skips) lines.shift();
    if (this.#at > MAX_FILE_BYTES) this.clear();
    return lines.filter((line) => line !== '');
  }

  /** What was written up to now is forgotten. */
  clear(): void {
    ftruncateSync(this.#fd);
    this.#at = 0;
    this.#rest = '';
  }

  close(): void {
    closeSync(this.#fd);
  }
}
