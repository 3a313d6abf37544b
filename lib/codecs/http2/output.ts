// What one connection writes. Small frames are put into a slab one after the other, large payloads are passed by
// reference; everything of one turn of the event loop leaves in one write. A slab is never written twice at the same
// place, so nothing that the kernel has not taken yet can change.
import type { Socket } from 'node:net';

const SLAB_BYTES = 64 * 1024;
/** Payloads up to this are copied into the slab: cheaper than one more entry of a vectored write. */
export const COPY_BYTES = 2048;

export class Output {
  /** Where the next frame goes: `at` in `slab`. Call `reserve` first. */
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  at = 0;
  #start = 0;
  #parts: Buffer[] = [];
  #scheduled = false;
  #closed = false;
  readonly #socket: Socket;
  readonly #flush: () => void;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#flush = () => this.flush();
  }

  /** Bytes handed to the socket that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Makes room for `bytes` in one piece (at most COPY_BYTES and some frame heads) and plans the write. */
  reserve(bytes: number): void {
    if (this.at + bytes > this.slab.length) {
      this.#cut();
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.at = 0;
      this.#start = 0;
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
  }

  /** Copies a small piece, and calls `reserve` for the caller. */
  copy(piece: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    piece.copy(this.slab, this.at, start, end);
    this.at += end - start;
  }

  /** Appends `piece[start, end)`: small ones are copied, large ones must not change any more. */
  append(piece: Buffer, start: number, end: number): void {
    if (end - start <= COPY_BYTES) {
      this.copy(piece, start, end);
      return;
    }
    this.reserve(0);
    this.#cut();
    this.#parts.push(piece.subarray(start, end));
  }

  /** Writes what has gathered, now. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    const socket = this.#socket;
    if (this.#parts.length === 0) {
      if (this.at > this.#start) socket.write(this.slab.subarray(this.#start, this.at));
      this.#start = this.at;
      return;
    }
    this.#cut();
    const parts = this.#parts;
    this.#parts = [];
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  }

  /** Writes the rest and ends the socket's sending side. */
  end(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#socket.end();
  }

  /** Forgets everything: the connection is gone. */
  drop(): void {
    this.#closed = true;
    this.#parts = [];
  }

  #cut(): void {
    if (this.at > this.#start) this.#parts.push(this.slab.subarray(this.#start, this.at));
    this.#start = this.at;
  }
}
