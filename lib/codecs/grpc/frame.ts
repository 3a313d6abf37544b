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
  readonly #bytes = new Uint8Array(GRPC_FRAME_BYTES);
  #filled = 0;

  /** Takes what it lacks of `chunk[at, end)`; returns the offset after that. */
  push(chunk: Buffer, at: number, end: number): number {
    while (this.#filled < GRPC_FRAME_BYTES && at < end) {
      this.#bytes[this.#filled++] = chunk[at++] as number;
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
    return this.#bytes[0] as number;
  }

  /** Length of the message, bytes. */
  get length(): number {
    const [, a = 0, b = 0, c = 0, d = 0] = this.#bytes;
    return a * 0x1000000 + b * 0x10000 + c * 0x100 + d;
  }

  /** Ready for the next head. */
  reset(): void {
    this.#filled = 0;
  }
}
