// What a message says, in no protocol: tensors whose elements are JSON texts, and what goes along with them. Each protocol reads its
// messages into this and writes them from it, so that any two of them understand each other.
import { cutInfo, type Payload, type Unusable, JSON_TYPE } from '../payload.ts';
import type { FlatJson } from './flat-json.ts';
import { sizeOf } from '../shape.ts';

export interface SaidTensor {
  /** '' where the protocol names none. */
  readonly name: string;
  /** A datatype of V2. */
  readonly datatype: string;
  readonly shape: readonly number[];
  /** The elements with commas between them. */
  readonly text: Buffer;
  /** NaN or an infinity is among them. */
  readonly hasNonFinite: boolean;
  /** JSON of a list: names of the columns. */
  readonly columns: string | undefined;
  /** `str`: one text that is no array. `base64`: the elements are bytes, written so. */
  readonly content: 'str' | 'base64' | undefined;
}

export interface Said {
  readonly tensors: readonly SaidTensor[];
  /** JSON of a text. */
  readonly id: string | undefined;
  /** JSON of an object. */
  readonly parameters: string | undefined;
}

/** One protocol's side. All return a text that says why where the protocol cannot say it. */
export interface Speaker {
  /** A client's request, or a response. */
  read(message: Payload, isResponse: boolean): Said | string;
  /** What a unit named `model` is called with. */
  writeRequest(said: Said, model: string): Payload | string;
  /** The response to `asked`, a message of the same protocol, of the unit named `model`. */
  writeResponse(said: Said, asked: Payload, model: string): Payload | string;
}

export function untranslatable(info: string): Unusable {
  return { code: 'MESSAGE_NOT_TRANSLATABLE', info: cutInfo(info), position: 0 };
}

/** The datatype of elements that no protocol has named: TensorFlow and Seldon name none. */
export function datatypeOf({ kind }: Pick<FlatJson, 'kind'>): string {
  switch (kind) {
    case 'integer':
      return 'INT64';
    case 'boolean':
      return 'BOOL';
    case 'text':
    case 'bytes':
      return 'BYTES';
    case 'real':
    case 'none':
      return 'FP64';
  }
}

export function grpcPayload(pieces: readonly Buffer[]): Payload {
  return { body: Buffer.concat(pieces), contentType: undefined, layout: undefined };
}

export function jsonPayload(pieces: readonly Buffer[]): Payload {
  return { body: Buffer.concat(pieces), contentType: JSON_TYPE, layout: undefined };
}

/** Names of columns out of a text that anybody may have written; undefined where it is no JSON of a list of texts. */
export function parseColumns(text: string): string | undefined {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === 'string')
      ? text
      : undefined;
  } catch {
    return undefined;
  }
}

const BASE64_TEXTS = /^[A-Za-z0-9+/_=",-]*$/;

/** Whether the elements can be bytes in base64. */
export function areBase64(text: Buffer): boolean {
  return BASE64_TEXTS.test(text.toString('latin1'));
}

/** More empty lists than that are not written for a whole message. */
export const MAX_EMPTY = 1024;
/** As numpy had it; each axis may be a pair of brackets for each element. */
const MAX_AXES = 32;
/** In rows each name is written once for each row: more bytes of names than that are not. */
export const MAX_NAMES_BYTES = 4 * 1024 * 1024;

/** Whether a shape that is given holds so many elements. */
export function fitsShape(shape: readonly number[], count: number): boolean {
  if (shape.length > MAX_AXES) return false;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return false;
  return sizeOf(shape) === count;
}

/** Lists that a tensor without elements is still written as. */
function emptyLists({ shape }: SaidTensor): number {
  const axis = shape.indexOf(0);
  return axis < 0 ? 0 : sizeOf(shape.slice(0, axis));
}

/** Whether tensors that hold nothing ask for so many empty lists together that little becomes much. */
export function isMostlyEmpty({ tensors }: Said): boolean {
  return tensors.reduce((sum, tensor) => sum + emptyLists(tensor), 0) > MAX_EMPTY;
}

/** The one tensor that a SeldonMessage can hold. */
export function onlyTensor({ tensors }: Said): SaidTensor | string {
  const [tensor, ...others] = tensors;
  if (tensor === undefined) return 'it holds no tensor';
  if (others.length > 0) return `it holds ${tensors.length} tensors, a SeldonMessage one`;
  if (tensor.content === 'base64' && sizeOf(tensor.shape) !== 1) {
    return 'it holds several byte strings, a SeldonMessage one';
  }
  return tensor;
}

/** Names where the protocol wants one and the message has none. */
export const INPUT_NAME = 'input-0';
export const OUTPUT_NAME = 'output-0';
