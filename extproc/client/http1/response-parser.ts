// One HTTP/1.1 response to a POST, out of bytes that come in any pieces. The bytes are read into a buffer that all
// connections share, so a response that came whole is copied out once, head and body together; the rest of a longer
// body of known length is read by the socket straight into its place (`target`).
import { type BodyMemory, COLLECTED } from '../../contract/bodies.ts';
import { ByteSink } from '../../contract/byte-sink.ts';
import { MAX_RESPONSE_HEAD_BYTES, MAX_INTERIM_RESPONSES, MAX_TURN_BYTES } from '../limits.ts';
import { ChunkedBody } from './chunked.ts';
import { HeadFacts, findStartFault, parseHead } from './head-parser.ts';
import { Http1Head } from './head.ts';
import { findHeadEnd, straightenHead } from './relaxed-head.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);
const LONG_HEAD = 'answered with too long a head';

export type ParseResult = 'more' | 'done' | 'bad' | 'too-large' | 'overloaded';

type Phase = 'head' | 'length' | 'chunked' | 'until-close' | 'done';

export class ResponseParser {
  head: Http1Head | undefined;
  body: Buffer = EMPTY;
  /** After 'done': whether the connection may carry another request. */
  reusable = false;
  /** After 'bad': what was wrong, for the failure's text. */
  fault = '';
  /** Whether any byte of the response has arrived. */
  started = false;

  readonly #facts = new HeadFacts();
  #phase: Phase = 'head';
  #maxBytes = 0;
  #memory: BodyMemory = COLLECTED;
  #interim = 0;
  #pending: ByteSink | undefined;
  #searched = 0;
  /** Memory of a body of known length, and one byte more, which shows what comes behind it. */
  #room: Buffer = EMPTY;
  #filled = 0;
  #chunked: ChunkedBody | undefined;
  #sink: ByteSink | undefined;

  /** Makes ready for the next response. */
  begin(maxBytes: number, memory: BodyMemory): void {
    this.head = undefined;
    this.body = EMPTY;
    this.reusable = false;
    this.started = false;
    this.#phase = 'head';
    this.#maxBytes = maxBytes;
    this.#memory = memory;
    this.#interim = 0;
    this.#pending = undefined;
    this.#searched = 0;
    this.#chunked = undefined;
    this.#sink = undefined;
  }

  /** Where the next bytes should be read to, undefined for the shared buffer. Report them with `advance`. */
  target(): Buffer | undefined {
    if (this.#phase !== 'length') return undefined;
    return this.#room.subarray(
      this.#filled,
      Math.min(this.#filled + MAX_TURN_BYTES, this.#room.length),
    );
  }

  /** `count` bytes were read into `target`. */
  advance(count: number): ParseResult {
    this.#filled += count;
    if (this.#filled < this.body.length) return 'more';
    return this.#finish(this.#filled > this.body.length);
  }

  push(bytes: Buffer, from: number, to: number): ParseResult {
    this.started = true;
    return this.#phase === 'head'
      ? this.#pushHead(bytes, from, to)
      : this.#pushBody(bytes, from, to);
  }

  /** The response after 'done'; a connection at rest keeps nothing of it. */
  take(): { readonly head: Http1Head | undefined; readonly body: Buffer } {
    const { head, body } = this;
    this.head = undefined;
    this.body = EMPTY;
    return { head, body };
  }

  /** The peer closed its side. */
  end(): ParseResult {
    if (this.#phase === 'until-close' && this.#sink !== undefined) {
      this.body = this.#sink.take();
      return this.#finish(false);
    }
    return this.#bad(
      this.started
        ? 'connection closed before the response was whole'
        : 'connection closed without a response',
    );
  }

  #pushHead(bytes: Buffer, from: number, to: number): ParseResult {
    let source = bytes;
    let start = from;
    let end = to;
    if (this.#pending !== undefined) {
      if (!this.#pending.append(bytes, from, to)) return 'overloaded';
      source = this.#pending.view();
      start = 0;
      end = source.length;
    }
    for (;;) {
      const found = source.indexOf(HEAD_END, start + this.#searched);
      // The shared buffer may hold older bytes behind `end`.
      let headEnd = found < 0 || found + 4 > end ? -1 : found + 4;
      let fault = headEnd < 0 ? undefined : this.#readHead(source, start, headEnd);
      if (headEnd < 0 || fault !== undefined) {
        const relaxedEnd = findHeadEnd(
          source,
          fault === undefined ? start + this.#searched : start,
          end,
        );
        if (relaxedEnd < 0) return this.#keepHead(source, start, end);
        const straight = straightenHead(source, start, relaxedEnd);
        fault = this.#readHead(straight, 0, straight.length);
        if (fault !== undefined) return this.#bad(fault);
        source = Buffer.concat([straight, source.subarray(relaxedEnd, end)]);
        start = 0;
        headEnd = straight.length;
        end = source.length;
      }
      this.#searched = 0;
      if (this.#facts.status >= 200) {
        const pending = this.#pending;
        this.#pending = undefined;
        const result = this.#beginBody(source, start, headEnd, end);
        pending?.drop();
        return result;
      }
      if (this.#facts.status === 101) return this.#bad('switched to another protocol unasked');
      if (this.#facts.minor === 0) return this.#bad('answered 1xx in HTTP/1.0');
      if (++this.#interim > MAX_INTERIM_RESPONSES) return this.#bad('answered with too many 1xx');
      start = headEnd;
    }
  }

  #readHead(bytes: Buffer, start: number, end: number): string | undefined {
    if (end - start > MAX_RESPONSE_HEAD_BYTES) return LONG_HEAD;
    return parseHead(bytes, start, end, this.#facts);
  }

  #keepHead(source: Buffer, start: number, end: number): ParseResult {
    if (end - start > MAX_RESPONSE_HEAD_BYTES) return this.#bad(LONG_HEAD);
    // Whoever speaks another protocol and waits for us to go on will never end this head.
    const fault = findStartFault(source, start, end);
    if (fault !== undefined) return this.#bad(fault);
    if (this.#pending === undefined || start > 0) {
      const kept = new ByteSink(this.#memory);
      if (!kept.append(source, start, end)) return 'overloaded';
      this.#pending?.drop();
      this.#pending = kept;
    }
    // The end of the head may begin in the last three bytes.
    this.#searched = Math.max(0, end - start - 3);
    return 'more';
  }

  #beginBody(bytes: Buffer, start: number, headEnd: number, end: number): ParseResult {
    const facts = this.#facts;
    const headLength = headEnd - start;
    const noBody = facts.status === 204 || facts.status === 304;
    const length = noBody ? 0 : facts.contentLength;
    if (length > this.#maxBytes) return 'too-large';
    const available = end - headEnd;
    const whole = length >= 0 && available >= length && (noBody || !facts.chunked);
    const heldBytes = headLength + Math.max(length, 0);
    if (!this.#memory.hold(heldBytes)) return 'overloaded';
    const copied = Buffer.allocUnsafe(whole ? headLength + length : headLength);
    bytes.copy(copied, 0, start, start + copied.length);
    this.head = new Http1Head(copied, facts, start, headLength - 2);
    if (whole) {
      if (length > 0) this.body = copied.subarray(headLength);
      return this.#finish(available > length);
    }
    if (facts.chunked) {
      this.#phase = 'chunked';
      this.#chunked = new ChunkedBody(this.#maxBytes, this.#memory);
    } else if (length > 0) {
      this.#phase = 'length';
      this.#room = this.#memory.lend(length + 1);
      this.body = this.#room.subarray(0, length);
      this.#filled = bytes.copy(this.body, 0, headEnd, end);
      return 'more';
    } else {
      this.#phase = 'until-close';
      this.#sink = new ByteSink(this.#memory);
    }
    return this.#pushBody(bytes, headEnd, end);
  }

  #pushBody(bytes: Buffer, from: number, to: number): ParseResult {
    if (this.#chunked !== undefined) {
      const result = this.#chunked.push(bytes, from, to);
      if (result === 'bad') return this.#bad('answered with bad chunks');
      if (result !== 'done') return result;
      this.body = this.#chunked.data.take();
      return this.#finish(this.#chunked.at < to);
    }
    if (this.#sink !== undefined) {
      if (this.#sink.length + to - from > this.#maxBytes) return 'too-large';
      return this.#sink.append(bytes, from, to) ? 'more' : 'overloaded';
    }
    // Bytes of a body of known length that the socket had read before it was given `target`.
    const room = this.body.length - this.#filled;
    const taken = Math.min(room, to - from);
    bytes.copy(this.body, this.#filled, from, from + taken);
    this.#filled += taken;
    return taken === room ? this.#finish(to - from > room) : 'more';
  }

  /** `excess`: bytes came that belong to no response, so the connection is not to be trusted further. */
  #finish(excess: boolean): ParseResult {
    const facts = this.#facts;
    const untilClose = this.#phase === 'until-close';
    const stays =
      facts.minor === 1 ? !facts.close : facts.keepAlive && !facts.close && !facts.chunked;
    this.reusable = stays && !excess && !untilClose;
    this.#phase = 'done';
    this.#memory = COLLECTED;
    this.#room = EMPTY;
    this.#chunked = undefined;
    this.#sink = undefined;
    return 'done';
  }

  #bad(fault: string): ParseResult {
    this.fault = fault;
    return 'bad';
  }
}
