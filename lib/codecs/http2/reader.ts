// Bytes of a connection in, frames out. DATA is passed on piece by piece as it arrives, as slices of what was read; all
// other frames are handed over whole. Padding is taken off here; what a frame means is the handler's business.
import { FLAG, FRAME, FRAME_HEAD_BYTES, H2_ERROR } from './frames.ts';

/** Every method returns 0, or the H2_ERROR with which the connection ends. */
export interface FrameHandler {
  /** A DATA frame begins; `bytes` is its whole payload with padding, as flow control counts it. */
  dataStart(streamId: number, bytes: number): number;
  /** Bytes of the frame begun last: `chunk[start, end)`. */
  dataPiece(chunk: Buffer, start: number, end: number): number;
  /** The frame begun last is whole. */
  dataEnd(endStream: boolean): number;
  /** Any other frame, `payload[start, end)`; for HEADERS without padding and priority. */
  frame(
    type: number,
    flags: number,
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
  ): number;
}

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxFrameBytes: number;
  /** The head of a frame that arrived in two chunks. */
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headBytes = 0;
  /** The payload of a frame other than DATA that arrived in several chunks. */
  #partial: Buffer | undefined;
  #partialBytes = 0;
  /** Of the DATA frame under way: bytes of data and of padding still to come; −1 when there is none. */
  #dataLeft = -1;
  #padLeft = 0;
  /** The first byte of the payload of that DATA frame is its padding length and has not come yet. */
  #padUnread = false;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  #length = 0;

  constructor(handler: FrameHandler, maxFrameBytes: number) {
    this.#handler = handler;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes `chunk` from `at` on. Returns 0, or the H2_ERROR with which the connection ends. */
  push(chunk: Buffer, at: number): number {
    const end = chunk.length;
    for (;;) {
      if (this.#dataLeft >= 0) {
        at = this.#readData(chunk, at, end);
        if (at < 0) return -at;
        if (this.#dataLeft >= 0) return 0;
        continue;
      }
      if (this.#partial !== undefined) {
        const take = Math.min(end - at, this.#length - this.#partialBytes);
        chunk.copy(this.#partial, this.#partialBytes, at, at + take);
        this.#partialBytes += take;
        at += take;
        if (this.#partialBytes < this.#length) return 0;
        const whole = this.#partial;
        this.#partial = undefined;
        const error = this.#whole(whole, 0);
        if (error !== 0) return error;
        continue;
      }
      if (at === end) return 0;
      at = this.#readHead(chunk, at, end);
      if (at < 0) return 0;
      if (this.#length > this.#maxFrameBytes) return H2_ERROR.FRAME_SIZE_ERROR;
      if (this.#type === FRAME.DATA) {
        const error = this.#startData();
        if (error !== 0) return error;
      } else if (at + this.#length <= end) {
        const error = this.#whole(chunk, at);
        if (error !== 0) return error;
        at += this.#length;
      } else {
        this.#partial = Buffer.allocUnsafe(this.#length);
        this.#partialBytes = 0;
      }
    }
  }

  /** Returns the offset after the head, or −1 when more bytes are needed. */
  #readHead(chunk: Buffer, at: number, end: number): number {
    let head = chunk;
    let from = at;
    if (this.#headBytes > 0 || end - at < FRAME_HEAD_BYTES) {
      const take = Math.min(end - at, FRAME_HEAD_BYTES - this.#headBytes);
      chunk.copy(this.#head, this.#headBytes, at, at + take);
      this.#headBytes += take;
      if (this.#headBytes < FRAME_HEAD_BYTES) return -1;
      this.#headBytes = 0;
      head = this.#head;
      from = 0;
      at += take;
    } else {
      at += FRAME_HEAD_BYTES;
    }
    this.#length = byte(head, from) * 65_536 + byte(head, from + 1) * 256 + byte(head, from + 2);
    this.#type = byte(head, from + 3);
    this.#flags = byte(head, from + 4);
    this.#streamId =
      ((byte(head, from + 5) & 0x7f) << 24) |
      (byte(head, from + 6) << 16) |
      (byte(head, from + 7) << 8) |
      byte(head, from + 8);
    return at;
  }

  #startData(): number {
    const padded = (this.#flags & FLAG.PADDED) !== 0;
    if (padded && this.#length === 0) return H2_ERROR.FRAME_SIZE_ERROR;
    this.#dataLeft = this.#length;
    this.#padLeft = 0;
    this.#padUnread = padded;
    return this.#handler.dataStart(this.#streamId, this.#length);
  }

  /** Returns the offset that was read to, or minus the error. */
  #readData(chunk: Buffer, at: number, end: number): number {
    if (this.#padUnread) {
      if (at === end) return at;
      const padding = byte(chunk, at);
      if (padding >= this.#length) return -H2_ERROR.PROTOCOL_ERROR;
      at++;
      this.#padUnread = false;
      this.#padLeft = padding;
      this.#dataLeft = this.#length - 1 - padding;
    }
    if (this.#dataLeft > 0 && at < end) {
      const take = Math.min(end - at, this.#dataLeft);
      const error = this.#handler.dataPiece(chunk, at, at + take);
      if (error !== 0) return -error;
      at += take;
      this.#dataLeft -= take;
    }
    if (this.#dataLeft === 0) {
      const skip = Math.min(end - at, this.#padLeft);
      at += skip;
      this.#padLeft -= skip;
      if (this.#padLeft === 0) {
        this.#dataLeft = -1;
        const error = this.#handler.dataEnd((this.#flags & FLAG.END_STREAM) !== 0);
        if (error !== 0) return -error;
      }
    }
    return at;
  }

  #whole(payload: Buffer, start: number): number {
    let end = start + this.#length;
    if (this.#type === FRAME.HEADERS) {
      let padding = 0;
      if ((this.#flags & FLAG.PADDED) !== 0) {
        if (start === end) return H2_ERROR.FRAME_SIZE_ERROR;
        padding = byte(payload, start++);
      }
      if ((this.#flags & FLAG.PRIORITY) !== 0) start += 5;
      end -= padding;
      if (start > end) return H2_ERROR.PROTOCOL_ERROR;
    }
    return this.#handler.frame(this.#type, this.#flags, this.#streamId, payload, start, end);
  }
}

/** A byte that is known to be there. */
function byte(buffer: Buffer, at: number): number {
  return buffer[at] as number;
}
