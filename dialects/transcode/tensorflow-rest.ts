// TensorFlow's messages over REST in what a message says, and back: rows (`instances`, `predictions`) or columns (`inputs`, `outputs`), one
// tensor or several by name. A response has the format of what it answers.
import type { Span } from '../../lib/codecs/json/find.ts';
import type { Payload } from '../payload.ts';
import { type FlatJson, flattenJson, nestJson } from './flat-json.ts';
import { elementsOf, membersOf, readJsonBody } from './members.ts';
import {
  datatypeOf,
  INPUT_NAME,
  jsonPayload,
  MAX_NAMES_BYTES,
  OUTPUT_NAME,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';

const COMMA = Buffer.from(',');

function saidOf(name: string, flat: FlatJson): SaidTensor {
  const isBytes = flat.kind === 'bytes';
  return {
    name,
    datatype: datatypeOf(flat),
    shape: flat.shape,
    // `{"b64":"…"}` without what is around the text.
    text: isBytes
      ? Buffer.from(
          flat.text.toString('latin1').replaceAll(/\{\s*"b64"\s*:\s*("[^"]*")\s*\}/g, '$1'),
        )
      : flat.text,
    hasNonFinite: flat.hasNonFinite,
    columns: undefined,
    content: isBytes ? 'base64' : undefined,
  };
}

/** Values by name, each a tensor; empty for a value of its own. */
function namesIn(json: Buffer, span: Span): ReadonlyMap<string, Span> {
  const members = membersOf(json, span);
  return members.size === 1 && members.has('b64') ? new Map() : members;
}

function readColumns(body: Buffer, json: Buffer, span: Span): SaidTensor[] | string {
  const named = namesIn(json, span);
  const columns: [string, Span][] = named.size === 0 ? [['', span]] : [...named];
  const tensors: SaidTensor[] = [];
  for (const [name, value] of columns) {
    const flat = flattenJson(body, value);
    if (flat === undefined) return `"${name}" is ragged or of several kinds`;
    tensors.push(saidOf(name, flat));
  }
  return tensors;
}

/** The same name of all rows as one tensor with the rows as its first axis. */
function stack(name: string, rows: readonly FlatJson[]): SaidTensor | string {
  const [first] = rows;
  const like = (row: FlatJson): boolean =>
    row.kind === first?.kind && row.shape.join(',') === first.shape.join(',');
  if (first === undefined || !rows.every(like)) return `"${name}" is not the same in all rows`;
  const text = Buffer.concat(
    rows.flatMap((row, position) => (position === 0 ? [row.text] : [COMMA, row.text])),
  );
  const hasNonFinite = rows.some((row) => row.hasNonFinite);
  return saidOf(name, { ...first, text, hasNonFinite, shape: [rows.length, ...first.shape] });
}

function readRows(body: Buffer, json: Buffer, span: Span): SaidTensor[] | string {
  const rows = elementsOf(json, span);
  if (rows === undefined) return 'its rows are no list';
  const [first] = rows;
  const names = first === undefined ? [] : [...namesIn(json, first).keys()];
  if (names.length === 0) return readColumns(body, json, span);
  const tensors: SaidTensor[] = [];
  const members = rows.map((row) => membersOf(json, row));
  for (const name of names) {
    const values: FlatJson[] = [];
    for (const row of members) {
      const value = row.get(name);
      const flat = value === undefined ? undefined : flattenJson(body, value);
      if (flat === undefined) return `"${name}" is not the same in all rows`;
      values.push(flat);
    }
    const tensor = stack(name, values);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return tensors;
}

function read({ body }: Payload): Said | string {
  const object = readJsonBody(body);
  if (object === undefined) return 'the message is no JSON object';
  const { json, members } = object;
  const rows = members.get('instances') ?? members.get('predictions');
  const columns = members.get('inputs') ?? members.get('outputs');
  let tensors: SaidTensor[] | string = 'it has neither instances, inputs, predictions nor outputs';
  if (rows !== undefined) tensors = readRows(body, json, rows);
  else if (columns !== undefined) tensors = readColumns(body, json, columns);
  return typeof tensors === 'string' ? tensors : { tensors, id: undefined, parameters: undefined };
}

/** The elements as TensorFlow writes them. */
function elementsText({ content, text }: SaidTensor): Buffer {
  if (content !== 'base64') return text;
  return Buffer.from(text.toString('latin1').replaceAll(/"[^"]*"/g, '{"b64":$&}'));
}

function value(tensor: SaidTensor): Buffer {
  return nestJson(tensor.shape, elementsText(tensor));
}

function columnsOf(key: string, tensors: readonly SaidTensor[], name: string): Payload {
  const [only, ...others] = tensors;
  const pieces: Buffer[] = [Buffer.from(`{"${key}":`)];
  if (only !== undefined && others.length === 0) pieces.push(value(only));
  else {
    for (const [position, tensor] of tensors.entries()) {
      const head = `${position === 0 ? '{' : ','}${JSON.stringify(tensor.name || name)}:`;
      pieces.push(Buffer.from(head), value(tensor));
    }
    pieces.push(Buffer.from('}'));
  }
  return jsonPayload([...pieces, Buffer.from('}')]);
}

/** Row by row an object with the tensors' names; they need the same number of rows. */
function namedRows(tensors: readonly SaidTensor[]): Buffer[] | string {
  const rows = tensors[0]?.shape[0] ?? 0;
  if (tensors.some(({ shape }) => shape[0] !== rows)) return 'its tensors have no common rows';
  const nameBytes = tensors.reduce((sum, { name }) => sum + JSON.stringify(name).length, 0);
  if (nameBytes * rows > MAX_NAMES_BYTES) return 'its tensors have long names and many rows';
  const split = tensors.map((tensor) => {
    const nested = value(tensor);
    const spans = elementsOf(nested, { start: 0, end: nested.length }) ?? [];
    return { name: tensor.name, nested, spans };
  });
  const pieces: Buffer[] = [];
  for (let row = 0; row < rows; row++) {
    for (const [position, { name, nested, spans }] of split.entries()) {
      const opening = position === 0 ? (row === 0 ? '{' : ',{') : ',';
      const span = spans[row] ?? { start: 0, end: 0 };
      pieces.push(
        Buffer.from(`${opening}${JSON.stringify(name)}:`),
        nested.subarray(span.start, span.end),
      );
    }
    pieces.push(Buffer.from('}'));
  }
  return pieces;
}

function rowsOf(key: string, tensors: readonly SaidTensor[]): Payload | string {
  const [only, ...others] = tensors;
  if (only !== undefined && others.length === 0) {
    if (only.shape.length === 0) return 'it is a number of its own, and rows are a list';
    return jsonPayload([Buffer.from(`{"${key}":`), value(only), Buffer.from('}')]);
  }
  const rows = namedRows(tensors);
  if (typeof rows === 'string') return rows;
  return jsonPayload([Buffer.from(`{"${key}":[`), ...rows, Buffer.from(']}')]);
}

export const TENSORFLOW_REST_SPEAKER: Speaker = {
  read,
  writeRequest({ tensors }) {
    const [only, ...others] = tensors;
    const isOne = only !== undefined && others.length === 0 && only.shape.length > 0;
    return isOne ? rowsOf('instances', tensors) : columnsOf('inputs', tensors, INPUT_NAME);
  },
  writeResponse({ tensors }, asked) {
    const members = readJsonBody(asked.body)?.members;
    const isColumns = members?.has('inputs') === true || members?.has('outputs') === true;
    return isColumns ? columnsOf('outputs', tensors, OUTPUT_NAME) : rowsOf('predictions', tensors);
  },
};
