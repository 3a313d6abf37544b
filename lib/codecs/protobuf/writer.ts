// Writes protobuf fields as Buffers. In: a field's number and its value; out: bytes to be joined. Messages are
// nested by joining their fields and wrapping them with `bytesField`; payloads are referenced, not copied.

/** Bytes that `value` (0 … 2^53) takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  while (value >= 128) {
    value = Math.floor(value / 128);
    size++;
  }
  return size;
}

export function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintSize(value));
  let at = 0;
  while (value >= 128) {
    bytes[at++] = (value % 128) | 0x80;
    value = Math.floor(value / 128);
  }
  bytes[at] = value;
  return bytes;
}

/** Tag and length of a length-delimited field whose payload of `length` bytes follows. */
export function bytesHead(field: number, length: number): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(length)]);
}

export function bytesField(field: number, ...payload: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of payload) length += part.length;
  return Buffer.concat([bytesHead(field, length), ...payload]);
}

export function stringField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text));
}

/** An int32 or enum; negative numbers take ten bytes, as the format demands. */
export function int32Field(field: number, value: number): Buffer {
  const tag = varint(field * 8);
  if (value >= 0) return Buffer.concat([tag, varint(value)]);
  const bytes = Buffer.alloc(10, 0xff);
  let rest = value >>> 0;
  for (let at = 0; at < 4; at++) {
    bytes[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[4] = 0xf0 | rest;
  bytes[9] = 1;
  return Buffer.concat([tag, bytes]);
}

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}
