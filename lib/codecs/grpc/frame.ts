// The frame of a gRPC message: a byte that says whether the message is compressed, and its length in four. Out: whole heads
// to send. In: heads that may come in pieces.

export const GRPC_FRAME_BYTES = 5;
/** The first byte of a frame. */
export const GRPC_PLAIN = 0;
export const GRPC_PACKED = 1;

/** Writes the head of an uncompressed message's frame at `at`; returns the offset after it. */
export function writeGrpcFrameHead(out: Buffer, at: number, bytes: number): number {
  out[at] = GRPC_PLAIN;
  return out.writeUInt32BE(bytes, at + 1);
}

export function grpcFrameHead(bytes: number): Buffer {
  const head = Buffer.allocUnsafe(GRPC_FRAME_BYTES);
  writeGrpcFrameHead(head, 0, bytes);
  return head;
}

/** A head that is read byte by byte, because it may arrive in two pieces. */
export class GrpcFrameHead {
  #filled = 0;
  #flag = 0;
  #length = 0;

  /** Takes what it lacks of `chunk[at, end)`; returns the offset after that. */
  push(chunk: Buffer, at: number, end: number): number {
    for (; this.#filled < GRPC_FRAME_BYTES && at < end; at++, this.#filled++) {
      const byte = chunk[at] as number;
      if (this.#filled === 0) this.#flag = byte;
      // Four bytes are more than the engine's shifts keep without a sign.
      else this.#length = this.#length * 256 + byte;
    }
    return at;
  }

  get started(): boolean {
    return this.#filled > 0;
  }

  get whole(): boolean {
    return this.#filled === GRPC_FRAME_BYTES;
  }

  /** `GRPC_PLAIN`, `GRPC_PACKED`, or what is no gRPC. */
  get flag(): number {
    return this.#flag;
  }

  /** Length of the message, bytes. */
  get length(): number {
    return this.#length;
  }
}
