// What the code itself costs without a kernel: frames in, frames out, through a socket in memory.
// `node extproc/transport/codec.bench.ts` prints CPU µs per exchange (headers and body at once, then a reset; 16 streams a read).
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { BodyPool } from '../contract/bodies.ts';
import { HeldBytes } from '../contract/held-bytes.ts';
import type { Exchange } from '../contract/exchange.ts';
import { FilterStream } from './filter-stream.ts';
import type { FilterContext } from './filter-stream.ts';
import {
  FLAG,
  FRAME,
  PREFACE,
  SETTING,
  buildFrame,
  buildSettings,
} from '../../lib/codecs/http2/frames.ts';
import { ServerSession } from './http2/session.ts';
import { MemorySocket } from './testing/memory-socket.ts';
import { loadExtProc } from './testing/reference/wire.ts';

const STREAMS = 16;
const ROUNDS = 12_000;
const INTERNAL_ERROR = Buffer.from([0, 0, 0, 2]);

const serialize = loadExtProc().service['Process']?.requestSerialize ?? (() => Buffer.alloc(0));

function framed(message: object): Buffer {
  const bytes = serialize(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const HEADERS = framed({
  request_headers: {
    headers: {
      headers: Object.entries({
        ':method': 'POST',
        ':authority': 'models.example.com',
        ':path': '/api/v1.0/predictions',
        'content-type': 'application/json',
        'content-length': '100',
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)',
        accept: 'application/json, text/plain, */*',
        'accept-encoding': 'gzip, deflate, br',
        authorization: `Bearer ${'x'.repeat(200)}`,
        'x-forwarded-for': '10.1.2.3',
        'x-forwarded-proto': 'http',
        'x-request-id': '8b9a2c1e-3b5d-4f7a-9c1d-2e3f4a5b6c7d',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      }).map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
    },
  },
  attributes: {
    'envoy.filters.http.ext_proc': {
      fields: { 'xds.route_name': { stringValue: '0123456789abcdef/predict-rest' } },
    },
  },
});
const BODY = framed({ request_body: { body: Buffer.alloc(100, '1'), end_of_stream: true } });

function answer(exchange: Exchange): void {
  exchange.headers.http1Block(false);
  const { body, contentType } = exchange.message;
  exchange.reply({
    kind: 'tail',
    key: 'model/predict/rest',
    path: '/predict',
    message: {
      body: body.subarray(0),
      contentType,
      layout: undefined,
      contentEncoding: undefined,
      head: undefined,
    },
    routing: '',
  });
}

const socket = new MemorySocket();
const context: FilterContext = {
  router: {
    open: () => ({
      grpc: false,
      maxBodyBytes: 1 << 20,
      dialect: SELDON,
      handle: answer,
      release: () => {},
    }),
  },
  log: { error: console.error },
  held: new HeldBytes(1 << 28),
  bodies: new BodyPool(),
};
const session = new ServerSession(
  socket.asSocket(),
  (stream, owner) => new FilterStream(context, stream, owner),
  () => {},
);
const window = Buffer.from([0x3f, 0xff, 0, 0]);
const settings = buildSettings([[SETTING.INITIAL_WINDOW_SIZE, 1 << 24]]);
socket.receive(Buffer.concat([PREFACE, settings, buildFrame(FRAME.WINDOW_UPDATE, 0, 0, window)]));

let nextId = 1;
for (const name of ['warm up', 'measured']) {
  let micros = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const reads: Buffer[][] = [[], []];
    for (let index = 0; index < STREAMS; index++, nextId += 2) {
      reads[0]?.push(buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, nextId, Buffer.from([0x83])));
      reads[0]?.push(buildFrame(FRAME.DATA, 0, nextId, HEADERS));
      reads[0]?.push(buildFrame(FRAME.DATA, 0, nextId, BODY));
      reads[1]?.push(buildFrame(FRAME.RST_STREAM, 0, nextId, INTERNAL_ERROR));
    }
    const chunks = reads.map((frames) => Buffer.concat(frames));
    const before = process.cpuUsage();
    for (const chunk of chunks) socket.receive(chunk);
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
    await new Promise((resolve) => setImmediate(resolve));
    socket.written();
  }
  console.log(`${name}: ${(micros / (ROUNDS * STREAMS)).toFixed(2)} µs per exchange`);
}
session.destroy();
