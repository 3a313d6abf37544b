// Copies of bodies for captured requests. A copy has room only as long as the process and the request have any; without it the body's
// length is all that is kept. In: a body that is lent; out: text that can cross to another process.
import {
  MAX_CAPTURED_BODY_BYTES,
  MAX_CAPTURED_WALK_BYTES,
  MAX_WAITING_CAPTURE_BYTES,
} from './limits.ts';

export interface CopiedBody {
  readonly contentType: string | null;
  /** `gzip` and the like; null for identity. */
  readonly contentEncoding: string | null;
  /** Length of the whole body. */
  readonly bytes: number;
  /** As much of its beginning as was kept, as base64. */
  readonly base64: string;
  /** Whether something is missing. */
  readonly isCut: boolean;
}

/** What a body says of itself. */
export interface BodyHead {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** The room of a process. */
export class CopyRoom {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_WAITING_CAPTURE_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** The copies of one request. */
export class Copies {
  readonly #room: CopyRoom;
  #bytes = 0;

  constructor(room: CopyRoom) {
    this.#room = room;
  }

  copy({ contentType, contentEncoding }: BodyHead, body: Buffer | readonly Buffer[]): CopiedBody {
    const pieces = Buffer.isBuffer(body) ? [body] : body;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const wanted = Math.min(bytes, MAX_CAPTURED_BODY_BYTES);
    const kept = this.#hold(wanted) ? wanted : 0;
    return {
      contentType: contentType ?? null,
      contentEncoding: contentEncoding ?? null,
      bytes,
      base64: kept === 0 ? '' : beginningOf(pieces, kept).toString('base64'),
      isCut: kept < bytes,
    };
  }

  /** What is copied is not here any more. */
  release(): void {
    this.#room.release(this.#bytes);
    this.#bytes = 0;
  }

  #hold(bytes: number): boolean {
    if (this.#bytes + bytes > MAX_CAPTURED_WALK_BYTES || !this.#room.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }
}

function beginningOf(pieces: readonly Buffer[], bytes: number): Buffer {
  const [first] = pieces;
  return first !== undefined && first.length >= bytes
    ? first.subarray(0, bytes)
    : Buffer.concat(pieces, bytes);
}
