// The sending half of a connection's flow control: messages of any size go out in DATA frames that fit the peer's
// windows and frame size; what does not fit waits on its stream until the peer gives credit.
import {
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  MAX_WINDOW_BYTES,
} from '../../../lib/codecs/http2/frames.ts';
import { FRAME_HEAD_BYTES, writeFrameHead } from '../../../lib/codecs/http2/frames.ts';
import { COPY_BYTES } from '../../../lib/codecs/http2/output.ts';
import type { Output } from '../../../lib/codecs/http2/output.ts';

/** What the sending half keeps of each stream. */
export interface SendState {
  readonly id: number;
  /** Bytes that the peer takes on this stream now; negative after it made INITIAL_WINDOW_SIZE smaller. */
  sendWindow: number;
  /** Pieces not sent yet; the first one from `pendingAt` on. Empty when nothing waits. */
  pending: Buffer[];
  pendingAt: number;
  pendingBytes: number;
  /** The header block that ends the stream, once everything before it is out; undefined while it goes on. */
  trailers: Buffer | undefined;
  ended: boolean;
}

export class ResponseSender {
  readonly #out: Output;
  readonly #waiting = new Set<SendState>();
  readonly #ended: (stream: SendState) => void;
  #window = DEFAULT_WINDOW_BYTES;
  initialWindow = DEFAULT_WINDOW_BYTES;
  maxFrameBytes = DEFAULT_FRAME_BYTES;

  /** `ended` is told when a stream's last frame has been written. */
  constructor(out: Output, ended: (stream: SendState) => void) {
    this.#out = out;
    this.#ended = ended;
  }

  /** A HEADERS frame with a block made by the caller. */
  headers(stream: SendState, block: Buffer, endStream: boolean): void {
    const out = this.#out;
    out.reserve(FRAME_HEAD_BYTES + block.length);
    const flags = endStream ? FLAG.END_HEADERS | FLAG.END_STREAM : FLAG.END_HEADERS;
    out.at = writeFrameHead(out.slab, out.at, block.length, FRAME.HEADERS, flags, stream.id);
    out.at += block.copy(out.slab, out.at);
  }

  /**
   * Sends `head[start, end)` and then `body` as DATA. The head is copied before this returns, the body may be kept
   * and must not change.
   */
  data(
    stream: SendState,
    head: Buffer,
    start: number,
    end: number,
    body: Buffer | undefined,
  ): void {
    if (stream.ended || stream.trailers !== undefined) return;
    const bodyBytes = body === undefined ? 0 : body.length;
    const bytes = end - start + bodyBytes;
    const fits = bytes <= this.maxFrameBytes && bytes <= this.#window && bytes <= stream.sendWindow;
    if (fits && stream.pendingBytes === 0 && end - start <= COPY_BYTES) {
      const out = this.#out;
      const copied = bodyBytes <= COPY_BYTES ? bytes : end - start;
      out.reserve(FRAME_HEAD_BYTES + copied);
      out.at = writeFrameHead(out.slab, out.at, bytes, FRAME.DATA, 0, stream.id);
      out.at += head.copy(out.slab, out.at, start, end);
      if (body !== undefined) out.append(body, 0, bodyBytes);
      this.#window -= bytes;
      stream.sendWindow -= bytes;
      return;
    }
    stream.pending.push(Buffer.from(head.subarray(start, end)));
    if (body !== undefined && bodyBytes > 0) stream.pending.push(body);
    stream.pendingBytes += bytes;
    this.#pump(stream);
  }

  /** Ends a stream with a block of trailers, after all that waits on it. */
  end(stream: SendState, trailers: Buffer): void {
    if (stream.ended || stream.trailers !== undefined) return;
    stream.trailers = trailers;
    this.#pump(stream);
  }

  /** Forgets what waits on a stream that is gone. */
  forget(stream: SendState): void {
    stream.ended = true;
    stream.pending = [];
    stream.pendingBytes = 0;
    this.#waiting.delete(stream);
  }

  /** More credit for the whole connection; false when the window would overflow. */
  creditConnection(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) return false;
    if (this.#waiting.size > 0) {
      for (const stream of Array.from(this.#waiting)) {
        if (this.#window <= 0) break;
        this.#pump(stream);
      }
    }
    return true;
  }

  /** More (or, after a change of INITIAL_WINDOW_SIZE, less) credit for one stream; false when it would overflow. */
  creditStream(stream: SendState, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) return false;
    if (stream.pendingBytes > 0) this.#pump(stream);
    return true;
  }

  #pump(stream: SendState): void {
    while (stream.pendingBytes > 0) {
      const bytes = Math.min(
        stream.pendingBytes,
        this.maxFrameBytes,
        this.#window,
        stream.sendWindow,
      );
      if (bytes <= 0) {
        // Last in the queue of those that wait, so that one large message does not starve the others.
        this.#waiting.delete(stream);
        this.#waiting.add(stream);
        return;
      }
      this.#frame(stream, bytes);
    }
    this.#waiting.delete(stream);
    if (stream.trailers !== undefined && !stream.ended) {
      this.headers(stream, stream.trailers, true);
      stream.ended = true;
      this.#ended(stream);
    }
  }

  #frame(stream: SendState, bytes: number): void {
    const out = this.#out;
    out.reserve(FRAME_HEAD_BYTES);
    out.at = writeFrameHead(out.slab, out.at, bytes, FRAME.DATA, 0, stream.id);
    let left = bytes;
    let whole = 0;
    while (left > 0) {
      const piece = stream.pending[whole] as Buffer;
      const take = Math.min(left, piece.length - stream.pendingAt);
      out.append(piece, stream.pendingAt, stream.pendingAt + take);
      left -= take;
      stream.pendingAt += take;
      if (stream.pendingAt === piece.length) {
        stream.pendingAt = 0;
        whole++;
      }
    }
    if (whole > 0) stream.pending.splice(0, whole);
    stream.pendingBytes -= bytes;
    stream.sendWindow -= bytes;
    this.#window -= bytes;
  }
}
