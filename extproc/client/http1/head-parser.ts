// The head of an HTTP/1.1 response in one pass over its bytes: checks every line against RFC 9112 and notes what
// decides about the body and the connection. Stricter than most clients on purpose: whatever two readers could
// understand differently is a fault, and so is what Envoy refuses. The two forms of lines that Envoy takes are
// straightened beforehand (`relaxed-head.ts`).
import { MAX_RESPONSE_HEADERS } from '../../../graph/plan/limits.ts';

const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const TAB = 9;
const DOT = 46;
const BAD_STATUS_LINE = 'answered with a bad status line';
const LINE_END = Buffer.from('\r\n');

/** 1 for the bytes of a token (RFC 9110 §5.6.2). */
export const TOKEN_BYTES = tokenBytes();
/** 1 for the bytes of a field value: HTAB, visible characters, spaces, obs-text. */
export const VALUE_BYTES = valueBytes();

const HTTP = Buffer.from('HTTP/');
const CONTENT_LENGTH = Buffer.from('content-length');
const TRANSFER_ENCODING = Buffer.from('transfer-encoding');
const CONNECTION = Buffer.from('connection');
const CONTENT_TYPE = Buffer.from('content-type');
const CONTENT_ENCODING = Buffer.from('content-encoding');

/** What a head says; one object is filled again and again. */
export class HeadFacts {
  status = 0;
  /** 0 for HTTP/1.0 and what is older, else 1: a version that does not exist is read as Envoy reads it, as 1.1. */
  minor = 1;
  /** −1 when there is none. */
  contentLength = -1;
  chunked = false;
  /** `close` or `keep-alive` in `connection`. */
  close = false;
  keepAlive = false;
  /** Offset of the first header line; of the two values read for nearly every response, −1 for none. */
  linesAt = 0;
  typeAt = -1;
  typeEnd = -1;
  encodingAt = -1;
  encodingEnd = -1;
}

/**
 * Reads the head in `bytes[start, end)`, which ends with its empty line. Returns undefined, or what is wrong with it.
 */
export function parseHead(
  bytes: Buffer,
  start: number,
  end: number,
  facts: HeadFacts,
): string | undefined {
  facts.contentLength = -1;
  facts.chunked = false;
  facts.close = false;
  facts.keepAlive = false;
  facts.typeAt = -1;
  facts.encodingAt = -1;
  const lines = parseStatusLine(bytes, start, end, facts);
  if (lines < 0) return BAD_STATUS_LINE;
  facts.linesAt = lines;
  let at = lines;
  let count = 0;
  // The last two bytes are the empty line.
  while (at < end - 2) {
    const nameAt = at;
    while (TOKEN_BYTES[bytes[at] ?? 0] === 1) at++;
    const nameEnd = at;
    if (bytes[at] !== COLON || nameEnd === nameAt) {
      const first = bytes[nameAt];
      return first === SPACE || first === TAB
        ? 'answered with a folded header line'
        : 'answered with a bad header name';
    }
    at++;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const valueAt = at;
    while (VALUE_BYTES[bytes[at] ?? 0] === 1) at++;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'answered with a bad header value';
    let valueEnd = at;
    while (valueEnd > valueAt && isBlank(bytes[valueEnd - 1])) valueEnd--;
    at += 2;
    if (++count > MAX_RESPONSE_HEADERS) return 'answered with too many headers';
    const fault = noteHeader(bytes, nameAt, nameEnd - nameAt, valueAt, valueEnd, facts);
    if (fault !== undefined) return fault;
  }
  if (at !== end - 2) return 'answered with a bad header line';
  if (facts.chunked && facts.contentLength >= 0) {
    return 'answered with both content-length and transfer-encoding';
  }
  if ((facts.status < 200 || facts.status === 204) && (facts.chunked || facts.contentLength > 0)) {
    return `answered ${facts.status} with a body`;
  }
  return undefined;
}

/**
 * What is wrong with the beginning of a head that has not ended in `bytes[start, end)`: not HTTP from its first bytes on, or
 * a first line that is no status line. undefined as long as a head can come of it.
 */
export function findStartFault(bytes: Buffer, start: number, end: number): string | undefined {
  const known = Math.min(HTTP.length, end - start);
  for (let i = 0; i < known; i++) if (bytes[start + i] !== HTTP[i]) return BAD_STATUS_LINE;
  const lf = bytes.indexOf(LF, start);
  if (lf < 0 || lf >= end) return undefined;
  const lineEnd = bytes[lf - 1] === CR ? lf - 1 : lf;
  const line = Buffer.concat([bytes.subarray(start, lineEnd), LINE_END]);
  return parseStatusLine(line, 0, line.length, new HeadFacts()) < 0 ? BAD_STATUS_LINE : undefined;
}

/** Fills in version and status; returns the offset of the first header line, −1 for a line that is none. */
function parseStatusLine(bytes: Buffer, start: number, end: number, facts: HeadFacts): number {
  for (let i = 0; i < HTTP.length; i++) if (bytes[start + i] !== HTTP[i]) return -1;
  const major = digitAt(bytes, start + 5);
  const minor = digitAt(bytes, start + 7);
  if (major < 0 || bytes[start + 6] !== DOT || minor < 0 || bytes[start + 8] !== SPACE) return -1;
  const hundreds = digitAt(bytes, start + 9);
  const tens = digitAt(bytes, start + 10);
  const ones = digitAt(bytes, start + 11);
  if (hundreds < 1 || tens < 0 || ones < 0) return -1;
  facts.minor = major > 1 || (major === 1 && minor > 0) ? 1 : 0;
  facts.status = hundreds * 100 + tens * 10 + ones;
  let at = start + 12;
  if (bytes[at] === SPACE) {
    at++;
    while (at < end && VALUE_BYTES[bytes[at] ?? 0] === 1) at++;
  }
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -1;
}

function noteHeader(
  bytes: Buffer,
  nameAt: number,
  nameLength: number,
  valueAt: number,
  valueEnd: number,
  facts: HeadFacts,
): string | undefined {
  switch (nameLength) {
    case 10:
      if (isName(bytes, nameAt, CONNECTION)) noteConnection(bytes, valueAt, valueEnd, facts);
      return undefined;
    case 12:
      if (facts.typeAt < 0 && isName(bytes, nameAt, CONTENT_TYPE)) {
        facts.typeAt = valueAt;
        facts.typeEnd = valueEnd;
      }
      return undefined;
    case 14:
      return isName(bytes, nameAt, CONTENT_LENGTH)
        ? noteLength(bytes, valueAt, valueEnd, facts)
        : undefined;
    case 16:
      if (facts.encodingAt < 0 && isName(bytes, nameAt, CONTENT_ENCODING)) {
        facts.encodingAt = valueAt;
        facts.encodingEnd = valueEnd;
      }
      return undefined;
    case 17:
      if (!isName(bytes, nameAt, TRANSFER_ENCODING)) return undefined;
      if (
        facts.chunked ||
        bytes.toString('latin1', valueAt, valueEnd).toLowerCase() !== 'chunked'
      ) {
        return 'answered with an unknown transfer-encoding';
      }
      facts.chunked = true;
      return undefined;
    default:
      return undefined;
  }
}

function noteLength(bytes: Buffer, at: number, end: number, facts: HeadFacts): string | undefined {
  // 15 digits are the most that a number holds exactly.
  if (end === at || end - at > 15) return 'answered with a bad content-length';
  let length = 0;
  for (let i = at; i < end; i++) {
    const digit = digitAt(bytes, i);
    if (digit < 0) return 'answered with a bad content-length';
    length = length * 10 + digit;
  }
  if (facts.contentLength >= 0) return 'answered with two content-lengths';
  facts.contentLength = length;
  return undefined;
}

function noteConnection(bytes: Buffer, at: number, end: number, facts: HeadFacts): void {
  for (const word of bytes.toString('latin1', at, end).toLowerCase().split(',')) {
    const token = word.trim();
    if (token === 'close') facts.close = true;
    else if (token === 'keep-alive') facts.keepAlive = true;
  }
}

/** Whether the name at `at` is `name` (lower case), of which the caller compared the length. */
export function isName(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) {
    let byte = bytes[at + i] ?? 0;
    if (byte >= 65 && byte <= 90) byte |= 32;
    if (byte !== name[i]) return false;
  }
  return true;
}

function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 48;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function tokenBytes(): Uint8Array {
  const table = new Uint8Array(256);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (const char of `!#$%&'*+-.^_\`|~0123456789${letters}${letters.toUpperCase()}`) {
    table[char.charCodeAt(0)] = 1;
  }
  return table;
}

function valueBytes(): Uint8Array {
  const table = new Uint8Array(256).fill(1, 32);
  table[TAB] = 1;
  table[127] = 0;
  return table;
}
