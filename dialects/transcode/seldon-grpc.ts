// SeldonMessages over gRPC in what a message says, and back. Its numbers are doubles: integers that none is equal to are refused. A
// response has the meta of what it was asked with, and data of the same kind where they fit.
import { readVarints } from '../../lib/codecs/protobuf/numbers.ts';
import { readMessage, readOneof, readString } from '../../lib/codecs/protobuf/oneof.ts';
import { BYTES, FieldReader, FIXED64, VARINT } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Payload } from '../payload.ts';
import {
  DATA,
  isArrayData,
  isMessageData,
  isValueKind,
  LIST,
  MESSAGE,
  META,
  TENSOR,
  VALUE,
} from '../seldon/fields.ts';
import { readDoubles, writeDoubles, writeShape } from '../seldon/numbers-proto.ts';
import { flattenJson, nestJson } from './flat-json.ts';
import { doublesOf, numbersText, stringsOf } from './raw-text.ts';
import {
  datatypeOf,
  fitsShape,
  grpcPayload,
  onlyTensor,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';
import { objectText, readScalars, readTag, writeScalars, writeTag } from './scalars.ts';
import { sizeOf } from '../shape.ts';

/** Deepest nesting of lists, protobuf's own customary limit. */
const MAX_DEPTH = 100;

/** JSON of a ListValue; undefined when it holds anything but numbers, texts, booleans and lists, or nests too deep. */
function listText(list: Buffer, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const parts: string[] = [];
  const reader = new FieldReader(list);
  while (reader.next()) {
    if (reader.field !== LIST.values || reader.wire !== BYTES) continue;
    const text = valueText(reader.payload(), depth);
    if (text === undefined) return undefined;
    parts.push(text);
  }
  return reader.broken ? undefined : `[${parts.join(',')}]`;
}

function valueText(value: Buffer, depth: number): string | undefined {
  const kind = readOneof(value, isValueKind);
  if (kind === undefined || kind === 'broken') return undefined;
  const { field, wire, payload } = kind;
  if (field === VALUE.number && wire === FIXED64) {
    return numbersText('FP64', Float64Array.of(payload.readDoubleLE(0))).text.toString();
  }
  if (field === VALUE.text && wire === BYTES) return JSON.stringify(payload.toString('utf8'));
  if (field === VALUE.boolean && wire === VARINT) return String(payload[0] !== 0);
  return field === VALUE.list && wire === BYTES ? listText(payload, depth + 1) : undefined;
}

function namesIn(data: Buffer): string | undefined {
  const names: string[] = [];
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field === DATA.names && reader.wire === BYTES) {
      names.push(reader.payload().toString('utf8'));
    }
  }
  return names.length === 0 ? undefined : JSON.stringify(names);
}

function readArray(data: Buffer): SaidTensor | string {
  const array = readOneof(data, isArrayData);
  if (array === undefined || array === 'broken' || array.wire !== BYTES) return 'it holds no array';
  const said = { name: '', columns: namesIn(data), content: undefined };
  if (array.field === DATA.tensor) {
    const values = readDoubles(array.payload, TENSOR.values);
    const sizes = readVarints(array.payload, TENSOR.shape, 'int32');
    if (values === undefined || sizes === undefined) return 'its tensor cannot be read';
    const shape = sizes.length === 0 ? [values.length] : Array.from(sizes);
    if (!fitsShape(shape, values.length)) return 'data.tensor.shape does not fit the values';
    return { ...said, datatype: 'FP64', shape, ...numbersText('FP64', values) };
  }
  if (array.field !== DATA.ndarray) return 'its data are neither tensor nor ndarray';
  const text = listText(array.payload, 0);
  const bytes = Buffer.from(text ?? '');
  const flat = text === undefined ? undefined : flattenJson(bytes, { start: 0, end: bytes.length });
  if (flat === undefined) return 'its data are ragged or of several kinds';
  // All numbers of a list are doubles, whole or not.
  const datatype = flat.kind === 'integer' ? 'FP64' : datatypeOf(flat);
  const { shape, hasNonFinite } = flat;
  return { ...said, datatype, shape, text: flat.text, hasNonFinite };
}

function readTensor(body: Buffer): SaidTensor | string {
  const data = readOneof(body, isMessageData);
  if (data === 'broken') return 'the message is no protobuf of the protocol';
  if (data === undefined || data.wire !== BYTES) return 'it holds no data';
  if (data.field === MESSAGE.data) return readArray(data.payload);
  const single = {
    name: '',
    datatype: 'BYTES',
    shape: [1],
    hasNonFinite: false,
    columns: undefined,
  };
  if (data.field === MESSAGE.strData) {
    const text = Buffer.from(JSON.stringify(data.payload.toString('utf8')));
    return { ...single, text, content: 'str' };
  }
  if (data.field === MESSAGE.binData) {
    const text = Buffer.from(JSON.stringify(data.payload.toString('base64')));
    return { ...single, text, content: 'base64' };
  }
  return 'it holds neither array, strData nor binData';
}

function read({ body }: Payload): Said | string {
  const tensor = readTensor(body);
  if (typeof tensor === 'string') return tensor;
  const meta = readMessage(body, MESSAGE.meta) ?? Buffer.alloc(0);
  const puid = readString(meta, META.puid);
  return {
    tensors: [tensor],
    id: puid === '' ? undefined : JSON.stringify(puid),
    parameters: objectText(readScalars(meta, META.tags, readTag)),
  };
}

/** A ListValue of nested lists. */
function writeNested(value: unknown): Buffer {
  if (Array.isArray(value)) {
    const items = value.map((each) => bytesField(LIST.values, writeNested(each)));
    return bytesField(VALUE.list, Buffer.concat(items));
  }
  if (typeof value === 'string') return stringField(VALUE.text, value);
  if (typeof value === 'boolean') return int32Field(VALUE.boolean, value ? 1 : 0);
  return writeTag(value) ?? Buffer.alloc(0);
}

function writeList({ shape, text }: SaidTensor): Buffer {
  const nested: unknown = JSON.parse(nestJson(shape, text).toString('utf8'));
  const list = Array.isArray(nested) ? nested : [nested];
  const items = list.map((each) => bytesField(LIST.values, writeNested(each)));
  return bytesField(DATA.ndarray, Buffer.concat(items));
}

/** Integers that are no doubles. */
function isLossy({ datatype, text }: SaidTensor): boolean {
  if (datatype !== 'INT64' && datatype !== 'UINT64') return false;
  return !doublesOf(text).every((value) => Number.isSafeInteger(value));
}

function writeData(tensor: SaidTensor, asList: boolean, asText: boolean): Buffer | string {
  const { content, shape, text, datatype, columns } = tensor;
  const isOne = sizeOf(shape) === 1;
  if (content === 'base64') {
    return bytesField(MESSAGE.binData, stringsOf(text, content)[0] ?? Buffer.alloc(0));
  }
  if (datatype === 'BYTES' && isOne && (content === 'str' || asText)) {
    return bytesField(MESSAGE.strData, stringsOf(text, content)[0] ?? Buffer.alloc(0));
  }
  if (isLossy(tensor)) return 'it holds integers above 2^53, and Seldon’s numbers are doubles';
  const columnNames = columns === undefined ? [] : (JSON.parse(columns) as unknown[]);
  const names = Buffer.concat(columnNames.map((name) => stringField(DATA.names, String(name))));
  if (asList || datatype === 'BYTES' || datatype === 'BOOL') {
    if (tensor.hasNonFinite) return 'it holds NaN or infinities, which a list cannot say';
    return bytesField(MESSAGE.data, names, writeList(tensor));
  }
  const values = writeDoubles(TENSOR.values, doublesOf(text));
  return bytesField(MESSAGE.data, names, bytesField(DATA.tensor, writeShape(shape), values));
}

export const SELDON_GRPC_SPEAKER: Speaker = {
  read,
  writeRequest(said) {
    const tensor = onlyTensor(said);
    const data = typeof tensor === 'string' ? tensor : writeData(tensor, false, false);
    if (typeof data === 'string') return data;
    const id = said.id === undefined ? [] : [stringField(META.puid, String(JSON.parse(said.id)))];
    const meta = [...id, ...writeScalars(said.parameters, META.tags, writeTag)];
    return grpcPayload(
      meta.length === 0 ? [data] : [bytesField(MESSAGE.meta, Buffer.concat(meta)), data],
    );
  },
  writeResponse(said, { body }) {
    const tensor = onlyTensor(said);
    if (typeof tensor === 'string') return tensor;
    const asked = readOneof(body, isMessageData);
    const array =
      asked === undefined || asked === 'broken' || asked.field !== MESSAGE.data
        ? undefined
        : readOneof(asked.payload, isArrayData);
    const asList = array !== undefined && array !== 'broken' && array.field === DATA.ndarray;
    const asText = asked !== undefined && asked !== 'broken' && asked.field === MESSAGE.strData;
    const data = writeData(tensor, asList, asText);
    if (typeof data === 'string') return data;
    // Equal messages are merged, and of equal keys the last one counts.
    const meta = [
      readMessage(body, MESSAGE.meta) ?? Buffer.alloc(0),
      ...writeScalars(said.parameters, META.tags, writeTag),
    ];
    const hasMeta = meta.some((part) => part.length > 0);
    return grpcPayload(hasMeta ? [bytesField(MESSAGE.meta, Buffer.concat(meta)), data] : [data]);
  },
};
