// Throws random and nearly valid bytes at everything that reads what a peer sent, and holds the byte-level code against
// its plain reference. `node extproc/transport/testing/fuzz.ts --iterations N --seed S` runs offline for as long as one likes; the
// tests run a few thousand iterations. Nothing may throw, hang, read outside its bytes or forget a stream.
import { SELDON } from '../../../dialects/seldon/dialect.ts';
import { parseArgs } from 'node:util';
import { BodyPool } from '../../contract/bodies.ts';
import { HeldBytes } from '../../contract/held-bytes.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Router } from '../../contract/program.ts';
import { PHASE, decodeRequest, newRequestParts } from '../codec/decode.ts';
import { FilterStream } from '../filter-stream.ts';
import type { FilterContext } from '../filter-stream.ts';
import { RawRequestHeaders } from '../headers.ts';
import { FRAME, PREFACE, buildFrame, buildSettings } from '../../../lib/codecs/http2/frames.ts';
import { ServerSession } from '../http2/session.ts';
import { MemorySocket } from './memory-socket.ts';
import { PlainRequestHeaders } from './reference/plain-headers.ts';
import { loadExtProc } from './reference/wire.ts';

type Random = (below: number) => number;

const serialize = loadExtProc().service['Process']?.requestSerialize ?? (() => Buffer.alloc(0));

/** Runs `iterations` of every target; throws at the first that fails, with its seed. */
export function fuzz(iterations: number, seed: number): void {
  for (let iteration = 0; iteration < iterations; iteration++) {
    const own = seed + iteration;
    const random = randomOf(own);
    try {
      fuzzHeaders(random);
      fuzzDecode(random);
      fuzzSession(random);
    } catch (error) {
      throw new Error(`failed with --iterations 1 --seed ${own}`, { cause: error });
    }
  }
}

/** A small generator (xorshift32) that gives the same numbers for the same seed everywhere. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NAMES = (
  ':path :authority host te x-a accept cookie set-cookie user-agent content-type content-length content-encoding ' +
  'accept-encoding seldon-routing x-envoy-peer x-envoy x-sidegraph-unit grpc-timeout transfer-encoding via ' +
  'connection keep-alive expect traceparent x-b3-traceid bad\tname Upper with:colon ünicode trailer'
).split(' ');

/** Random headers through the byte-level code and through its reference. */
function fuzzHeaders(random: Random): void {
  const headers = Array.from({ length: random(12) }, () => ({
    key: NAMES[random(NAMES.length)] ?? '',
    raw_value: randomValue(random),
  }));
  const bytes = serialize({ request_headers: { headers: { headers }, end_of_stream: true } });
  const parts = newRequestParts();
  check(decodeRequest(bytes, 0, bytes.length, parts), 'a valid message is read');
  const raw = new RawRequestHeaders(bytes, parts.start, parts.end);
  const plain = new PlainRequestHeaders(
    headers.map(({ key, raw_value }) => ({ key: Buffer.from(key).toString('latin1'), raw_value })),
  );
  if (random(2) === 0) {
    raw.replaceTrace();
    plain.replaceTrace();
  }
  check(raw.http1Block(false).equals(plain.http1Block(false)), 'the same HTTP/1.1 block');
  check(raw.http1Block(true).equals(plain.http1Block(true)), 'the same readable block');
  check(raw.hpackBlock().equals(plain.hpackBlock()), 'the same HPACK block');
  for (const name of NAMES) check(raw.find(name) === plain.find(name), `the same ${name}`);
}

function randomValue(random: Random): Buffer {
  const bytes = Buffer.alloc([0, 5, 126, 127, 128, 300, 20_000][random(7)] ?? 0);
  // Mostly text; now and then any byte, CR, LF and NUL among them.
  const wild = random(4) === 0;
  for (let at = 0; at < Math.min(bytes.length, 300); at++)
    bytes[at] = wild ? random(256) : 32 + random(95);
  if (bytes.length > 300) bytes.fill(0x61, 300);
  return bytes;
}

/** Broken ProcessingRequests: read without a throw, with offsets inside the bytes. */
function fuzzDecode(random: Random): void {
  const bytes = mutate(random, randomMessage(random));
  const start = random(3);
  const parts = newRequestParts();
  if (start > bytes.length || !decodeRequest(bytes, start, bytes.length, parts)) return;
  check(parts.start <= parts.end && parts.end <= bytes.length, 'offsets inside');
  check(parts.phase === PHASE.NONE || parts.start >= start, 'offsets inside');
  check(parts.routeStart <= parts.routeEnd && parts.routeEnd <= bytes.length, 'offsets inside');
  const headers = new RawRequestHeaders(bytes, parts.start, parts.end);
  headers.find('content-type');
  const lines = headers.http1Block(false).toString('latin1').split('\r\n');
  for (const line of lines.slice(0, -1))
    check(/^[^\r\n\0:]+: [^\r\n\0]*$/.test(line), 'whole lines');
  headers.hpackBlock();
}

/** A message of some phase. */
function randomMessage(random: Random): Buffer {
  const headers = [{ key: 'content-type', raw_value: Buffer.from('application/json') }];
  const end_of_stream = random(3) === 0;
  const route = ['rest', 'grpc', 'none'][random(3)] ?? '';
  const fields = { 'xds.route_name': { stringValue: route } };
  const attributes = { 'envoy.filters.http.ext_proc': { fields } };
  const body = Buffer.alloc([0, 5, 11, 300, 70_000][random(5)] ?? 0);
  if (body.length >= 5) body.writeUInt32BE(body.length - 5, 1);
  switch (random(8)) {
    case 0:
    case 1:
    case 2:
      return serialize({ request_headers: { headers: { headers }, end_of_stream }, attributes });
    case 3:
    case 4:
      return serialize({ request_body: { body, end_of_stream } });
    case 5:
      return serialize({ request_trailers: { trailers: { headers } } });
    case 6:
      return serialize({ response_headers: { headers: { headers }, end_of_stream } });
    default:
      return serialize({ response_body: { body, end_of_stream } });
  }
}

/** A connection of valid, mutated and random frames, cut anywhere, to a whole session with its streams. */
function fuzzSession(random: Random): void {
  const held = new HeldBytes(100_000);
  const context: FilterContext = {
    router: routerOf(random),
    log: SILENT,
    held,
    bodies: new BodyPool(),
  };
  const socket = new MemorySocket();
  let closed = 0;
  opened = 0;
  released = 0;
  waiting = [];
  const session = new ServerSession(
    socket.asSocket(),
    (stream, owner) => new FilterStream(context, stream, owner),
    () => closed++,
  );
  const frames: Buffer[] = [
    PREFACE,
    buildSettings([[4, [0, 10, 65_535, 1 << 24][random(4)] ?? 0]]),
  ];
  const count = random(20);
  let nextId = 1;
  for (let index = 0; index < count; index++) {
    if (random(3) === 0) {
      frames.push(buildFrame(FRAME.HEADERS, random(8) === 0 ? 5 : 4, nextId, Buffer.from([0x83])));
      nextId += 2;
    }
    frames.push(...randomFrames(random, nextId));
  }
  let bytes: Buffer = Buffer.concat(frames);
  if (random(3) === 0) bytes = mutate(random, bytes);
  for (let at = 0; at < bytes.length; ) {
    const take = 1 + random([2, 30, 1000, 100_000][random(4)] ?? 1);
    // A copy, as each read of a socket gives its own buffer.
    socket.receive(Buffer.from(bytes.subarray(at, at + take)));
    at += take;
    if (random(4) === 0) waiting.shift()?.();
  }
  if (random(2) === 0) for (const reply of waiting) reply();
  session.destroy();
  for (const reply of waiting) reply();
  check(closed === 1, 'a session ends once');
  check(held.bytes === 0, 'no bytes are held after the end');
  check(opened === released, 'every stream is released once');
}

function randomFrames(random: Random, nextId: number): Buffer[] {
  const id = nextId > 1 && random(10) > 0 ? 1 + 2 * random((nextId - 1) / 2) : random(nextId + 3);
  switch (random(12)) {
    case 0:
      return [buildFrame(FRAME.RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8]))];
    case 1:
      return [buildFrame(FRAME.DATA, 1, id, Buffer.alloc(0))];
    case 2:
      return [
        buildFrame(FRAME.WINDOW_UPDATE, 0, random(2) * id, Buffer.from([0, random(128), 0, 1])),
      ];
    case 3:
      return [buildFrame(FRAME.PING, random(2), 0, Buffer.alloc(8, random(256)))];
    case 4:
      return [
        buildSettings([[1 + random(6), [0, 1, 100, 16_384, 65_536, 2 ** 31][random(6)] ?? 0]]),
      ];
    case 5:
      return [buildFrame(random(12), random(256), id, Buffer.alloc(random(20), random(256)))];
    default: {
      const message = randomMessage(random);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      const bytes = Buffer.concat([head, message]);
      const size = [3, 100, 16_384][random(3)] ?? 100;
      const limit = Math.min(bytes.length, size * 50);
      const frames: Buffer[] = [];
      for (let at = 0; at < limit; at += size) {
        const piece = bytes.subarray(at, at + size);
        const padding = random(4) === 0 && piece.length < 16_000 ? random(200) : -1;
        const padded = Buffer.concat([
          Buffer.from([padding]),
          piece,
          Buffer.alloc(Math.max(0, padding)),
        ]);
        frames.push(
          padding < 0
            ? buildFrame(FRAME.DATA, 0, id, piece)
            : buildFrame(FRAME.DATA, 8, id, padded),
        );
      }
      return frames;
    }
  }
}

/** Flips, cuts, doubles or replaces some bytes. */
function mutate(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let times = random(4); times > 0 && copy.length > 0; times--)
    copy[random(copy.length)] = random(256);
  switch (random(4)) {
    case 0:
      return copy.subarray(0, random(copy.length + 1));
    case 1:
      return Buffer.concat([
        copy.subarray(0, random(copy.length + 1)),
        copy.subarray(random(copy.length + 1)),
      ]);
    default:
      return copy;
  }
}

const SILENT = { error: () => {} };
let opened = 0;
let released = 0;
let waiting: (() => void)[] = [];

/** Replies at once or later, with every kind of outcome, or throws. */
function routerOf(random: Random): Router {
  return {
    open: (routeName) => {
      if (routeName !== 'rest' && routeName !== 'grpc') return undefined;
      opened++;
      return {
        grpc: routeName === 'grpc',
        maxBodyBytes: 50_000,
        dialect: SELDON,
        handle: (exchange) => {
          if (random(20) === 0) throw new Error('a bug');
          if (random(2) === 0) replyAny(random, exchange);
          else waiting.push(() => replyAny(random, exchange));
        },
        release: () => released++,
      };
    },
  };
}

function replyAny(random: Random, exchange: Exchange): void {
  const { message } = exchange;
  const other = { ...message, body: Buffer.alloc([0, 7, 70_000][random(3)] ?? 0) };
  const routing = random(2) === 0 ? '' : '{"r":1}';
  switch (random(4)) {
    case 0:
      exchange.reply({ kind: 'response', status: 200, message: other, routing });
      return;
    case 1:
      exchange.reply({ kind: 'error', code: 'UNIT_RESET', info: 'x', routing });
      return;
    case 2:
      exchange.reply({
        kind: 'grpc-error',
        grpcStatus: 5,
        grpcMessage: 'x',
        head: undefined,
        routing,
      });
      return;
    default:
      exchange.reply({
        kind: 'tail',
        key: 'm/predict/rest',
        path: '/predict',
        message: random(2) === 0 ? message : other,
        routing,
      });
  }
}

function check(right: boolean, text: string): void {
  if (!right) throw new Error(`not so: ${text}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      iterations: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const iterations = Number(values.iterations);
  const seed = Number(values.seed);
  const step = 10_000;
  for (let done = 0; done < iterations; done += step) {
    fuzz(Math.min(step, iterations - done), seed + done);
    console.log(`${Math.min(done + step, iterations)} of ${iterations}`);
  }
}
