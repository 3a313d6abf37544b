// A header block that is cut into HEADERS and CONTINUATION frames, put together within bounds.
import { MAX_CONTINUATIONS, MAX_RESPONSE_HEAD_BYTES } from '../limits.ts';

export class BlockCollector {
  /** Whether a block has begun and not ended: nothing else may come in between. */
  open = false;
  streamId = 0;
  endsStream = false;
  #pieces: Buffer[] = [];
  #bytes = 0;

  begin(streamId: number, endsStream: boolean): void {
    this.open = true;
    this.streamId = streamId;
    this.endsStream = endsStream;
  }

  /** Copies a piece; false: the block is longer than it may be. */
  add(payload: Buffer, start: number, end: number): boolean {
    this.#bytes += end - start;
    this.#pieces.push(Buffer.from(payload.subarray(start, end)));
    return this.#bytes <= MAX_RESPONSE_HEAD_BYTES && this.#pieces.length <= MAX_CONTINUATIONS;
  }

  take(): Buffer {
    const whole = Buffer.concat(this.#pieces);
    this.open = false;
    this.#pieces = [];
    this.#bytes = 0;
    return whole;
  }
}
