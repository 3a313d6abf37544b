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
import type { GrpcCall } from './call.ts';
import type { RequestBlocks } from './request-block.ts';

const NOTHING = Buffer.alloc(0);

export class Sender {
  /** What the peer set. */
  maxFrameBytes = DEFAULT_FRAME_BYTES;
  initialWindow = DEFAULT_WINDOW_BYTES;
  private window = DEFAULT_WINDOW_BYTES;
  private readonly output: Output;
  private readonly blocks: RequestBlocks;
  /** Calls with a body that waits for credit, in the order in which they came. */
  private blocked: GrpcCall[] = [];

  constructor(output: Output, blocks: RequestBlocks) {
    this.output = output;
    this.blocks = blocks;
  }

  /** Writes the headers of a call that was attached, and its body. */
  begin(call: GrpcCall): void {
    const { request, streamId } = call;
    const start = this.blocks.start(request.path);
    const timeout = this.blocks.timeout(request);
    const { extra } = request;
    const length =
      start.length + request.headers.length + (extra?.length ?? 0) + (timeout?.length ?? 0);
    if (length <= this.maxFrameBytes) {
      this.frame(length, FRAME.HEADERS, FLAG.END_HEADERS, streamId);
      this.output.append(start, 0, start.length);
      this.output.append(request.headers, 0, request.headers.length);
      if (extra !== null) this.output.append(extra, 0, extra.length);
      if (timeout !== null) this.output.append(timeout, 0, timeout.length);
    } else {
      const block = Buffer.concat([start, request.headers, extra ?? NOTHING, timeout ?? NOTHING]);
      this.longBlock(block, streamId);
    }
    if (!this.sendBody(call)) this.blocked.push(call);
  }

  /** More credit for the connection; false: more than may ever be. */
  credit(bytes: number): boolean {
    this.window += bytes;
    if (this.window > MAX_WINDOW_BYTES) return false;
    this.resume();
    return true;
  }

  /** Goes on with what waits. */
  resume(): void {
    if (this.blocked.length > 0) this.blocked = this.blocked.filter((call) => !this.sendBody(call));
  }

  /** The call is not sent any further. */
  forget(call: GrpcCall): void {
    if (call.left === 0) return;
    const at = this.blocked.indexOf(call);
    if (at >= 0) this.blocked.splice(at, 1);
  }

  reset(streamId: number, code: number): void {
    this.frame(4, FRAME.RST_STREAM, 0, streamId);
    this.output.reserve(4);
    this.output.at = writeUint32(this.output.slab, this.output.at, code);
  }

  /** True when all of it is out. */
  private sendBody(call: GrpcCall): boolean {
    while (call.left > 0) {
      const bytes = Math.min(call.left, call.window, this.window, this.maxFrameBytes);
      if (bytes <= 0) return false;
      call.window -= bytes;
      this.window -= bytes;
      call.left -= bytes;
      this.frame(bytes, FRAME.DATA, call.left === 0 ? FLAG.END_STREAM : 0, call.streamId);
      this.appendPieces(call, bytes);
    }
    return true;
  }

  private appendPieces(call: GrpcCall, bytes: number): void {
    let left = bytes;
    while (left > 0) {
      const piece = call.pieces[call.piece];
      if (piece === undefined) return;
      const taken = Math.min(left, piece.length - call.offset);
      this.output.append(piece, call.offset, call.offset + taken);
      call.offset += taken;
      left -= taken;
      if (call.offset < piece.length) return;
      call.piece++;
      call.offset = 0;
    }
  }

  private longBlock(block: Buffer, streamId: number): void {
    for (let at = 0; at < block.length; at += this.maxFrameBytes) {
      const end = Math.min(at + this.maxFrameBytes, block.length);
      const type = at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION;
      this.frame(end - at, type, end === block.length ? FLAG.END_HEADERS : 0, streamId);
      this.output.append(block, at, end);
    }
  }

  private frame(payloadBytes: number, type: number, flags: number, streamId: number): void {
    const { output } = this;
    output.reserve(FRAME_HEAD_BYTES);
    output.at = writeFrameHead(output.slab, output.at, payloadBytes, type, flags, streamId);
  }
}
