// What one request costs the filter's process, all in: `node extproc/transport/filter-server.bench.ts [reference]`. A second
// process plays Envoy over a unix socket (headers and body at once, then a reset) with 1, 16 and 64 streams at a time; the
// numbers are CPU µs of this process per exchange (user and system) and the rate.
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { COLLECTED } from '../contract/bodies.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Router } from '../contract/program.ts';
import {
  FLAG,
  FRAME,
  PREFACE,
  SETTING,
  buildFrame,
  buildSettings,
} from '../../lib/codecs/http2/frames.ts';
import { FrameReader } from '../../lib/codecs/http2/reader.ts';
import { MessageSplitter } from './messages.ts';
import type { MessageSink } from './messages.ts';
import { CHUNK_BYTES } from './reply.ts';
import { startFilterServer } from './server.ts';
import { tempDir } from './testing/real-envoy.ts';
import { loadExtProc } from './testing/reference/wire.ts';
import { startReferenceServer } from './testing/reference/server.ts';

const SECONDS = 2;
const BODIES = [100, 10_000, 220_000];
const STREAMS = [1, 16, 64];

/** POST, http, the path of the method and the content type, as literals without indexing. */
const METHOD = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
const REQUEST_HEADERS = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x04, METHOD.length]),
  Buffer.from(METHOD, 'latin1'),
  Buffer.from([0x01, 1, 0x78, 0x0f, 0x10, 16]),
  Buffer.from('application/grpc', 'latin1'),
]);

interface Job {
  readonly path: string;
  readonly streams: number;
  readonly bodyBytes: number;
  readonly seconds: number;
}

async function measure(reference: boolean): Promise<void> {
  const dir = tempDir();
  const path = join(dir.path, 'filter.sock');
  const start = reference ? startReferenceServer : startFilterServer;
  const log = { error: console.error };
  const server = await start({
    listen: { path },
    router,
    maxHeldBytes: 1 << 28,
    log,
    drainMs: 100,
  });
  const client = fork(import.meta.filename, ['client']);
  const ask = (job: Job) =>
    new Promise<number>((resolve) => {
      client.once('message', resolve);
      client.send(job);
    });
  console.log(reference ? 'reference (grpc-js)' : 'filter server');
  for (const bodyBytes of BODIES) {
    for (const streams of STREAMS) {
      await ask({ path, streams, bodyBytes, seconds: 0.5 });
      const before = process.cpuUsage();
      const exchanges = await ask({ path, streams, bodyBytes, seconds: SECONDS });
      const { user, system } = process.cpuUsage(before);
      const cost = ((user + system) / exchanges).toFixed(1);
      const share = ((100 * system) / (user + system)).toFixed(0);
      const rate = Math.round(exchanges / SECONDS);
      console.log(`${bodyBytes} B, ${streams} streams: ${cost} µs (${share} % system), ${rate}/s`);
    }
  }
  client.kill();
  await server.close();
  dir.remove();
}

/** Hands every request to a unit with a body of the same size, as a chain of two does. */
const router: Router = {
  open: () => ({
    grpc: false,
    maxBodyBytes: 1 << 26,
    dialect: SELDON,
    handle: answer,
    release: () => {},
  }),
};

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

/** One stream of the client: over when the headers' reply and the last chunk of the body are in. */
class ClientStream implements MessageSink {
  readonly splitter = new MessageSplitter(this);
  readonly lend = COLLECTED.lend;
  #repliesLeft: number;
  readonly #over: () => void;

  constructor(replies: number, over: () => void) {
    this.#repliesLeft = replies;
    this.#over = over;
  }

  wants(): boolean {
    return true;
  }

  take(): void {
    if (--this.#repliesLeft === 0) this.#over();
  }
}

/** Plays exchanges for some time; returns how many. */
function drive({ path, streams, bodyBytes, seconds }: Job): Promise<number> {
  const [headers, body] = requestMessages(bodyBytes);
  const socket = connect(path);
  const open = new Map<number, ClientStream>();
  let exchanges = 0;
  let nextId = 1;
  let out: Buffer[] = [];
  let current: ClientStream | undefined;
  let credit = 0;
  const begin = () => {
    const id = nextId;
    nextId += 2;
    const stream = new ClientStream(1 + Math.ceil(bodyBytes / CHUNK_BYTES), () => {
      out.push(buildFrame(FRAME.RST_STREAM, 0, id, Buffer.from([0, 0, 0, 2])));
      open.delete(id);
      exchanges++;
      begin();
    });
    open.set(id, stream);
    out.push(buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, id, REQUEST_HEADERS));
    out.push(data(id, headers), data(id, body));
  };
  const reader = new FrameReader(
    {
      dataStart: (id, bytes) => {
        current = open.get(id);
        credit += bytes;
        return 0;
      },
      dataPiece: (chunk, start, end) => (current?.splitter.push(chunk, start, end) ? 0 : 1),
      dataEnd: () => 0,
      frame: () => 0,
    },
    1 << 20,
  );
  const flush = () => {
    if (credit > 1 << 22) {
      out.push(window(credit));
      credit = 0;
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
    out = [];
  };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (reader.push(chunk as Buffer, 0) !== 0) reject(new Error('the server sent no HTTP/2'));
      flush();
    });
    out.push(PREFACE, buildSettings([[SETTING.INITIAL_WINDOW_SIZE, 1 << 24]]), window(1 << 28));
    for (let index = 0; index < streams; index++) begin();
    flush();
    setTimeout(() => {
      socket.destroy();
      resolve(exchanges);
    }, seconds * 1000);
  });
}

function window(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return buildFrame(FRAME.WINDOW_UPDATE, 0, 0, payload);
}

/** A message as DATA frames, with its five bytes. */
function data(id: number, message: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_384) {
    frames.push(buildFrame(FRAME.DATA, 0, id, message.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

/** The two messages that Envoy sends for a POST with ten ordinary headers. */
function requestMessages(bodyBytes: number): [Buffer, Buffer] {
  const serialize = loadExtProc().service['Process']?.requestSerialize ?? (() => Buffer.alloc(0));
  const list = {
    ':scheme': 'http',
    ':method': 'POST',
    ':authority': 'models.example.com',
    ':path': '/api/v1.0/predictions',
    'content-type': 'application/json',
    'content-length': String(bodyBytes),
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    accept: 'application/json, text/plain, */*',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    'cache-control': 'no-cache',
    authorization: `Bearer ${'x'.repeat(200)}`,
    'x-forwarded-for': '10.1.2.3',
    'x-forwarded-proto': 'http',
    'x-request-id': '8b9a2c1e-3b5d-4f7a-9c1d-2e3f4a5b6c7d',
    'seldon-puid': '8b9a2c1e-3b5d-4f7a-9c1d-2e3f4a5b6c7d',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };
  const headers = Object.entries(list).map(([key, value]) => ({
    key,
    raw_value: Buffer.from(value),
  }));
  const fields = { 'xds.route_name': { stringValue: '0123456789abcdef/predict-rest' } };
  const messages = [
    {
      request_headers: { headers: { headers } },
      attributes: { 'envoy.filters.http.ext_proc': { fields } },
      protocol_config: { request_body_mode: 4 },
    },
    { request_body: { body: Buffer.alloc(bodyBytes, '1'), end_of_stream: true } },
  ].map((message) => {
    const bytes = serialize(message);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  });
  return messages as [Buffer, Buffer];
}

if (process.argv[2] === 'client') {
  process.on('message', (job: Job) => {
    void drive(job).then((exchanges) => process.send?.(exchanges));
  });
} else {
  await measure(process.argv[2] === 'reference');
}
