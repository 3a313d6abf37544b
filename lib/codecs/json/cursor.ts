// Walks into JSON objects and arrays as bytes, member by member. In: bytes; out: one key or element after the other, as
// positions. A value that nobody enters is passed (and checked) on the way to the next one, so that each byte is looked at
// once however deep the walk goes. Never throws: input that is no JSON ends the walk with `broken` set.
import { keyIs, type Span } from './find.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  NOT_JSON,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipKey,
  skipSpace,
  skipString,
  skipValue,
} from './scan.ts';

export class JsonCursor {
  readonly bytes: Buffer;
  /** Where the value begins that the cursor is before. */
  at: number;
  readonly end: number;
  /** The key that was read last, with its quotes. */
  keyStart = 0;
  keyEnd = 0;
  broken = false;
  /** A value is at `at` that was neither entered nor passed. */
  #pending = true;
  /** An object or array was entered, and nothing of it was read. */
  #fresh = false;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = skipSpace(bytes, start, end);
    this.end = end;
  }

  get isObject(): boolean {
    return this.at < this.end && this.bytes[this.at] === OPEN_OBJECT;
  }

  get isArray(): boolean {
    return this.at < this.end && this.bytes[this.at] === OPEN_ARRAY;
  }

  get isString(): boolean {
    return this.at < this.end && this.bytes[this.at] === QUOTE;
  }

  /** Goes into the object or array that begins here; to be asked first whether one does. */
  enter(): void {
    this.at++;
    this.#pending = false;
    this.#fresh = true;
  }

  /** Moves to the value of the next member; behind the object and false when there is none. */
  nextMember(): boolean {
    if (!this.#toNext(CLOSE_OBJECT)) return false;
    this.keyStart = this.at;
    const value = skipKey(this.bytes, this.at, this.end);
    if (value === NOT_JSON) return this.#fail();
    this.keyEnd = skipString(this.bytes, this.at, this.end);
    this.at = value;
    this.#pending = true;
    return true;
  }

  /** Moves to the next element; behind the array and false when there is none. */
  nextElement(): boolean {
    if (!this.#toNext(CLOSE_ARRAY)) return false;
    this.#pending = true;
    return true;
  }

  keyIs(key: Buffer): boolean {
    return keyIs(this.bytes, this.keyStart, this.keyEnd, key);
  }

  /** The key as a text. */
  key(): string {
    return JSON.parse(this.bytes.toString('utf8', this.keyStart, this.keyEnd)) as string;
  }

  /** Passes the value; undefined where there is none. */
  value(): Span | undefined {
    const start = this.at;
    return this.#skip() ? { start, end: this.at } : undefined;
  }

  /** Whether nothing but space follows. */
  isOver(): boolean {
    if (this.#pending && !this.#skip()) return false;
    return !this.broken && skipSpace(this.bytes, this.at, this.end) === this.end;
  }

  #skip(): boolean {
    const after = skipValue(this.bytes, this.at, this.end);
    if (after === NOT_JSON) return this.#fail();
    this.at = after;
    this.#pending = false;
    return true;
  }

  /** Before the next member or element; behind the closing bracket and false when there is none. */
  #toNext(close: number): boolean {
    if (this.broken || (this.#pending && !this.#skip())) return false;
    const { bytes, end } = this;
    const isFirst = this.#fresh;
    this.#fresh = false;
    this.at = skipSpace(bytes, this.at, end);
    if (this.at >= end) return this.#fail();
    if (bytes[this.at] === close) {
      this.at++;
      return false;
    }
    if (isFirst) return true;
    if (bytes[this.at] !== COMMA) return this.#fail();
    this.at = skipSpace(bytes, this.at + 1, end);
    return true;
  }

  #fail(): false {
    this.broken = true;
    return false;
  }
}
