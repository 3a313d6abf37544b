// Reads the bytes of a ProcessingRequest (envoy.service.ext_proc.v3): which phase it is and where its parts lie. Nothing
// is copied; the parts are offsets into the bytes that were read. Unknown fields are skipped.

import { VARINT, FIXED64, BYTES, FIXED32 } from '../../../lib/codecs/protobuf/reader.ts';
export const PHASE = {
  NONE: 0,
  REQUEST_HEADERS: 2,
  RESPONSE_HEADERS: 3,
  REQUEST_BODY: 4,
  RESPONSE_BODY: 5,
  REQUEST_TRAILERS: 6,
  RESPONSE_TRAILERS: 7,
} as const;

/** Where the parts of one message lie; filled again by each `decodeRequest`. */
export interface RequestParts {
  /** Field number of the oneof; PHASE.NONE when there is none that we know. */
  phase: number;
  /** Headers and trailers: the HeaderMap. Bodies: the bytes. */
  start: number;
  end: number;
  endOfStream: boolean;
  /** Value of the attribute `xds.route_name`; −1 when absent. */
  routeStart: number;
  routeEnd: number;
}

export function newRequestParts(): RequestParts {
  return { phase: 0, start: 0, end: 0, endOfStream: false, routeStart: -1, routeEnd: -1 };
}

const ROUTE_NAME = Buffer.from('xds.route_name', 'latin1');

/**
 * Reads fields one by one. A field of bytes is `[start, end)`; of a varint `value` holds the low 32 bits. Offsets never
 * leave the message: a length that does makes `next` fail.
 */
export class ExchangeReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  limit = 0;
  field = 0;
  wire = 0;
  value = 0;
  start = 0;
  end = 0;
  broken = false;

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.limit = end;
    this.broken = false;
  }

  /** False at the end and when the bytes are broken (`broken` tells). */
  next(): boolean {
    if (this.at >= this.limit) return false;
    const tag = this.#varint();
    if (this.broken) return false;
    this.field = tag >>> 3;
    this.wire = tag & 7;
    if (this.field === 0) return this.#break();
    switch (this.wire) {
      case VARINT:
        this.value = this.#varint();
        return !this.broken;
      case BYTES: {
        const length = this.#varint();
        if (this.broken || length > this.limit - this.at) return this.#break();
        this.start = this.at;
        this.at += length;
        this.end = this.at;
        return true;
      }
      case FIXED32:
        this.at += 4;
        break;
      case FIXED64:
        this.at += 8;
        break;
      default:
        // Groups have not been written by anybody for a decade.
        return this.#break();
    }
    return this.at <= this.limit ? true : this.#break();
  }

  /** Whether the field under the reader is bytes; any other type of a known field breaks the message. */
  isBytes(): boolean {
    return this.wire === BYTES ? true : this.#break();
  }

  #break(): false {
    this.broken = true;
    return false;
  }

  /** Low 32 bits, unsigned. */
  #varint(): number {
    const bytes = this.bytes;
    let at = this.at;
    const limit = this.limit;
    let shift = 0;
    let value = 0;
    while (at < limit && shift < 70) {
      const next = bytes[at++] as number;
      if (shift < 32) value |= (next & 0x7f) << shift;
      if (next < 0x80) {
        this.at = at;
        return value >>> 0;
      }
      shift += 7;
    }
    this.broken = true;
    return 0;
  }
}

const outer = new ExchangeReader();
const inner = new ExchangeReader();
const leaf = new ExchangeReader();

/** Reads `bytes[start, end)` into `parts`; false when it is not a ProcessingRequest. */
export function decodeRequest(
  bytes: Buffer,
  start: number,
  end: number,
  parts: RequestParts,
): boolean {
  parts.phase = PHASE.NONE;
  parts.start = end;
  parts.end = end;
  parts.endOfStream = false;
  parts.routeStart = -1;
  parts.routeEnd = -1;
  outer.open(bytes, start, end);
  while (outer.next()) {
    switch (outer.field) {
      case PHASE.REQUEST_HEADERS:
      case PHASE.RESPONSE_HEADERS:
      case PHASE.REQUEST_TRAILERS:
      case PHASE.RESPONSE_TRAILERS:
        if (!outer.isBytes() || !decodePart(bytes, outer.start, outer.end, 3, parts)) return false;
        parts.phase = outer.field;
        break;
      case PHASE.REQUEST_BODY:
      case PHASE.RESPONSE_BODY:
        if (!outer.isBytes() || !decodePart(bytes, outer.start, outer.end, 2, parts)) return false;
        parts.phase = outer.field;
        break;
      case 9:
        if (!outer.isBytes() || !decodeAttributes(bytes, outer.start, outer.end, parts))
          return false;
        break;
      default:
        break;
    }
  }
  return !outer.broken;
}

/** HttpHeaders, HttpTrailers (`end_of_stream` is field 3, or never there) and HttpBody (field 2): field 1 is the matter. */
function decodePart(
  bytes: Buffer,
  start: number,
  end: number,
  endField: number,
  parts: RequestParts,
): boolean {
  parts.start = end;
  parts.end = end;
  parts.endOfStream = false;
  inner.open(bytes, start, end);
  while (inner.next()) {
    if (inner.field === 1) {
      if (!inner.isBytes()) return false;
      parts.start = inner.start;
      parts.end = inner.end;
    } else if (inner.field === endField && inner.wire === VARINT) {
      parts.endOfStream = inner.value !== 0;
    }
  }
  return !inner.broken;
}

/** One entry of `map<string, Struct> attributes`: finds `xds.route_name` among the fields of the Struct. */
function decodeAttributes(bytes: Buffer, start: number, end: number, parts: RequestParts): boolean {
  inner.open(bytes, start, end);
  let from = -1;
  let to = -1;
  while (inner.next()) {
    if (inner.field === 2) {
      if (!inner.isBytes()) return false;
      from = inner.start;
      to = inner.end;
    }
  }
  if (inner.broken) return false;
  if (from < 0) return true;
  inner.open(bytes, from, to);
  while (inner.next()) {
    if (inner.field !== 1) continue;
    if (!inner.isBytes() || !decodeAttribute(bytes, inner.start, inner.end, parts)) return false;
  }
  return !inner.broken;
}

/** One entry of `Struct.fields`: key 1, Value 2 with its `string_value` 3. */
function decodeAttribute(bytes: Buffer, start: number, end: number, parts: RequestParts): boolean {
  let named = false;
  let from = -1;
  let to = -1;
  leaf.open(bytes, start, end);
  while (leaf.next()) {
    if (leaf.field === 1) {
      if (!leaf.isBytes()) return false;
      named = equalBytes(bytes, leaf.start, leaf.end, ROUTE_NAME);
    } else if (leaf.field === 2) {
      if (!leaf.isBytes()) return false;
      from = leaf.start;
      to = leaf.end;
    }
  }
  if (leaf.broken) return false;
  if (!named || from < 0) return true;
  leaf.open(bytes, from, to);
  while (leaf.next()) {
    if (leaf.field !== 3) continue;
    if (!leaf.isBytes()) return false;
    parts.routeStart = leaf.start;
    parts.routeEnd = leaf.end;
  }
  return !leaf.broken;
}

export function equalBytes(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) {
    if (bytes[start + at] !== wanted[at]) return false;
  }
  return true;
}
