// Splits the DATA of a gRPC stream into messages. A message that is whole in what was read is passed on as a slice of
// it; one that does not is copied once, into a buffer of its announced length.
import { GRPC_FRAME_BYTES, GRPC_PLAIN, GrpcFrameHead } from '../../lib/codecs/grpc/frame.ts';

export interface MessageSink {
  /** Whether a message of that length is wanted; it is skipped otherwise. */
  wants(bytes: number): boolean;
  /** Memory for a message that comes in pieces. */
  lend(bytes: number): Buffer;
  /** One message, `chunk[start, end)`. */
  take(chunk: Buffer, start: number, end: number): void;
}

export class MessageSplitter {
  readonly #sink: MessageSink;
  #partial: Buffer | undefined;
  #partialBytes = 0;
  /** Bytes of an unwanted message that are still to come. */
  #skip = 0;
  /** A frame's head that arrives in two pieces. */
  #head: GrpcFrameHead | undefined;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** False when the bytes are no uncompressed gRPC messages. */
  push(chunk: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      if (this.#skip > 0) {
        const skip = Math.min(this.#skip, end - at);
        this.#skip -= skip;
        at += skip;
        continue;
      }
      const partial = this.#partial;
      if (partial !== undefined) {
        const take = Math.min(end - at, partial.length - this.#partialBytes);
        chunk.copy(partial, this.#partialBytes, at, at + take);
        this.#partialBytes += take;
        at += take;
        if (this.#partialBytes === partial.length) {
          this.#partial = undefined;
          this.#sink.take(partial, 0, partial.length);
        }
        continue;
      }
      let bytes: number;
      if (this.#head !== undefined || end - at < GRPC_FRAME_BYTES) {
        const head = (this.#head ??= new GrpcFrameHead());
        at = head.push(chunk, at, end);
        if (!head.whole) return true;
        if (head.flag !== GRPC_PLAIN) return false;
        bytes = head.length;
        this.#head = undefined;
      } else {
        if (chunk[at] !== GRPC_PLAIN) return false;
        bytes = chunk.readUInt32BE(at + 1);
        at += GRPC_FRAME_BYTES;
      }
      if (!this.#sink.wants(bytes)) {
        this.#skip = bytes;
      } else if (end - at >= bytes) {
        this.#sink.take(chunk, at, at + bytes);
        at += bytes;
      } else {
        this.#partial = this.#sink.lend(bytes);
        this.#partialBytes = 0;
      }
    }
    return true;
  }
}
