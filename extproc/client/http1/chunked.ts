// The body of a chunked response (RFC 9112 §7.1), byte by byte where it is framing and slice by slice where it is data.
// Extensions and trailers are checked, bounded and dropped.
import type { ByteAccount } from '../../contract/held-bytes.ts';
import { ByteSink } from '../../contract/byte-sink.ts';
import { MAX_EXTENSION_BYTES, MAX_TRAILER_BYTES } from '../limits.ts';
import { TOKEN_BYTES, VALUE_BYTES } from './head-parser.ts';

const CR = 13;
const LF = 10;
const COLON = 58;
const SEMICOLON = 59;
const SPACE = 32;
const TAB = 9;
/** More hex digits than any body within the limits needs. */
const MAX_SIZE_DIGITS = 8;

type State =
  | 'size'
  | 'size-blank'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-lf'
  | 'last-lf';

export type ChunkedResult = 'more' | 'done' | 'bad' | 'too-large' | 'overloaded';

export class ChunkedBody {
  readonly data: ByteSink;
  /** After `push`: offset behind the last byte that belongs to the body. */
  at = 0;
  readonly #maxBytes: number;
  #state: State = 'size';
  #digits = 0;
  #size = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;

  constructor(maxBytes: number, account: ByteAccount) {
    this.data = new ByteSink(account);
    this.#maxBytes = maxBytes;
  }

  push(bytes: Buffer, from: number, to: number): ChunkedResult {
    let at = from;
    while (at < to) {
      if (this.#state === 'data') {
        const length = Math.min(this.#size, to - at);
        if (!this.data.append(bytes, at, at + length)) return 'overloaded';
        at += length;
        this.#size -= length;
        if (this.#size === 0) this.#state = 'data-cr';
        continue;
      }
      const result = this.#step(bytes[at] ?? 0);
      at++;
      if (result !== 'more') {
        this.at = at;
        return result;
      }
    }
    this.at = at;
    return 'more';
  }

  #step(byte: number): ChunkedResult {
    switch (this.#state) {
      case 'size':
        return this.#stepSize(byte);
      case 'size-blank':
        return this.#afterSize(byte);
      case 'extension':
        if (++this.#extensionBytes > MAX_EXTENSION_BYTES) return 'bad';
        if (byte === CR) return this.#to('size-lf');
        return VALUE_BYTES[byte] === 1 ? 'more' : 'bad';
      case 'size-lf':
        if (byte !== LF) return 'bad';
        if (this.#size === 0) return this.#to('trailer');
        return this.data.length + this.#size > this.#maxBytes ? 'too-large' : this.#to('data');
      case 'data-cr':
        return byte === CR ? this.#to('data-lf') : 'bad';
      case 'data-lf':
        this.#digits = 0;
        return byte === LF ? this.#to('size') : 'bad';
      case 'last-lf':
        return byte === LF ? 'done' : 'bad';
      default:
        return ++this.#trailerBytes > MAX_TRAILER_BYTES ? 'bad' : this.#stepTrailer(byte);
    }
  }

  #stepSize(byte: number): ChunkedResult {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > MAX_SIZE_DIGITS) return 'bad';
      this.#size = this.#size * 16 + digit;
      return 'more';
    }
    return this.#digits === 0 ? 'bad' : this.#afterSize(byte);
  }

  #afterSize(byte: number): ChunkedResult {
    if (byte === CR) return this.#to('size-lf');
    if (byte === SEMICOLON) return this.#to('extension');
    if (byte !== SPACE && byte !== TAB) return 'bad';
    return ++this.#extensionBytes > MAX_EXTENSION_BYTES ? 'bad' : this.#to('size-blank');
  }

  #stepTrailer(byte: number): ChunkedResult {
    switch (this.#state) {
      case 'trailer':
        if (byte === CR) return this.#to('last-lf');
        return TOKEN_BYTES[byte] === 1 ? this.#to('trailer-name') : 'bad';
      case 'trailer-name':
        if (byte === COLON) return this.#to('trailer-value');
        return TOKEN_BYTES[byte] === 1 ? 'more' : 'bad';
      case 'trailer-value':
        if (byte === CR) return this.#to('trailer-lf');
        return VALUE_BYTES[byte] === 1 ? 'more' : 'bad';
      default:
        return byte === LF ? this.#to('trailer') : 'bad';
    }
  }

  #to(state: State): 'more' {
    this.#state = state;
    return 'more';
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
