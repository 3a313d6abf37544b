// The client's request headers as the bytes of Envoy's HeaderMap. What is only copied to the units is copied as bytes,
// name by name, once; a string is made only of a value that somebody asks for.
import type { RequestHeaders } from '../contract/exchange.ts';
import { LAYOUT_HEADERS } from '../../dialects/known/dialects.ts';
import { TRACE_HEADERS } from '../../graph/plan/names.ts';
import { KEPT_FROM_UNITS, KEPT_PREFIXES } from '../contract/passed-headers.ts';
import { ExchangeReader } from './codec/decode.ts';

/** What of a header passes to units: `KEEP` to all, the others not to some. */
const KEEP = 0;
const SKIP = 1;
const SKIP_IN_GRPC = 2;
const SKIP_WHEN_READ = 3;
/** What says a trace, where each call says its own. */
const SKIP_WHEN_TRACED = 4;

/** By length of the name; a name is looked at only when one of the same length and first letter is listed. */
const LISTED: readonly (readonly { readonly name: Buffer; readonly rule: number }[])[] = buildList([
  ...KEPT_FROM_UNITS.map((name) => [name, SKIP] as const),
  ...LAYOUT_HEADERS.map((name) => [name, SKIP] as const),
  ['user-agent', SKIP_IN_GRPC],
  ['accept-encoding', SKIP_WHEN_READ],
  ...TRACE_HEADERS.map((name) => [name, SKIP_WHEN_TRACED] as const),
]);
const PREFIXES = KEPT_PREFIXES.map((prefix) => Buffer.from(prefix, 'latin1'));
const GRPC_PREFIX = Buffer.from('grpc-', 'latin1');

/** Reader of the entries of the HeaderMap, and of one entry. One request is read at a time. */
const entries = new ExchangeReader();
const entry = new ExchangeReader();
/** Of each header: where its key and its value begin and end. */
const SPOTS = 4;
/**
 * The offsets of the headers that were read last, `spotsEnd` of them. One list for all requests: it is asked a few times
 * when the headers come and once when they are written for a unit, and a list of its own for each request was a fifth of all that
 * the filter allocated.
 */
let spots = new Uint32Array(SPOTS * 64);
let spotsEnd = 0;

export class RawRequestHeaders implements RequestHeaders {
  /** Whose headers `spots` are. */
  static #spotsOf: RawRequestHeaders | undefined;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  #traced = false;
  #http1: Buffer | undefined;
  #http1Readable: Buffer | undefined;
  #hpack: Buffer | undefined;

  /** `bytes[start, end)` is a HeaderMap; the slice is kept. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  find(name: string): string | undefined {
    const bytes = this.#bytes;
    const spot = this.#spotOf(name);
    if (spot < 0) return undefined;
    const valueStart = spots[spot + 2] as number;
    const valueEnd = spots[spot + 3] as number;
    return isValue(bytes, valueStart, valueEnd)
      ? bytes.toString('latin1', valueStart, valueEnd)
      : undefined;
  }

  copy(name: string, into: Uint8Array): number {
    const spot = this.#spotOf(name);
    if (spot < 0) return -1;
    const valueStart = spots[spot + 2] as number;
    const valueEnd = spots[spot + 3] as number;
    if (valueEnd - valueStart > into.length) return -1;
    return copyValue(this.#bytes, valueStart, valueEnd, into, 0);
  }

  http1Block(readable: boolean): Buffer {
    if (readable) {
      this.#http1Readable ??= this.#writeHttp1(true);
      return this.#http1Readable;
    }
    this.#http1 ??= this.#writeHttp1(false);
    return this.#http1;
  }

  hpackBlock(): Buffer {
    this.#hpack ??= this.#writeHpack();
    return this.#hpack;
  }

  replaceTrace(): void {
    this.#traced = true;
  }

  /** Sees to it that `spots` are those of these headers. */
  #read(): void {
    if (RawRequestHeaders.#spotsOf === this) return;
    RawRequestHeaders.#spotsOf = undefined;
    readSpots(this.#bytes, this.#start, this.#end);
    RawRequestHeaders.#spotsOf = this;
  }

  /** Where in `spots` the first header of that name is, −1 for none. */
  #spotOf(name: string): number {
    this.#read();
    const bytes = this.#bytes;
    const list = spots;
    const end = spotsEnd;
    for (let spot = 0; spot < end; spot += SPOTS) {
      const keyStart = list[spot] as number;
      if ((list[spot + 1] as number) - keyStart !== name.length) continue;
      if (equalsName(bytes, keyStart, name)) return spot;
    }
    return -1;
  }

  #writeHttp1(readable: boolean): Buffer {
    const bytes = this.#bytes;
    // An entry takes at least six bytes beside name and value, a line four.
    const out = Buffer.allocUnsafe(this.#end - this.#start);
    let at = 0;
    this.#read();
    for (let spot = 0; spot < spotsEnd; spot += SPOTS) {
      const keyStart = spots[spot] as number;
      const keyEnd = spots[spot + 1] as number;
      const rule = ruleOf(bytes, keyStart, keyEnd);
      if (
        rule === SKIP ||
        (readable && rule === SKIP_WHEN_READ) ||
        (this.#traced && rule === SKIP_WHEN_TRACED)
      )
        continue;
      const afterName = copyName(bytes, keyStart, keyEnd, out, at);
      if (afterName < 0) continue;
      out[afterName] = 0x3a;
      out[afterName + 1] = 0x20;
      const afterValue = copyValue(
        bytes,
        spots[spot + 2] as number,
        spots[spot + 3] as number,
        out,
        afterName + 2,
      );
      if (afterValue < 0) continue;
      out[afterValue] = 0x0d;
      out[afterValue + 1] = 0x0a;
      at = afterValue + 2;
    }
    return out.subarray(0, at);
  }

  #writeHpack(): Buffer {
    const bytes = this.#bytes;
    // A literal takes a byte and two lengths of at most one byte more than the lengths in an entry.
    const out = Buffer.allocUnsafe(this.#end - this.#start);
    let at = 0;
    this.#read();
    for (let spot = 0; spot < spotsEnd; spot += SPOTS) {
      const keyStart = spots[spot] as number;
      const keyEnd = spots[spot + 1] as number;
      const rule = ruleOf(bytes, keyStart, keyEnd);
      if (
        rule === SKIP ||
        rule === SKIP_IN_GRPC ||
        (this.#traced && rule === SKIP_WHEN_TRACED) ||
        startsWith(bytes, keyStart, keyEnd, GRPC_PREFIX)
      ) {
        continue;
      }
      out[at] = 0;
      const nameAt = writeHpackLength(out, at + 1, keyEnd - keyStart);
      const afterName = copyName(bytes, keyStart, keyEnd, out, nameAt);
      if (afterName < 0) continue;
      const valueStart = spots[spot + 2] as number;
      const valueEnd = spots[spot + 3] as number;
      const valueAt = writeHpackLength(out, afterName, valueEnd - valueStart);
      const afterValue = copyValue(bytes, valueStart, valueEnd, out, valueAt);
      if (afterValue >= 0) at = afterValue;
    }
    return out.subarray(0, at);
  }
}

/** Puts into `spots` where the headers of a HeaderMap are, up to the first that is broken. */
function readSpots(bytes: Buffer, start: number, end: number): void {
  spotsEnd = 0;
  entries.open(bytes, start, end);
  while (entries.next()) {
    if (entries.field !== 1 || entries.wire !== 2) continue;
    let keyStart = 0;
    let keyEnd = 0;
    let valueStart = 0;
    let valueEnd = 0;
    let raw = false;
    entry.open(bytes, entries.start, entries.end);
    while (entry.next()) {
      if (entry.wire !== 2) continue;
      if (entry.field === 1) {
        keyStart = entry.start;
        keyEnd = entry.end;
      } else if (entry.field === 3 || (entry.field === 2 && !raw)) {
        // Envoy writes `raw_value` (3); `value` (2) is its older form.
        raw = entry.field === 3;
        valueStart = entry.start;
        valueEnd = entry.end;
      }
    }
    if (entry.broken) break;
    if (keyEnd <= keyStart) continue;
    if (spotsEnd === spots.length) {
      const more = new Uint32Array(2 * spots.length);
      more.set(spots);
      spots = more;
    }
    spots[spotsEnd] = keyStart;
    spots[spotsEnd + 1] = keyEnd;
    spots[spotsEnd + 2] = valueStart;
    spots[spotsEnd + 3] = valueEnd;
    spotsEnd += SPOTS;
  }
}

function ruleOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] as number;
  if (first === 0x3a) return SKIP;
  const listed = LISTED[end - start];
  if (listed !== undefined) {
    for (const { name, rule } of listed) {
      if (name[0] === first && startsWith(bytes, start, end, name)) return rule;
    }
  }
  // Both prefixes begin with an x.
  if (first === 0x78) {
    for (const prefix of PREFIXES) if (startsWith(bytes, start, end, prefix)) return SKIP;
  }
  return KEEP;
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) {
    if (bytes[start + at] !== prefix[at]) return false;
  }
  return true;
}

function equalsName(bytes: Buffer, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    if (bytes[start + at] !== name.charCodeAt(at)) return false;
  }
  return true;
}

/**
 * Copies a field name: visible ASCII but the colon and capitals, which have no place in HTTP/2. Returns the offset after
 * it, −1 when it is none. Byte by byte, since that is where most of it is shorter than a call into the runtime.
 */
function copyName(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  for (let from = start; from < end; from++) {
    const byte = bytes[from] as number;
    if (byte <= 0x20 || byte >= 0x7f || byte === 0x3a || (byte >= 0x41 && byte <= 0x5a)) return -1;
    out[at++] = byte;
  }
  return at;
}

/** Copies a field value as `isValue` allows it; returns the offset after it, or −1. */
function copyValue(bytes: Buffer, start: number, end: number, out: Uint8Array, at: number): number {
  for (let from = start; from < end; from++) {
    const byte = bytes[from] as number;
    if (byte <= 0x0d && (byte === 0x0d || byte === 0x0a || byte === 0)) return -1;
    out[at++] = byte;
  }
  return at;
}

/** Whether bytes can stand as a field value without ending the line or the header: no CR, LF, NUL. */
function isValue(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte <= 0x0d && (byte === 0x0d || byte === 0x0a || byte === 0)) return false;
  }
  return true;
}

/** An HPACK integer with a prefix of seven bits (RFC 7541 §5.1), no Huffman. */
function writeHpackLength(out: Buffer, at: number, length: number): number {
  if (length < 127) {
    out[at++] = length;
    return at;
  }
  out[at++] = 127;
  let rest = length - 127;
  while (rest >= 128) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

function buildList(rules: readonly (readonly [string, number])[]) {
  const byLength: { name: Buffer; rule: number }[][] = [];
  for (const [name, rule] of rules) {
    const list = (byLength[name.length] ??= []);
    list.push({ name: Buffer.from(name, 'latin1'), rule });
  }
  return byLength;
}
