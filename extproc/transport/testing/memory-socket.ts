// A socket without a kernel: what is written is kept, what is received is said by the test. It has as much of
// `net.Socket` as a session uses.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

export class MemorySocket extends EventEmitter {
  readonly writableLength = 0;
  destroyed = false;
  #written: Buffer[] = [];

  /** As the type that sessions take; what they do not use is not there. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  receive(chunk: Buffer): void {
    this.emit('data', chunk);
  }

  /** What was written since this was called last. */
  written(): Buffer {
    const all = Buffer.concat(this.#written);
    this.#written = [];
    return all;
  }

  write(chunk: Buffer): boolean {
    this.#written.push(chunk);
    return true;
  }

  cork(): void {}
  uncork(): void {}
  end(): void {}

  destroySoon(): void {
    this.destroyed = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}
