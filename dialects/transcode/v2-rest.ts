// V2 messages over REST in what a message says, and back: each tensor's elements as they are in the JSON, or out of the bytes behind it.
// Written is JSON alone. Names of columns, which V2 has no place for, are a parameter of the tensor.
import type { Span } from '../../lib/codecs/json/find.ts';
import type { Payload } from '../payload.ts';
import { jsonBytes } from '../v2/layout.ts';
import { flattenJson, shapeAt } from './flat-json.ts';
import { elementsOf, membersOf, readJsonBody, stringAt, writtenAt, valueAt } from './members.ts';
import { readRaw } from './raw-text.ts';
import {
  areBase64,
  fitsShape,
  INPUT_NAME,
  jsonPayload,
  OUTPUT_NAME,
  parseColumns,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';
import { sizeOf } from '../shape.ts';

/** Parameter of a tensor: JSON of the names of its columns. */
const COLUMNS = 'names';
/** What only asks for a form of the response. */
const OF_FORM = new Set(['binary_data_output']);

/** Takes tensors' bytes off the tail, one after the other. */
class Tail {
  readonly #body: Buffer;
  #at: number;
  constructor(body: Buffer, at: number) {
    this.#body = body;
    this.#at = at;
  }
  take(bytes: number): Buffer | undefined {
    if (!Number.isSafeInteger(bytes) || bytes < 0) return undefined;
    const start = this.#at;
    this.#at = start + bytes;
    return this.#at <= this.#body.length ? this.#body.subarray(start, this.#at) : undefined;
  }
}

/** What a parameter says of texts; of anything else it says nothing, whoever wrote it there. */
function contentOf(
  json: Buffer,
  parameters: ReadonlyMap<string, Span>,
  areTexts: boolean,
): SaidTensor['content'] {
  const type = areTexts ? stringAt(json, parameters.get('content_type')) : '';
  return type === 'str' || type === 'base64' ? type : undefined;
}

function readTensor(body: Buffer, json: Buffer, span: Span, tail: Tail): SaidTensor | string {
  const members = membersOf(json, span);
  const parameters = membersOf(json, members.get('parameters'));
  const name = stringAt(json, members.get('name'));
  const datatype = stringAt(json, members.get('datatype'));
  const shape = shapeAt(json, members.get('shape'));
  if (shape === undefined) return `tensor "${name}" has no shape`;
  const said = {
    name,
    datatype,
    shape,
    columns: parseColumns(stringAt(json, parameters.get(COLUMNS))),
  };
  const size = valueAt(json, parameters.get('binary_data_size'));
  const data = members.get('data');
  if (data !== undefined) {
    const flat = flattenJson(body, data);
    if (flat === undefined) return `tensor "${name}" is ragged or of several kinds`;
    if (!fitsShape(shape, sizeOf(flat.shape))) return `tensor "${name}" does not fit its shape`;
    const { text, hasNonFinite, kind } = flat;
    const content = contentOf(json, parameters, datatype === 'BYTES' && kind === 'text');
    if (content === 'base64' && !areBase64(text)) return `tensor "${name}" is no base64`;
    return { ...said, text, hasNonFinite, content };
  }
  const bytes = size === undefined ? undefined : tail.take(Number(size));
  const raw = bytes === undefined ? undefined : readRaw(datatype, bytes);
  if (raw === undefined) return `tensor "${name}" has no data of its datatype`;
  const { text, hasNonFinite, count } = raw;
  if (!fitsShape(shape, count)) return `tensor "${name}" does not fit its shape`;
  const content = raw.content ?? contentOf(json, parameters, datatype === 'BYTES');
  return { ...said, text, hasNonFinite, content };
}

function readParameters(json: Buffer, span: Span | undefined): string | undefined {
  const kept = [...membersOf(json, span)].filter(([name]) => !OF_FORM.has(name));
  if (kept.length === 0) return undefined;
  const texts = kept.map(([name, value]) => `${JSON.stringify(name)}:${writtenAt(json, value)}`);
  return `{${texts.join(',')}}`;
}

function read(message: Payload): Said | string {
  const bytes = jsonBytes(message);
  if (bytes === 'invalid' || bytes === 0) return 'the body is one tensor without a name or a type';
  const head = message.body.subarray(0, bytes);
  const object = readJsonBody(head);
  if (object === undefined) return 'the message is no JSON object';
  const { json, members } = object;
  const spans = elementsOf(json, members.get('inputs') ?? members.get('outputs'));
  if (spans === undefined) return 'it has neither inputs nor outputs';
  const tail = new Tail(message.body, bytes);
  const tensors: SaidTensor[] = [];
  for (const span of spans) {
    const tensor = readTensor(head, json, span, tail);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return {
    tensors,
    id: valueAt(json, members.get('id')),
    parameters: readParameters(json, members.get('parameters')),
  };
}

function writeTensor(tensor: SaidTensor, name: string): Buffer[] {
  const parameters = [
    ...(tensor.content === undefined ? [] : [`"content_type":"${tensor.content}"`]),
    ...(tensor.columns === undefined ? [] : [`"${COLUMNS}":${JSON.stringify(tensor.columns)}`]),
  ];
  const head = [
    `{"name":${JSON.stringify(tensor.name || name)}`,
    `"datatype":"${tensor.datatype}"`,
    `"shape":[${tensor.shape.join(',')}]`,
    ...(parameters.length === 0 ? [] : [`"parameters":{${parameters.join(',')}}`]),
    '"data":[',
  ].join(',');
  return [Buffer.from(head), tensor.text, Buffer.from(']}')];
}

function write(
  head: readonly string[],
  key: 'inputs' | 'outputs',
  tensors: readonly SaidTensor[],
  name: string,
): Payload {
  const pieces: Buffer[] = [Buffer.from(`{${[...head, `"${key}":[`].join(',')}`)];
  for (const [position, tensor] of tensors.entries()) {
    if (position > 0) pieces.push(Buffer.from(','));
    pieces.push(...writeTensor(tensor, name));
  }
  return jsonPayload([...pieces, Buffer.from(']}')]);
}

function known(id: string | undefined, parameters: string | undefined): string[] {
  return [
    ...(id === undefined ? [] : [`"id":${id}`]),
    ...(parameters === undefined ? [] : [`"parameters":${parameters}`]),
  ];
}

export const V2_REST_SPEAKER: Speaker = {
  read: (message) => read(message),
  writeRequest: ({ tensors, id, parameters }) =>
    write(known(id, parameters), 'inputs', tensors, INPUT_NAME),
  writeResponse({ tensors, parameters }, asked, model) {
    const said = read(asked);
    const id = typeof said === 'string' ? undefined : said.id;
    const head = [`"model_name":${JSON.stringify(model)}`, ...known(id, parameters)];
    return write(head, 'outputs', tensors, OUTPUT_NAME);
  },
};
