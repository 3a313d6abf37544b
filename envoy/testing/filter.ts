// A stub of the ext_proc filter for the tests of this folder: it names one unit for every REST request, or does as the
// header `x-filter` of the request says. It speaks just enough protobuf to do so; the real filter is `extproc/`.
import { type ServerHttp2Session, type ServerHttp2Stream, createServer } from 'node:http2';
import {
  LENGTH_HEADER,
  METADATA_NAMESPACE,
  METADATA_ROUTING,
  UNIT_HEADER,
} from '../../graph/plan/names.ts';

export interface StubFilter {
  close(): Promise<void>;
}

export interface Tail {
  readonly key: string;
  readonly path: string;
  readonly body: string;
  readonly routing: string;
}

// Field numbers of envoy.service.ext_proc.v3 and the messages in it.
const REQUEST_HEADERS = 2;
const REQUEST_BODY = 4;
const HEADERS_REPLY = 1;
const BODY_REPLY = 3;
const IMMEDIATE_RESPONSE = 7;
const DYNAMIC_METADATA = 8;

/** Serves on a unix socket. Header `x-filter`: `answer-503` answers itself, `hang` never answers, `lost` names nobody. */
export function startFilter(socketPath: string, tail: Tail): Promise<StubFilter> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    let pending: Buffer = Buffer.alloc(0);
    let mode = '';
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
    stream.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
        const end = 5 + pending.readUInt32BE(1);
        const request = pending.subarray(5, end);
        pending = pending.subarray(end);
        if (request.indexOf(tagOf(REQUEST_HEADERS, 2)) === 0) {
          mode = /answer-503|hang|lost/.exec(request.toString('latin1'))?.[0] ?? '';
        } else if (request.indexOf(tagOf(REQUEST_BODY, 2)) === 0) {
          answer(stream, mode, tail);
        }
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(socketPath, () =>
      resolve({
        close: async () => {
          for (const session of sessions) session.destroy();
          await new Promise((done) => server.close(done));
        },
      }),
    );
  });
}

function answer(stream: ServerHttp2Stream, mode: string, tail: Tail): void {
  switch (mode) {
    case 'hang':
      return;
    case 'answer-503':
      send(
        stream,
        field(
          IMMEDIATE_RESPONSE,
          field(1, varint(1, 503)),
          field(3, Buffer.from('from the filter')),
          field(5, Buffer.from('sidegraph')),
        ),
      );
      return;
    default: {
      const key = mode === 'lost' ? 'nobody/predict/rest' : tail.key;
      const common = Buffer.concat([
        field(
          2,
          setHeader(UNIT_HEADER, key),
          setHeader(':path', tail.path),
          setHeader(LENGTH_HEADER, String(Buffer.byteLength(tail.body))),
        ),
        varint(5, 1),
      ]);
      send(
        stream,
        field(HEADERS_REPLY, field(1, common)),
        field(
          DYNAMIC_METADATA,
          entry(
            METADATA_NAMESPACE,
            field(5, entry(METADATA_ROUTING, field(3, Buffer.from(tail.routing)))),
          ),
        ),
      );
      const chunk = Buffer.concat([field(1, Buffer.from(tail.body)), varint(2, 1)]);
      send(stream, field(BODY_REPLY, field(1, field(3, field(3, chunk)))));
    }
  }
}

/** One entry of a `Struct`: `fields { key, value }`. */
function entry(key: string, value: Buffer): Buffer {
  return field(1, field(1, Buffer.from(key)), field(2, value));
}

/** `HeaderMutation.set_headers` with `raw_value`. */
function setHeader(name: string, value: string): Buffer {
  return field(1, field(1, field(1, Buffer.from(name)), field(3, Buffer.from(value))));
}

function send(stream: ServerHttp2Stream, ...parts: readonly Buffer[]): void {
  const message = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([head, message]));
}

function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([tagOf(number, 2), base128(body.length), body]);
}

function varint(number: number, value: number): Buffer {
  return Buffer.concat([tagOf(number, 0), base128(value)]);
}

function tagOf(number: number, wireType: number): Buffer {
  return base128((number << 3) | wireType);
}

function base128(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
