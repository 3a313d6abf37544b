// A process that does one thing many times and prints how much of it was promoted to V8's old generation, bytes a time (median of some dozen looks):
// `node old-space.ts requests|overlapping|'rest calls'|'grpc calls'`. Of a request hardly anything should be: what is promoted is freed by a full collection only.
import { unitNameOf } from '../../graph/plan/queries.ts';
import { join } from 'node:path';
import { getHeapSpaceStatistics } from 'node:v8';
import '../../dialects/testing/load-messages.ts';
import { Http1Client } from '../client/http1/client.ts';
import { Http2Client } from '../client/http2/client.ts';
import { requestOf } from '../client/testing/calling.ts';
import { clientRun, startStub } from '../client/testing/measure.ts';
import type { Router } from '../contract/program.ts';
import { PREFACE, buildSettings } from '../../lib/codecs/http2/frames.ts';
import { createFilterServer, startFilterServer } from '../transport/server.ts';
import { startEnvoyLoad } from '../transport/testing/envoy-load.ts';
import {
  requestFrames,
  requestMessages,
  resetFrame,
  windowFrame,
} from '../transport/testing/envoy-messages.ts';
import { MemorySocket } from '../transport/testing/memory-socket.ts';
import { tempDir } from '../transport/testing/real-envoy.ts';
import { fakeClient, jsonResponse, planOf } from '../walk/testing/fake-units.ts';
import { compileProgram } from '../walk/program.ts';

/** Does it some hundred times; how often. */
type Step = () => Promise<number>;

const STEPS = 41;
/** Until everything that is compiled and cached is there. */
const WARM_UP_STEPS = 30;
/** So short that few of them meet a full collection, which hides what was promoted. */
const STEP_CALLS = 600;
const BODY = Buffer.from('{"data":{"ndarray":[[1,2,3,4]]}}');
const OPEN_STREAMS = 16;

const log = { error: console.error, warn: console.error };

/** A chain of two whose units are no sockets. */
function chain(): Router {
  const response = jsonResponse('{"data":{"ndarray":[[5]]}}');
  const plan = planOf({
    name: 'scaler',
    type: 'TRANSFORMER',
    children: [{ name: 'model', type: 'MODEL' }],
  });
  const program = compileProgram(plan, {
    clientFor: ({ unit, transport }) =>
      fakeClient(
        unitNameOf(plan, unit),
        transport,
        (_asked, done) => void setImmediate(() => done(response)),
      ),
    random: Math.random,
    log,
  });
  const route = { ...program.route('predict-rest'), release: () => {} };
  return { open: () => route };
}

/** Requests of another process, one after the other on each of 16 streams, without a pause. */
async function requests(): Promise<Step> {
  const path = join(tempDir().path, 'filter.sock');
  const { open } = chain();
  let count = 0;
  const router: Router = {
    open: (name) => {
      count++;
      return open(name);
    },
  };
  await startFilterServer({ router, listen: { path }, maxHeldBytes: 1 << 26, log });
  const load = startEnvoyLoad();
  process.once('exit', load.stop);
  void load.run({ path, streams: 16, bodyBytes: 100, seconds: 60 });
  return async () => {
    const end = count + STEP_CALLS;
    while (count < end) await new Promise((resolve) => setImmediate(resolve));
    return STEP_CALLS;
  };
}

/** The same without a socket, and each stream stays open while 16 others begin. */
function overlapping(): Step {
  const server = createFilterServer({ router: chain(), maxHeldBytes: 1 << 26, log });
  const socket = new MemorySocket();
  server.take(socket.asSocket());
  socket.receive(Buffer.concat([PREFACE, buildSettings([]), windowFrame(1 << 30)]));
  const messages = requestMessages('any', BODY);
  let id = 1;
  return async () => {
    for (let done = 0; done < STEP_CALLS; done++, id += 2) {
      socket.receive(Buffer.concat(requestFrames(id, messages)));
      if (done % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (id > 2 * OPEN_STREAMS) socket.receive(resetFrame(id - 2 * OPEN_STREAMS));
      socket.written();
    }
    return STEP_CALLS;
  };
}

/** Calls to a unit that is another process. */
async function calls(transport: 'rest' | 'grpc'): Promise<Step> {
  const folder = transport === 'rest' ? 'http1' : 'http2';
  const stub = new URL(`../client/${folder}/stub.bench.ts`, import.meta.url);
  const { child, port } = await startStub(stub, 100);
  process.once('exit', () => child.kill());
  const host = `127.0.0.1:${port}`;
  const options = { address: { kind: 'tcp', host: '127.0.0.1', port }, host } as const;
  const client = transport === 'rest' ? new Http1Client(options) : new Http2Client(options);
  const path = transport === 'rest' ? '/predict' : '/seldon.protos.Model/Predict';
  const contentType = transport === 'rest' ? 'application/json' : undefined;
  const request = requestOf({ path, contentType, body: Buffer.alloc(100, 'y'), timeoutMs: 5000 });
  const run = clientRun(client, request, 16);
  return async () => {
    await run(STEP_CALLS);
    return STEP_CALLS;
  };
}

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

const STEPS_OF: Readonly<Record<string, () => Step | Promise<Step>>> = {
  requests,
  overlapping,
  'rest calls': () => calls('rest'),
  'grpc calls': () => calls('grpc'),
};
const what = process.argv[2] ?? '';
const open = STEPS_OF[what];
if (open === undefined) throw new Error(`no such thing to do: "${what}"`);
const step = await open();
for (let at = 0; at < WARM_UP_STEPS; at++) await step();
const promoted: number[] = [];
let count = 0;
for (let at = 0; at < STEPS; at++) {
  const before = oldBytes();
  const times = await step();
  promoted.push((oldBytes() - before) / times);
  count += times;
}
// What is promoted of each request is so in most steps; what happens once, as compilation does, is not.
const median = promoted.toSorted((a, b) => a - b)[STEPS >> 1] ?? Number.NaN;
process.stdout.write(`${Math.round(median)} ${count}\n`, () => process.exit(0));
