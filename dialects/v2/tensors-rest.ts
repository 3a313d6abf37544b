// The outputs of a V2 response over REST: where each tensor's members are, and its numbers, be they in the JSON or behind it. In: a
// payload; out: tensors with the spans by which they can be replaced.
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import type { Span } from '../../lib/codecs/json/find.ts';
import type { Payload } from '../payload.ts';
import { type Datatype, isDatatype, readValues } from '../tensors/datatypes.ts';
import { readJsonNumbers } from '../tensors/json-numbers.ts';
import { type Tensor } from '../tensors/mean.ts';
import type { Layout } from './layout.ts';
import { sizeOf } from '../shape.ts';

const OUTPUTS = Buffer.from('outputs');
const NAME = Buffer.from('name');
const DATATYPE = Buffer.from('datatype');
const SHAPE = Buffer.from('shape');
const DATA = Buffer.from('data');
const PARAMETERS = Buffer.from('parameters');
const BINARY_SIZE = Buffer.from('binary_data_size');

/** A tensor as it is written. */
export interface WrittenTensor {
  readonly name: string;
  /** The text of the JSON value, quotes included. */
  readonly datatype: Span | undefined;
  readonly shape: Span | undefined;
  readonly data: Span | undefined;
  /** Value of `binary_data_size`. */
  readonly binarySize: Span | undefined;
}

/** A tensor with its numbers. */
export interface RestTensor extends Tensor {
  readonly datatype: Datatype;
  readonly written: WrittenTensor;
  /** Of the arrays in `data`; undefined where the numbers are behind the JSON. */
  readonly dataShape: readonly number[] | undefined;
}

function readBinarySize(cursor: JsonCursor): Span | undefined {
  if (!cursor.isObject) return undefined;
  let size: Span | undefined;
  cursor.enter();
  while (cursor.nextMember()) if (cursor.keyIs(BINARY_SIZE)) size = cursor.value();
  return size;
}

export function jsonStringAt(json: Buffer, span: Span | undefined): string {
  if (span === undefined || json[span.start] !== 0x22) return '';
  return JSON.parse(json.toString('utf8', span.start, span.end)) as string;
}

function readWritten(json: Buffer, cursor: JsonCursor): WrittenTensor {
  let name: Span | undefined;
  let datatype: Span | undefined;
  let shape: Span | undefined;
  let data: Span | undefined;
  let binarySize: Span | undefined;
  cursor.enter();
  while (cursor.nextMember()) {
    if (cursor.keyIs(DATA)) data = cursor.value();
    else if (cursor.keyIs(NAME)) name = cursor.value();
    else if (cursor.keyIs(DATATYPE)) datatype = cursor.value();
    else if (cursor.keyIs(SHAPE)) shape = cursor.value();
    else if (cursor.keyIs(PARAMETERS)) binarySize = readBinarySize(cursor);
  }
  return { name: jsonStringAt(json, name), datatype, shape, data, binarySize };
}

/** The last `outputs` of a response whose JSON is valid; undefined when it has none, or something else than tensors. */
export function readOutputs(json: Buffer): WrittenTensor[] | undefined {
  const cursor = new JsonCursor(json);
  let outputs: WrittenTensor[] | undefined;
  cursor.enter();
  while (cursor.nextMember()) {
    if (!cursor.keyIs(OUTPUTS)) continue;
    outputs = undefined;
    if (!cursor.isArray) continue;
    outputs = [];
    cursor.enter();
    while (cursor.nextElement()) {
      if (!cursor.isObject) return undefined;
      outputs.push(readWritten(json, cursor));
    }
  }
  return outputs;
}

/** A text of the JSON as an integer; −1 for anything else. */
function readSize(json: Buffer, span: Span | undefined): number {
  const size =
    span === undefined ? Number.NaN : Number(json.toString('latin1', span.start, span.end));
  return Number.isSafeInteger(size) && size >= 0 ? size : -1;
}

/** For each tensor the bytes behind the JSON that are its own; undefined for one whose data are in it. No list: they don't fit. */
export function splitTail(
  payload: Payload,
  json: Buffer,
  outputs: readonly WrittenTensor[],
): (Buffer | undefined)[] | undefined {
  let at = json.length;
  const parts: (Buffer | undefined)[] = [];
  for (const { binarySize } of outputs) {
    if (binarySize === undefined) {
      parts.push(undefined);
      continue;
    }
    const size = readSize(json, binarySize);
    if (size < 0 || at + size > payload.body.length) return undefined;
    parts.push(payload.body.subarray(at, at + size));
    at += size;
  }
  return parts;
}

function readShape(json: Buffer, span: Span | undefined): number[] | undefined {
  if (span === undefined) return undefined;
  const numbers = readJsonNumbers(json, span);
  if (numbers === undefined || numbers.shape.length !== 1) return undefined;
  const shape = Array.from(numbers.values);
  return shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0) ? shape : undefined;
}

/** Reads `data` out of the payload's own bytes, as the scanned ones hold no NaN. */
function readData(
  payload: Payload,
  json: Buffer,
  written: WrittenTensor,
  binary: Buffer | undefined,
): RestTensor | string {
  const { name } = written;
  const type = jsonStringAt(json, written.datatype);
  if (!isDatatype(type)) return `output "${name}" is ${type === '' ? 'of no datatype' : type}`;
  const shape = readShape(json, written.shape);
  if (shape === undefined) return `output "${name}" has no shape`;
  const count = sizeOf(shape);
  if (binary !== undefined) {
    const values = readValues(type, binary);
    if (values?.length !== count) return `the bytes of output "${name}" do not fit its shape`;
    return { name, datatype: type, shape, values, written, dataShape: undefined };
  }
  if (written.data === undefined) return `output "${name}" holds no data`;
  const numbers = readJsonNumbers(payload.body, written.data);
  if (numbers === undefined) return `output "${name}" is no regular array of numbers`;
  if (numbers.values.length !== count) return `the data of output "${name}" do not fit its shape`;
  return {
    name,
    datatype: type,
    shape,
    values: numbers.values,
    written,
    dataShape: numbers.shape,
  };
}

/** All outputs with their numbers, or what is wrong with them. */
export function readTensors(payload: Payload, layout: Layout): RestTensor[] | string {
  const outputs = readOutputs(layout.json);
  if (outputs === undefined) return 'the response holds no outputs';
  const parts = splitTail(payload, layout.json, outputs);
  if (parts === undefined) return 'the binary data are shorter than the response says';
  const tensors: RestTensor[] = [];
  for (const [position, written] of outputs.entries()) {
    const tensor = readData(payload, layout.json, written, parts[position]);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return tensors;
}
