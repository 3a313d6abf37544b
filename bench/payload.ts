// What the bench sends: JSON tensors of a wanted size, the same as protobuf, and ten ordinary client headers.
import { bytesField, varint } from '../lib/codecs/protobuf/writer.ts';

/** `{"data":{"ndarray":[[…]]}}` of about `bytes` bytes. */
export function jsonPayload(bytes: number): Buffer {
  const frame = '{"data":{"ndarray":[[]]}}'.length;
  const numbers: string[] = [];
  for (let size = frame; size < bytes; size += 8) {
    numbers.push((1 + (numbers.length % 9000) / 10_000).toFixed(5));
  }
  return Buffer.from(`{"data":{"ndarray":[[${numbers.join(',')}]]}}`);
}

/** A SeldonMessage with a tensor of shape [1, n] of about `bytes` bytes. */
export function protoPayload(bytes: number): Buffer {
  const count = Math.max(1, Math.floor((bytes - 14) / 8));
  const values = Buffer.alloc(count * 8);
  for (let i = 0; i < count; i++) values.writeDoubleLE(1 + i / 10, i * 8);
  const shape = bytesField(1, varint(1), varint(count));
  return bytesField(3, bytesField(2, shape, bytesField(2, values)));
}

/** A SeldonMessage that a router answers with: branch 1 as a 1×1 tensor. */
export const ROUTE_MESSAGE = ((): Buffer => {
  const one = Buffer.alloc(8);
  one.writeDoubleLE(1);
  const shape = bytesField(1, varint(1), varint(1));
  return bytesField(3, bytesField(2, shape, bytesField(2, one)));
})();

/** Ten headers as a browser or an SDK sends them; `host` and `content-length` come on top. */
export const CLIENT_HEADERS: readonly (readonly [string, string])[] = [
  ['user-agent', 'python-requests/2.32.3'],
  ['accept', 'application/json'],
  ['accept-encoding', 'gzip, deflate'],
  ['content-type', 'application/json'],
  ['authorization', 'Bearer 3f1c9a4e7b2d4c5f8a6e1d0b9c8f7a6e'],
  ['x-forwarded-for', '10.1.2.3'],
  ['x-forwarded-proto', 'https'],
  ['x-b3-traceid', '463ac35c9f6413ad48485a3953bb6124'],
  ['x-b3-spanid', 'a2fb4a1d1a96d312'],
  ['cookie', 'session=9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d'],
];
