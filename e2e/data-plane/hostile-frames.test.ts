// Connections inside of Sidegraph carry the requests of many clients. What one client may do with its own HTTP/2 connection (bodies byte by byte,
// streams left by the thousand, streams given up at once) never ends one of those: everybody else is answered all the
// while, and in time.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { FLAG, FRAME, H2_ERROR, buildFrame } from '../../lib/codecs/http2/frames.ts';
import { assertUnharmed, type Bystander, startBystander } from '../harness/bystander.ts';
import { PREDICT, ask, askGrpc } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { headerBlock, openRawHttp2 } from '../harness/raw-http2.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { frameGrpc, startGrpcUnit } from '../harness/unit.ts';

const QUIET_MS = 1500;
const ATTACK_MS = 3000;
/** Between a response and the bystander's next request: the attack has the machine's two cores as well. */
const PAUSE_MS = 5;
/** What Envoy counts when it ends a connection for what waits on it, or one behind the front for the streams that were given up on it. */
const ENDED =
  /^cluster\.(?:.*outbound_\w*flood|.*predictor.*destroy.*with_active_rq): [1-9]|^http\.ingress_[ab]\.\S*premature_resets: [1-9]/m;

const walk = (port: number): Node => ({
  name: 't',
  type: 'TRANSFORMER',
  port,
  children: [model('m', port)],
});

const DEPLOYMENTS: Readonly<Record<string, (port: number) => object>> = {
  'one predictor': (port) => deployment(walk(port)),
  'two predictors': (port) =>
    deployment([
      { name: 'a', traffic: 50, graph: walk(port) },
      { name: 'b', traffic: 50, graph: walk(port) },
    ]),
};

/** Starts an attack; what it returns ends it. */
type Attack = (port: number) => () => void;

const HEADERS = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'a',
  ':path': PREDICT,
  'content-type': 'application/json',
};
const BLOCK = headerBlock(HEADERS);

/** 60,000 bytes fit the window of a new stream; then the next connection has its turn. */
const byteByByte: Attack = (port) => {
  const bytes = Buffer.concat(
    Array.from({ length: 60_000 }, () => buildFrame(FRAME.DATA, 0, 1, Buffer.from(' '))),
  );
  const sockets: net.Socket[] = [];
  const more = (): void => {
    sockets.shift()?.destroy();
    const socket = openRawHttp2(port);
    socket.write(buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, 1, BLOCK));
    socket.write(bytes);
    sockets.push(socket);
  };
  for (let at = 0; at < 4; at++) more();
  const timer = setInterval(more, 500);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
};

/** 5,120 requests that never end, left in one moment. */
const leftAtOnce: Attack = (port) => {
  const sessions = Array.from({ length: 20 }, () => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    for (let at = 0; at < 256; at++) {
      const stream = session.request(HEADERS);
      stream.on('error', () => undefined);
      stream.write(' ');
    }
    return session;
  });
  const leave = (): void => {
    for (const session of sessions) session.destroy();
  };
  const timer = setTimeout(leave, ATTACK_MS / 2);
  return () => {
    clearTimeout(timer);
    leave();
  };
};

/** Requests that are taken back once they are under way: 20 of each connection, which no server would mind. */
const takenBack: Attack = (port) => {
  const cancel = Buffer.from([0, 0, 0, H2_ERROR.CANCEL]);
  const timer = setInterval(() => {
    const socket = openRawHttp2(port);
    const ids = Array.from({ length: 20 }, (_, at) => 2 * at + 1);
    const each = (frame: (id: number) => Buffer): Buffer => Buffer.concat(ids.map(frame));
    socket.write(each((id) => buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, id, BLOCK)));
    setTimeout(() => socket.write(each((id) => buildFrame(FRAME.RST_STREAM, 0, id, cancel))), 30);
    setTimeout(() => socket.destroy(), 200);
  }, 20);
  return () => clearInterval(timer);
};

/** Everybody waits while Envoy ends 5,120 streams at once, with what belongs to each in the filter and behind the front. */
const ENDING_MS = 3000;

const ATTACKS: Readonly<Record<string, { start: Attack; floorMs?: number }>> = {
  'while bodies come byte by byte': { start: byteByByte },
  'while 5,120 streams are left at once': { start: leftAtOnce, floorMs: ENDING_MS },
  'while 1,000 requests a second are taken back': { start: takenBack },
};

for (const [place, manifest] of Object.entries(DEPLOYMENTS)) {
  describe(`with ${place}, every request of others is answered in time`, () => {
    let bystander: Bystander;
    let running: Running;
    let adminPort: number;

    const watch = (ms: number) =>
      bystander.watch({ port: running.port, ms, connections: 3, pauseMs: PAUSE_MS });

    before(async () => {
      bystander = await startBystander();
      adminPort = await freePort();
      const args = ['--admin-port', String(adminPort)];
      running = await runGraph(manifest(bystander.echoPort), { args });
      await watch(QUIET_MS);
    });

    after(async () => {
      await running?.stop();
      bystander?.stop();
    });

    for (const [name, attack] of Object.entries(ATTACKS)) {
      test(name, async () => {
        await assertUnharmed({
          what: name,
          rest: () => watch(QUIET_MS),
          attack: () => {
            const stop = attack.start(running.port);
            return watch(ATTACK_MS).finally(stop);
          },
          floorMs: attack.floorMs,
        });
        const stats = await ask(adminPort, { method: 'GET', path: '/stats' });
        assert.equal(ENDED.exec(stats.body.toString())?.[0], undefined);
      });
    }
  });
}

describe('calls by way of Envoy to units over gRPC', () => {
  test('are not ended by calls of other clients that go away', async () => {
    const slow = await startGrpcUnit(async ({ headers, message }) => {
      if (headers['x-slow'] !== undefined) await new Promise((done) => setTimeout(done, 500));
      return { message };
    });
    const adminPort = await freePort();
    const graph = {
      name: 't',
      type: 'TRANSFORMER',
      grpcPort: slow.port,
      children: [{ name: 'm', type: 'MODEL', grpcPort: slow.port }],
    };
    const running = await runGraph(deployment(graph, { 'sidegraph.io/retries': '1' }), {
      args: ['--admin-port', String(adminPort)],
    });
    let ended = false;
    const failures: string[] = [];
    const other = (async () => {
      while (!ended) {
        const reply = await askGrpc(running.grpcPort, { message: Buffer.from([0x22, 1, 0x61]) });
        if (reply.status !== 0) failures.push(`${reply.status} ${reply.statusMessage}`);
      }
    })();
    try {
      for (let round = 0; round < 40; round++) await callAndGoAway(running.grpcPort, 20);
      ended = true;
      await other;
      assert.deepEqual(failures, []);
      const stats = await ask(adminPort, { method: 'GET', path: '/stats' });
      const closed = /^http\.egress\S*premature_resets: \d+/m.exec(stats.body.toString())?.[0];
      assert.ok(closed === undefined || closed.endsWith(': 0'), closed);
    } finally {
      ended = true;
      await running.stop();
      await slow.close();
    }
  });
});

/** Calls the slow unit so many times at once, and goes away before it answers. */
async function callAndGoAway(port: number, times: number): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  for (let at = 0; at < times; at++) {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/seldon.protos.Seldon/Predict',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-slow': '1',
    });
    stream.on('error', () => undefined);
    stream.end(frameGrpc(Buffer.from([0x22, 1, 0x61])));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  session.destroy();
}
