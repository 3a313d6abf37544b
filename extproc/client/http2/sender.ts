// The sending half of a connection: request headers, and bodies as far as the peer's windows and frame size allow.
// What does not fit waits, and goes on when the peer gives credit.
import type { Output } from '../../../lib/codecs/http2/output.ts';
import {
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FRAME_HEAD_BYTES,
  MAX_WINDOW_BYTES,
  writeFrameHead,
  writeUint32,
} from '../../../lib/codecs/http2/frames.ts';
import type { RequestBlocks } from './request-block.ts';
import type { ClientStream } from './stream.ts';

const NOTHING = Buffer.alloc(0);

export class RequestSender {
  /** What the peer set. */
  maxFrameBytes = DEFAULT_FRAME_BYTES;
  initialWindow = DEFAULT_WINDOW_BYTES;
  #window = DEFAULT_WINDOW_BYTES;
  readonly #output: Output;
  readonly #blocks: RequestBlocks;
  /** Streams with a body that waits for credit, in the order in which they came. */
  #blocked: ClientStream[] = [];

  constructor(output: Output, blocks: RequestBlocks) {
    this.#output = output;
    this.#blocks = blocks;
  }

  /** Writes the headers of a request, and its body. */
  begin(stream: ClientStream): void {
    const { request } = stream.owner;
    const streamId = stream.id;
    const start = this.#blocks.start(request.path);
    const timeout = this.#blocks.timeout(request);
    const { extra } = request;
    const length =
      start.length + request.headers.length + (extra?.length ?? 0) + (timeout?.length ?? 0);
    if (length <= this.maxFrameBytes) {
      this.#frame(length, FRAME.HEADERS, FLAG.END_HEADERS, streamId);
      this.#output.append(start, 0, start.length);
      this.#output.append(request.headers, 0, request.headers.length);
      if (extra !== undefined) this.#output.append(extra, 0, extra.length);
      if (timeout !== undefined) this.#output.append(timeout, 0, timeout.length);
    } else {
      const block = Buffer.concat([start, request.headers, extra ?? NOTHING, timeout ?? NOTHING]);
      this.#longBlock(block, streamId);
    }
    if (!this.#sendBody(stream)) this.#blocked.push(stream);
  }

  /** More credit for the connection; false: more than may ever be. */
  credit(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) return false;
    this.resume();
    return true;
  }

  /** Goes on with what waits. */
  resume(): void {
    if (this.#blocked.length === 0) return;
    this.#blocked = this.#blocked.filter((stream) => !this.#sendBody(stream));
  }

  /** The request is not sent any further. */
  forget(stream: ClientStream): void {
    if (stream.left === 0) return;
    const at = this.#blocked.indexOf(stream);
    if (at >= 0) this.#blocked.splice(at, 1);
  }

  reset(streamId: number, code: number): void {
    this.#frame(4, FRAME.RST_STREAM, 0, streamId);
    this.#output.reserve(4);
    this.#output.at = writeUint32(this.#output.slab, this.#output.at, code);
  }

  /** True when all of it is out. */
  #sendBody(stream: ClientStream): boolean {
    while (stream.left > 0) {
      const bytes = Math.min(stream.left, stream.window, this.#window, this.maxFrameBytes);
      if (bytes <= 0) return false;
      stream.window -= bytes;
      this.#window -= bytes;
      stream.left -= bytes;
      this.#frame(bytes, FRAME.DATA, stream.left === 0 ? FLAG.END_STREAM : 0, stream.id);
      this.#appendPieces(stream, bytes);
    }
    return true;
  }

  #appendPieces(stream: ClientStream, bytes: number): void {
    let left = bytes;
    while (left > 0) {
      const piece = stream.owner.pieces[stream.piece];
      if (piece === undefined) return;
      const taken = Math.min(left, piece.length - stream.offset);
      this.#output.append(piece, stream.offset, stream.offset + taken);
      stream.offset += taken;
      left -= taken;
      if (stream.offset < piece.length) return;
      stream.piece++;
      stream.offset = 0;
    }
  }

  #longBlock(block: Buffer, streamId: number): void {
    for (let at = 0; at < block.length; at += this.maxFrameBytes) {
      const end = Math.min(at + this.maxFrameBytes, block.length);
      const type = at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION;
      this.#frame(end - at, type, end === block.length ? FLAG.END_HEADERS : 0, streamId);
      this.#output.append(block, at, end);
    }
  }

  #frame(payloadBytes: number, type: number, flags: number, streamId: number): void {
    const output = this.#output;
    output.reserve(FRAME_HEAD_BYTES);
    output.at = writeFrameHead(output.slab, output.at, payloadBytes, type, flags, streamId);
  }
}
