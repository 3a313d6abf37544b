// SeldonMessages over REST in what a message says, and back. A unit that speaks another protocol is to the graph what Seldon's wrapper
// is: its response has the meta of what it was asked with, and data of the same kind where they fit.
import { flattenJson, nestJson, shapeAt } from './flat-json.ts';
import {
  membersOf,
  objectTextAt,
  readJsonBody,
  writtenAt,
  valueAt,
  type ObjectMembers,
} from './members.ts';
import type { Payload } from '../payload.ts';
import {
  areBase64,
  datatypeOf,
  fitsShape,
  jsonPayload,
  onlyTensor,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';
import { sizeOf } from '../shape.ts';

const NO_OBJECT = 'the message is no JSON object';

function single(text: string, content: 'str' | 'base64'): SaidTensor {
  return {
    name: '',
    datatype: 'BYTES',
    shape: [1],
    text: Buffer.from(text),
    hasNonFinite: false,
    columns: undefined,
    content,
  };
}

function readTensor(body: Buffer, { json, members }: ObjectMembers): SaidTensor | string {
  for (const [name, content] of [
    ['strData', 'str'],
    ['binData', 'base64'],
  ] as const) {
    const text = valueAt(json, members.get(name));
    if (text === undefined) continue;
    const said = single(text, content);
    if (!text.startsWith('"')) return `its ${name} is no text`;
    return content === 'str' || areBase64(said.text) ? said : `its ${name} is no base64`;
  }
  const data = membersOf(json, members.get('data'));
  const tensor = membersOf(json, data.get('tensor'));
  const span = data.get('ndarray') ?? tensor.get('values');
  if (span === undefined) return 'it holds neither ndarray, tensor, strData nor binData';
  const flat = flattenJson(body, span);
  if (flat === undefined) return 'its data are ragged or of several kinds';
  let { shape } = flat;
  const written = tensor.get('shape');
  if (!data.has('ndarray') && written !== undefined) {
    shape = shapeAt(json, written) ?? [];
    if (!fitsShape(shape, sizeOf(flat.shape))) return 'data.tensor.shape does not fit the values';
  }
  return {
    name: '',
    datatype: datatypeOf(flat),
    shape,
    text: flat.text,
    hasNonFinite: flat.hasNonFinite,
    columns: valueAt(json, data.get('names')),
    content: undefined,
  };
}

function read({ body }: Payload): Said | string {
  const object = readJsonBody(body);
  if (object === undefined) return NO_OBJECT;
  const { json, members } = object;
  const tensor = readTensor(body, object);
  if (typeof tensor === 'string') return tensor;
  const meta = membersOf(json, members.get('meta'));
  return {
    tensors: [tensor],
    id: valueAt(json, meta.get('puid')),
    parameters: objectTextAt(json, meta.get('tags')),
  };
}

/** The same over REST, whose JSON says no more than JSON can. */
function jsonTensor(said: Said): SaidTensor | string {
  const tensor = onlyTensor(said);
  if (typeof tensor === 'string' || !tensor.hasNonFinite) return tensor;
  return 'it holds NaN or infinities, which Seldon’s JSON cannot say';
}

/** The member that holds the data; `asTensor`: in a `tensor`, where it holds numbers. */
function dataMember(tensor: SaidTensor, asTensor: boolean, asText: boolean): Buffer[] {
  const { columns, content, shape, text, datatype } = tensor;
  if (content === 'base64') return [Buffer.from('"binData":'), text];
  const isText = content === 'str' || (asText && datatype === 'BYTES');
  if (isText && sizeOf(shape) === 1) return [Buffer.from('"strData":'), text];
  const names = columns === undefined ? '' : `"names":${columns},`;
  if (asTensor && datatype !== 'BYTES' && datatype !== 'BOOL') {
    const head = `"data":{${names}"tensor":{"shape":[${shape.join(',')}],"values":[`;
    return [Buffer.from(head), text, Buffer.from(']}}')];
  }
  return [Buffer.from(`"data":{${names}"ndarray":`), nestJson(shape, text), Buffer.from('}')];
}

function writeMessage(meta: string | undefined, data: readonly Buffer[]): Payload {
  const head = meta === undefined ? '{' : `{"meta":${meta},`;
  return jsonPayload([Buffer.from(head), ...data, Buffer.from('}')]);
}

function metaOf({ id, parameters }: Said): string | undefined {
  const members = [
    ...(id === undefined ? [] : [`"puid":${id}`]),
    ...(parameters === undefined ? [] : [`"tags":${parameters}`]),
  ];
  return members.length === 0 ? undefined : `{${members.join(',')}}`;
}

/** Both objects as one: of equal keys the last one counts. */
function mergeObjects(first: string | undefined, second: string): string {
  return first === undefined
    ? second
    : `${first.trimEnd().slice(0, -1)},${second.trimStart().slice(1)}`;
}

/** The meta that was asked with, and what the response adds to its tags. */
function askedMeta(
  asked: ObjectMembers | undefined,
  parameters: string | undefined,
): string | undefined {
  const span = asked?.members.get('meta');
  const meta = asked === undefined ? undefined : objectTextAt(asked.json, span);
  if (parameters === undefined || asked === undefined) {
    return meta ?? (parameters === undefined ? undefined : `{"tags":${parameters}}`);
  }
  const members = membersOf(asked.json, span);
  const tags = objectTextAt(asked.json, members.get('tags'));
  const others = [...members].filter(([name]) => name !== 'tags');
  const kept = others.map(
    ([name, value]) => `${JSON.stringify(name)}:${writtenAt(asked.json, value)}`,
  );
  return `{${[...kept, `"tags":${mergeObjects(tags, parameters)}`].join(',')}}`;
}

export const SELDON_REST_SPEAKER: Speaker = {
  read,
  writeRequest(said) {
    const tensor = jsonTensor(said);
    if (typeof tensor === 'string') return tensor;
    return writeMessage(metaOf(said), dataMember(tensor, false, false));
  },
  writeResponse(said, asked) {
    const tensor = jsonTensor(said);
    if (typeof tensor === 'string') return tensor;
    const object = readJsonBody(asked.body);
    const data =
      object === undefined ? undefined : membersOf(object.json, object.members.get('data'));
    const asTensor = data?.has('tensor') === true;
    const asText = object?.members.has('strData') === true;
    return writeMessage(askedMeta(object, said.parameters), dataMember(tensor, asTensor, asText));
  },
};
