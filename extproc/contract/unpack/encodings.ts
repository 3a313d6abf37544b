// The content encodings that are read: what they are called, and how a body is unpacked in one go up to a bound.
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib';

export type Encoding = 'gzip' | 'deflate' | 'br';

/** The encoding of that name, in lower case; undefined for one that is not read here. */
export function encodingOf(name: string): Encoding | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'br':
    case 'deflate':
      return name;
    default:
      return undefined;
  }
}

/** The plain bytes, in memory that is theirs alone and at most twice as long; `too-large` for more than `maxBytes`. */
export function unpackNow(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
): Buffer | 'too-large' | 'broken' {
  try {
    // All in one piece, so that nothing is put together afterwards. What it does not need of its memory is never touched.
    const chunkSize = Math.max(maxBytes + 1, MIN_CHUNK_BYTES);
    const unpacked = decode(packed, encoding, { maxOutputLength: maxBytes, chunkSize });
    return unpacked.length < unpacked.buffer.byteLength / 2 ? ownCopy(unpacked) : unpacked;
  } catch (error) {
    return isTooLarge(error) ? 'too-large' : 'broken';
  }
}

/** What zlib takes at least. */
const MIN_CHUNK_BYTES = 64;

function ownCopy(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

function decode(packed: Buffer, encoding: Encoding, options: ZlibOptions): Buffer {
  switch (encoding) {
    case 'gzip':
      return gunzipSync(packed, options);
    case 'br':
      return brotliDecompressSync(packed, options);
    case 'deflate':
      return isZlib(packed) ? inflateSync(packed, options) : inflateRawSync(packed, options);
  }
}

/** Both zlib's and the raw format go by the name of deflate; zlib's begins with method 8. */
function isZlib(packed: Buffer): boolean {
  return ((packed[0] ?? 0) & 0x0f) === 8;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** Bytes at the end of a gzip member that say how long it is unpacked, modulo 2^32. */
const GZIP_LENGTH_BYTES = 4;

/** How long the body says that it becomes; undefined where it does not say so. It may be wrong. */
export function announcedBytes(packed: Buffer, encoding: Encoding): number | undefined {
  if (encoding !== 'gzip' || packed.length < GZIP_LENGTH_BYTES) return undefined;
  return packed.readUInt32LE(packed.length - GZIP_LENGTH_BYTES);
}
