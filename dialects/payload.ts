// What the byte code of all dialects takes and gives: a message's inside, what is changed in it, and why it cannot be used.
import type { ErrorCode } from '../graph/plan/errors.ts';

export const JSON_TYPE = 'application/json';

/** A message without content encoding. */
export interface Payload {
  /** REST: the body. gRPC: the protobuf message without its frame. */
  readonly body: Buffer;
  /** undefined where the sender named none, and over gRPC. */
  readonly contentType: string | undefined;
  /** Value of the header that says how the body is laid out (V2: bytes of JSON at its head); undefined for none. */
  readonly layout: string | undefined;
}

/** Why a message could not be used; `info` says what is wrong with it, without naming the unit. */
export interface Unusable {
  readonly code: ErrorCode;
  readonly info: string;
  /** Position of the message among those given, where there were several. */
  readonly position: number;
}

/** Names out of messages may be as long as the message; what says why is a header too, over gRPC. */
const MAX_INFO_LENGTH = 512;

/** The words that a client is told, cut where they are very long. */
export function cutInfo(info: string): string {
  return info.length <= MAX_INFO_LENGTH ? info : `${info.slice(0, MAX_INFO_LENGTH)}…`;
}

/** Responses that cannot be averaged; `position`: which of them. */
export function unmergeable(info: string, position: number): Unusable {
  return { code: 'MERGE_UNUSABLE', info: cutInfo(info), position };
}

/** Bytes `start` to `end` (exclusive) become `by`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: Buffer;
}

/** What makes another message of one: edits in order that do not overlap, and what is then said of the body. */
export interface Edits {
  readonly edits: readonly Edit[];
  readonly contentType: string | undefined;
  readonly layout: string | undefined;
}

/** A payload whose body is sent piece by piece. */
export interface Pieces {
  readonly pieces: readonly Buffer[];
  readonly contentType: string | undefined;
  readonly layout: string | undefined;
}

/** The edited bytes as pieces to be sent one after the other; what stays is not copied. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, by } of edits) {
    if (start > at) pieces.push(bytes.subarray(at, start));
    if (by.length > 0) pieces.push(by);
    at = end;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return pieces;
}

/** By how many bytes the message grows. */
export function growthOf(edits: readonly Edit[]): number {
  return edits.reduce((growth, { start, end, by }) => growth + by.length - (end - start), 0);
}
