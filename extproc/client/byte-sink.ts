// Bytes that arrive in pieces whose number is not known: one growing buffer, so that a peer that sends them one by
// one costs no more memory than one that sends them whole.

const FIRST_BYTES = 1024;

export class ByteSink {
  length = 0;
  private buffer: Buffer = Buffer.alloc(0);

  append(source: Buffer, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2, FIRST_BYTES));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    source.copy(this.buffer, this.length, from, to);
    this.length = needed;
  }

  /** All bytes so far, uncopied; valid until the next `append` or `take`. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Hands the bytes over, and is empty again. */
  take(): Buffer {
    const taken = this.view();
    this.buffer = Buffer.alloc(0);
    this.length = 0;
    return taken;
  }
}
