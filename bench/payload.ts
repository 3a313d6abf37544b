// What the bench sends: JSON tensors of a wanted size, the same as protobuf and in V2's forms, and ten ordinary client headers.
import { bytesField, varint } from '../lib/codecs/protobuf/writer.ts';

/** How the messages of a graph are written: Seldon's JSON, V2's, or V2's with a binary tensor. */
export type PayloadKind = 'seldon' | 'v2' | 'v2-binary';

export interface RestPayload {
  readonly body: Buffer;
  readonly headers: readonly (readonly [string, string])[];
}

/** A request of about `bytes` bytes, but no fewer than its frame and a number. */
export function restPayload(kind: PayloadKind, bytes: number): RestPayload {
  switch (kind) {
    case 'seldon':
      return { body: jsonPayload(bytes), headers: CLIENT_HEADERS };
    case 'v2':
      return { body: v2Json(bytes), headers: CLIENT_HEADERS };
    case 'v2-binary': {
      const { body, headBytes } = v2Binary(bytes);
      const others = CLIENT_HEADERS.filter(([name]) => name !== 'content-type');
      return {
        body,
        headers: [
          ...others,
          ['content-type', 'application/octet-stream'],
          ['inference-header-content-length', String(headBytes)],
        ],
      };
    }
  }
}

/** `{"data":{"ndarray":[[…]]}}` of about `bytes` bytes. */
function jsonPayload(bytes: number): Buffer {
  const numbers = numbersFor(bytes - '{"data":{"ndarray":[[]]}}'.length);
  return Buffer.from(`{"data":{"ndarray":[[${numbers.join(',')}]]}}`);
}

/** Numbers of seven digits and a comma that fill so many bytes. */
function numbersFor(bytes: number): string[] {
  return Array.from({ length: Math.max(1, Math.ceil(bytes / 8)) }, (_, at) =>
    (1 + (at % 9000) / 10_000).toFixed(5),
  );
}

const V2_HEAD = '{"inputs":[{"name":"x","datatype":"FP64","shape":[1,';

function v2Json(bytes: number): Buffer {
  const numbers = numbersFor(bytes - `${V2_HEAD}00],"data":[]}]}`.length);
  return Buffer.from(`${V2_HEAD}${numbers.length}],"data":[${numbers.join(',')}]}]}`);
}

function v2Binary(bytes: number): { body: Buffer; headBytes: number } {
  const frame = `${V2_HEAD}00],"parameters":{"binary_data_size":000}}]}`.length;
  const values = doublesFor(bytes - frame);
  const head = `${V2_HEAD}${values.length / 8}],"parameters":{"binary_data_size":${values.length}}}]}`;
  return { body: Buffer.concat([Buffer.from(head), values]), headBytes: head.length };
}

/** Doubles that fill so many bytes, one at least. */
function doublesFor(bytes: number): Buffer {
  const count = Math.max(1, Math.floor(bytes / 8));
  const values = Buffer.alloc(count * 8);
  for (let i = 0; i < count; i++) values.writeDoubleLE(1 + i / 10, i * 8);
  return values;
}

/** A message of about `bytes` bytes with a tensor of shape [1, n]. */
export function protoPayload(kind: PayloadKind, bytes: number): Buffer {
  return kind === 'seldon' ? seldonMessage(bytes) : v2Message(bytes);
}

function seldonMessage(bytes: number): Buffer {
  const values = doublesFor(bytes - 14);
  const shape = bytesField(1, varint(1), varint(values.length / 8));
  return bytesField(3, bytesField(2, shape, bytesField(2, values)));
}

/** A ModelInferRequest with typed contents: its bytes are a ModelInferResponse too, so the stub may echo it. */
function v2Message(bytes: number): Buffer {
  const values = doublesFor(bytes - 22);
  const tensor = [
    bytesField(1, Buffer.from('x')),
    bytesField(2, Buffer.from('FP64')),
    bytesField(3, varint(1), varint(values.length / 8)),
    bytesField(5, bytesField(7, values)),
  ];
  return bytesField(5, ...tensor);
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
