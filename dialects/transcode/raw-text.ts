// Numbers and strings as bytes in JSON texts of the same value, and back: integers to all their bits, floating point by the shortest text
// that reads as the same double. In: a datatype of V2 and little-endian bytes; out: elements with commas between them.
import { DATATYPE_BYTES, isDatatype, readValues, writeValues } from '../tensors/datatypes.ts';

export interface RawText {
  readonly text: Buffer;
  /** Of elements. */
  readonly count: number;
  readonly hasNonFinite: boolean;
  /** Strings that are no UTF-8 are written as base64. */
  readonly content: 'base64' | undefined;
}

function readIntegers(bytes: Buffer, isSigned: boolean): string {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    parts.push(String(isSigned ? bytes.readBigInt64LE(at) : bytes.readBigUInt64LE(at)));
  }
  return parts.join(',');
}

/** Each behind its length in four bytes; undefined when they don't end with the bytes. */
export function splitStrings(bytes: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) return undefined;
    strings.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** JSON texts of strings: UTF-8 as it is, all as base64 when one is none. */
export function textsOf(strings: readonly Buffer[]): { texts: string[]; isBase64: boolean } {
  const isBase64 = strings.some((each) => !Buffer.from(each.toString('utf8')).equals(each));
  const encoding = isBase64 ? 'base64' : 'utf8';
  return { texts: strings.map((each) => JSON.stringify(each.toString(encoding))), isBase64 };
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** Undefined for bytes that are none of the datatype. */
export function readRaw(datatype: string, bytes: Buffer): RawText | undefined {
  if (datatype === 'BYTES') {
    const strings = splitStrings(bytes);
    if (strings === undefined) return undefined;
    const { texts, isBase64 } = textsOf(strings);
    const content = isBase64 ? 'base64' : undefined;
    const text = Buffer.from(texts.join(','));
    return { text, count: texts.length, hasNonFinite: false, content };
  }
  if (!isDatatype(datatype) || bytes.length % DATATYPE_BYTES[datatype] !== 0) return undefined;
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const text = Buffer.from(readIntegers(bytes, datatype === 'INT64'));
    return { text, count: bytes.length / 8, hasNonFinite: false, content: undefined };
  }
  const values = readValues(datatype, bytes) ?? new Float64Array();
  return { ...numbersText(datatype, values), count: values.length, content: undefined };
}

/** Doubles as texts; of BOOL as words. */
export function numbersText(
  datatype: string,
  values: Float64Array,
): { text: Buffer; hasNonFinite: boolean } {
  const texts = Array.from(
    values,
    datatype === 'BOOL' ? (value) => String(value !== 0) : numberText,
  );
  const hasNonFinite = !values.every((value) => Number.isFinite(value));
  return { text: Buffer.from(texts.join(',')), hasNonFinite };
}

/** The elements of a text without strings. */
function elements(text: Buffer): string[] {
  return text.length === 0 ? [] : text.toString('latin1').split(',');
}

/** Doubles of numbers and booleans. */
export function doublesOf(text: Buffer): Float64Array {
  return Float64Array.from(elements(text), (each) =>
    each === 'true' ? 1 : each === 'false' ? 0 : Number(each),
  );
}

/** The texts of strings, as bytes. */
export function stringsOf(text: Buffer, content: 'str' | 'base64' | undefined): Buffer[] {
  const strings = JSON.parse(`[${text.toString('utf8')}]`) as string[];
  return strings.map((each) => Buffer.from(each, content === 'base64' ? 'base64' : 'utf8'));
}

/** Undefined where one is no integer. */
function integersOf(text: Buffer): bigint[] | undefined {
  const all = elements(text);
  return all.every((each) => /^-?\d+$/.test(each)) ? all.map(BigInt) : undefined;
}

/** The bytes of numbers; undefined where one is no number of the datatype. */
export function writeRaw(
  datatype: string,
  text: Buffer,
  content: 'str' | 'base64' | undefined,
): Buffer | undefined {
  switch (datatype) {
    case 'INT64': {
      const values = integersOf(text);
      return values && Buffer.from(BigInt64Array.from(values).buffer);
    }
    case 'UINT64': {
      const values = integersOf(text);
      return values && Buffer.from(BigUint64Array.from(values).buffer);
    }
    case 'INT32':
      return Buffer.from(Int32Array.from(doublesOf(text)).buffer);
    case 'UINT32':
      return Buffer.from(Uint32Array.from(doublesOf(text)).buffer);
    case 'INT16':
      return Buffer.from(Int16Array.from(doublesOf(text)).buffer);
    case 'UINT16':
      return Buffer.from(Uint16Array.from(doublesOf(text)).buffer);
    case 'INT8':
      return Buffer.from(Int8Array.from(doublesOf(text)).buffer);
    case 'UINT8':
    case 'BOOL':
      return Buffer.from(Uint8Array.from(doublesOf(text)).buffer);
    case 'FP16':
    case 'BF16':
    case 'FP32':
    case 'FP64':
      return writeValues(datatype, doublesOf(text));
    case 'BYTES': {
      const parts = stringsOf(text, content).flatMap((each) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(each.length);
        return [length, each];
      });
      return Buffer.concat(parts);
    }
    default:
      return undefined;
  }
}
