// Builds ProcessingResponses (envoy.service.ext_proc.v3). Each build function leaves one message in `writer`, from its
// last field to its first; a message that carries a body ends with it, so that the body can follow by reference.
import { METADATA_NAMESPACE, METADATA_ROUTING } from '../../../graph/plan/names.ts';
import { BackwardWriter } from './writer.ts';

/** Field numbers of the oneof in ProcessingResponse. */
export const REPLY = {
  REQUEST_HEADERS: 1,
  RESPONSE_HEADERS: 2,
  REQUEST_BODY: 3,
  RESPONSE_BODY: 4,
  REQUEST_TRAILERS: 5,
  RESPONSE_TRAILERS: 6,
  IMMEDIATE: 7,
  DYNAMIC_METADATA: 8,
  STREAMED_IMMEDIATE: 11,
} as const;

/** The reply to `phase` that changes nothing. */
export function emptyReply(field: number): Buffer {
  return Buffer.from([(field << 3) | 2, 0]);
}

const OVERWRITE_IF_EXISTS_OR_ADD = 2;
const CONTINUE_AND_REPLACE = 1;

/** The header mutation of one reply; reused, so that a reply allocates nothing. */
export class HeaderList {
  /** Name, value, name, value …; values of one byte a character, or UTF-8. */
  readonly set: string[] = [];
  readonly remove: string[] = [];

  clear(): void {
    this.set.length = 0;
    this.remove.length = 0;
  }

  /** Leaves out what could end the line or the header: a name or value with CR, LF or NUL. */
  add(name: string, value: string): void {
    if (isSafe(name) && isSafe(value)) this.set.push(name, value);
  }

  /** Makes one header of those of one name: where Envoy takes a plain list, the last one alone would count. */
  join(): void {
    const { set } = this;
    for (let index = set.length - 2; index > 0; index -= 2) {
      let first = 0;
      while (set[first] !== set[index]) first += 2;
      if (first === index) continue;
      set[first + 1] = `${set[first + 1]},${set[index + 1]}`;
      set.splice(index, 2);
    }
  }
}

/**
 * The reply to the headers, which has the routes matched again. `whole`: a body that replaces the client's and ends the
 * request; `bytes` of it follow, after the frame of a gRPC message of length `frame` (−1 for none).
 */
export function buildHeadersReply(
  writer: BackwardWriter,
  headers: HeaderList,
  whole: { readonly frame: number; readonly bytes: number } | undefined,
  routing: string,
): void {
  writer.reset(whole === undefined ? 0 : whole.bytes);
  if (whole !== undefined) {
    if (whole.frame >= 0) writer.grpcFrame(whole.frame);
    writer.close(1, 0);
    writer.close(3, 0);
  }
  writer.number(5, 1);
  writeHeaderMutation(writer, 2, headers);
  if (whole !== undefined) writer.number(1, CONTINUE_AND_REPLACE);
  writer.close(1, 0);
  writer.close(REPLY.REQUEST_HEADERS, 0);
  writeRouting(writer, routing);
}

/**
 * One chunk of a request body that the filter streams: `tailBytes` of it follow. `frame`: length of the gRPC message that
 * begins with this chunk, whose five-byte frame is put before it; −1 in its midst.
 */
export function buildStreamedBody(
  writer: BackwardWriter,
  frame: number,
  tailBytes: number,
  last: boolean,
): void {
  writer.reset(tailBytes);
  if (frame >= 0) writer.grpcFrame(frame);
  writer.close(1, 0);
  if (last) writer.number(2, 1);
  writer.close(3, 0);
  writer.close(3, 0);
  writer.close(1, 0);
  writer.close(REPLY.REQUEST_BODY, 0);
}

/** A response of the filter's own; `grpcStatus` −1 for REST. `tailBytes` of body follow. */
export function buildImmediate(
  writer: BackwardWriter,
  status: number,
  headers: HeaderList,
  grpcStatus: number,
  details: string,
  tailBytes: number,
  routing: string,
): void {
  writer.reset(tailBytes);
  if (tailBytes > 0) writer.close(3, 0);
  writer.text(5, details);
  if (grpcStatus >= 0) {
    const mark = writer.mark();
    if (grpcStatus > 0) writer.number(1, grpcStatus);
    writer.close(4, mark);
  }
  if (headers.set.length > 0) writeHeaderMutation(writer, 2, headers);
  const mark = writer.mark();
  writer.number(1, status);
  writer.close(1, mark);
  writer.close(REPLY.IMMEDIATE, 0);
  writeRouting(writer, routing);
}

/** The headers of a response that is streamed; the list holds `:status` too. */
export function buildStreamedHeaders(
  writer: BackwardWriter,
  headers: HeaderList,
  routing: string,
  last: boolean,
): void {
  writer.reset(0);
  if (last) writer.number(3, 1);
  writeHeaderMap(writer, 1, headers.set);
  writer.close(1, 0);
  writer.close(REPLY.STREAMED_IMMEDIATE, 0);
  writeRouting(writer, routing);
}

/** A chunk of the body of a response that is streamed: `frame` and `tailBytes` as in `buildStreamedBody`. */
export function buildStreamedChunk(
  writer: BackwardWriter,
  frame: number,
  tailBytes: number,
  last: boolean,
): void {
  writer.reset(tailBytes);
  if (frame >= 0) writer.grpcFrame(frame);
  writer.close(1, 0);
  if (last) writer.number(2, 1);
  writer.close(2, 0);
  writer.close(REPLY.STREAMED_IMMEDIATE, 0);
}

/** The trailers that end a response that is streamed. */
export function buildStreamedTrailers(writer: BackwardWriter, trailers: readonly string[]): void {
  writer.reset(0);
  writeHeaderMap(writer, 3, trailers);
  writer.close(REPLY.STREAMED_IMMEDIATE, 0);
}

/** HeaderMutation: set_headers 1, remove_headers 2. Later headers of one name are appended to the first. */
function writeHeaderMutation(writer: BackwardWriter, field: number, headers: HeaderList): void {
  const outer = writer.mark();
  for (let index = headers.remove.length - 1; index >= 0; index--) {
    writer.text(2, headers.remove[index] as string);
  }
  const { set } = headers;
  for (let index = set.length - 2; index >= 0; index -= 2) {
    const name = set[index] as string;
    const mark = writer.mark();
    if (isRepeated(set, index, name)) {
      const flag = writer.mark();
      writer.number(1, 1);
      writer.close(2, flag);
    } else {
      // What Envoy does anyway, said for a day on which it would do something else without.
      writer.number(3, OVERWRITE_IF_EXISTS_OR_ADD);
    }
    writeHeaderValue(writer, 1, name, set[index + 1] as string);
    writer.close(1, mark);
  }
  writer.close(field, outer);
}

function writeHeaderMap(writer: BackwardWriter, field: number, list: readonly string[]): void {
  const outer = writer.mark();
  for (let index = list.length - 2; index >= 0; index -= 2) {
    writeHeaderValue(writer, 1, list[index] as string, list[index + 1] as string);
  }
  writer.close(field, outer);
}

/** HeaderValue: key 1, raw_value 3 (Envoy reads `value` as empty). */
function writeHeaderValue(
  writer: BackwardWriter,
  field: number,
  name: string,
  value: string,
): void {
  const mark = writer.mark();
  writer.text(3, value);
  writer.text(1, name);
  writer.close(field, mark);
}

/** `dynamic_metadata`: {<namespace>: {<routing>: value}} as google.protobuf.Struct; nothing for ''. */
function writeRouting(writer: BackwardWriter, routing: string): void {
  if (routing === '') return;
  const whole = writer.mark();
  writer.buffer(3, Buffer.from(routing, 'utf8'));
  writer.close(2, whole);
  writer.text(1, METADATA_ROUTING);
  writer.close(1, whole);
  writer.close(5, whole);
  writer.close(2, whole);
  writer.text(1, METADATA_NAMESPACE);
  writer.close(1, whole);
  writer.close(REPLY.DYNAMIC_METADATA, whole);
}

export function isRepeated(set: readonly string[], index: number, name: string): boolean {
  for (let before = 0; before < index; before += 2) {
    if (set[before] === name) return true;
  }
  return false;
}

function isSafe(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code <= 0x0d && (code === 0 || code === 0x0a || code === 0x0d)) return false;
  }
  return true;
}
