// Takes the compression off a body. In: bytes, the name of their encoding and a bound; out: the plain bytes, held in the
// account before they were there, or why there are none. What is small is unpacked at once. All else goes step by step through
// zlib's threads, a few bodies at a time: how long it becomes is known only when it is there, and 40 bytes may become 32 MiB.
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import type { CallHandle } from '../calls.ts';
import { ByteSink } from '../byte-sink.ts';
import type { ByteAccount } from '../held-bytes.ts';
import {
  MAX_UNPACKING,
  MAX_WAITING_UNPACKS,
  UNPACK_NOW_BYTES,
  UNPACK_STEP_BYTES,
} from './limits.ts';
import { type Turn, Turns } from './turns.ts';

export type Encoding = 'gzip' | 'deflate' | 'br';

export type Unpacked =
  /** `body.length` bytes of the account are the body's. */
  | { readonly kind: 'plain'; readonly body: Buffer }
  | { readonly kind: 'too-large' | 'broken' | 'overloaded' };

/** The encoding of that name, in lower case; null for one that is not read here. */
export function encodingOf(name: string): Encoding | null {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'br':
    case 'deflate':
      return name;
    default:
      return null;
  }
}

const turns = new Turns(MAX_UNPACKING, MAX_WAITING_UNPACKS);

/** Bodies that are being unpacked, and that wait for it, in this process. */
export function countUnpacking(): number {
  return turns.running + turns.waiting;
}

/**
 * `done` is called once, at once for what is small: null is returned then. The handle stops the work, and what was held for
 * it is given back; `done` is not called any more.
 */
export function unpack(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
  account: ByteAccount,
  done: (unpacked: Unpacked) => void,
): CallHandle | null {
  const now =
    packed.length <= UNPACK_NOW_BYTES ? unpackNow(packed, encoding, maxBytes, account) : null;
  if (now !== null) {
    done(now);
    return null;
  }
  return new Unpacking(packed, encoding, maxBytes, account, done).begin();
}

/** Null for a body that becomes longer than is unpacked at once. */
function unpackNow(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
  account: ByteAccount,
): Unpacked | null {
  const bound = Math.min(maxBytes, UNPACK_NOW_BYTES);
  if (!account.hold(bound)) return { kind: 'overloaded' };
  try {
    const unpacked = unpackSync(packed, encoding, { maxOutputLength: bound });
    // zlib's own buffer is larger than a short body.
    const body =
      unpacked.length < unpacked.buffer.byteLength / 2 ? Buffer.from(unpacked) : unpacked;
    account.release(bound - body.length);
    return { kind: 'plain', body };
  } catch (error) {
    account.release(bound);
    if (!isTooLarge(error)) return { kind: 'broken' };
    return maxBytes <= UNPACK_NOW_BYTES ? { kind: 'too-large' } : null;
  }
}

function unpackSync(packed: Buffer, encoding: Encoding, options: ZlibOptions): Buffer {
  switch (encoding) {
    case 'gzip':
      return gunzipSync(packed, options);
    case 'br':
      return brotliDecompressSync(packed, options);
    case 'deflate':
      return isZlib(packed) ? inflateSync(packed, options) : inflateRawSync(packed, options);
  }
}

function createUnpacker(packed: Buffer, encoding: Encoding): Transform {
  const options = { chunkSize: UNPACK_STEP_BYTES };
  switch (encoding) {
    case 'gzip':
      return createGunzip(options);
    case 'br':
      return createBrotliDecompress(options);
    case 'deflate':
      return isZlib(packed) ? createInflate(options) : createInflateRaw(options);
  }
}

/** Both zlib's and the raw format go by the name of deflate; zlib's begins with method 8. */
function isZlib(packed: Buffer): boolean {
  return ((packed[0] ?? 0) & 0x0f) === 8;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** One body on its way through zlib's threads. */
class Unpacking implements CallHandle {
  readonly #packed: Buffer;
  readonly #encoding: Encoding;
  readonly #maxBytes: number;
  readonly #account: ByteAccount;
  readonly #sink: ByteSink;
  readonly #done: (unpacked: Unpacked) => void;
  #turn: Turn | null = null;
  #stream: Transform | null = null;
  #holdsStep = false;
  #over = false;

  constructor(
    packed: Buffer,
    encoding: Encoding,
    maxBytes: number,
    account: ByteAccount,
    done: (unpacked: Unpacked) => void,
  ) {
    this.#packed = packed;
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.#account = account;
    this.#sink = new ByteSink(account, maxBytes);
    this.#done = done;
  }

  begin(): CallHandle | null {
    const turn = turns.take(() => this.#start());
    if (turn === null) {
      this.#end({ kind: 'overloaded' });
      return null;
    }
    this.#turn = turn;
    // There may have been no room for its first step.
    if (!this.#over) return this;
    turn.end();
    return null;
  }

  cancel(): void {
    if (this.#over) return;
    this.#sink.drop();
    this.#settle();
  }

  #start(): void {
    this.#holdsStep = this.#account.hold(UNPACK_STEP_BYTES);
    if (!this.#holdsStep) {
      this.#end({ kind: 'overloaded' });
      return;
    }
    const stream = createUnpacker(this.#packed, this.#encoding);
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => this.#take(piece));
    stream.on('end', () => this.#end({ kind: 'plain', body: this.#sink.take() }));
    stream.on('error', () => this.#end({ kind: 'broken' }));
    stream.end(this.#packed);
  }

  #take(piece: Buffer): void {
    if (this.#over) return;
    if (this.#sink.length + piece.length > this.#maxBytes) this.#end({ kind: 'too-large' });
    else if (!this.#sink.append(piece, 0, piece.length)) this.#end({ kind: 'overloaded' });
  }

  #end(unpacked: Unpacked): void {
    if (this.#over) return;
    if (unpacked.kind !== 'plain') this.#sink.drop();
    this.#settle();
    this.#done(unpacked);
  }

  #settle(): void {
    this.#over = true;
    if (this.#holdsStep) this.#account.release(UNPACK_STEP_BYTES);
    this.#holdsStep = false;
    this.#stream?.destroy();
    this.#stream = null;
    this.#turn?.end();
  }
}
