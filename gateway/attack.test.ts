// One client that does harm and one that measures, at a real gateway: the other's requests all succeed, in time, and Envoy stays
// within its container's memory.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  assertUnharmed,
  type Bystander,
  type Seen,
  startBystander,
} from '../e2e/harness/bystander.ts';
import { headerBlock, resetRapidly } from '../e2e/harness/raw-http2.ts';
import { type GrpcUnit, startGrpcUnit } from '../e2e/harness/unit.ts';
import { envoyBounds } from '../envoy/kit/overload.ts';
import type { DeploymentSketch } from './testing/objects.ts';
import { startTestGateway, type TestGateway, until } from './testing/gateway.ts';

const MIB = 1024 * 1024;
/** The limit of Envoy's container; the chart's is 1 GiB. */
const MEMORY_BYTES = 384 * MIB;
const FILES = 1024;
const LARGE = Buffer.alloc(MIB, 'a');
const ATTACK_MS = 4000;
const QUIET_MS = 2000;
/** Between a response and the bystander's next request: the attack has the machine's two cores as well. */
const PAUSE_MS = 2;
const PATH = '/seldon/demo/calm/api/v1.0/predictions';
const VICTIM = '/seldon/demo/victim/api/v1.0/predictions';

const RESETTING_CONNECTIONS = 4;
/** These send as fast as they can: a core of the attacker's against the one worker that both clients share. */
const FLOOD_MS = 500;
const REQUESTS = {
  REST: {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'a',
    ':path': VICTIM,
    'content-type': 'application/json',
  },
  gRPC: {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'a',
    ':path': '/seldon.protos.Seldon/Predict',
    'content-type': 'application/grpc',
    te: 'trailers',
    seldon: 'victim',
    namespace: 'demo',
  },
} as const;

describe('a client that does harm at the gateway', () => {
  let gateway: TestGateway;
  let bystander: Bystander;
  let grpcModel: GrpcUnit;
  const sockets: Socket[] = [];
  const sessions: ClientHttp2Session[] = [];

  before(async () => {
    bystander = await startBystander();
    gateway = await startTestGateway({
      model: (asked, response) => {
        asked.resume();
        const body = asked.headers['x-large'] === undefined ? '{}' : LARGE;
        asked.on('end', () => response.end(body));
        asked.on('error', () => undefined);
      },
      options: { bounds: envoyBounds(MEMORY_BYTES, FILES) },
      files: FILES,
    });
    grpcModel = await startGrpcUnit(({ message }) => ({ message }), '0.0.0.0');
    const { echoPort } = bystander;
    gateway.deploy(sketchOf('calm'), { http: echoPort, grpc: echoPort });
    gateway.deploy(sketchOf('victim'), { http: gateway.modelPort, grpc: grpcModel.port });
    for (const name of ['calm', 'victim'])
      await until(async () => (await gateway.predict('demo', name)).status === 200, 'served');
    await watch(1000);
  });
  after(async () => {
    await gateway?.close();
    await grpcModel?.close();
    bystander?.stop();
  });

  test('HTTP/2 streams whose responses are never read', () =>
    harm(() => {
      for (let at = 0; at < 4; at += 1) {
        const session = openSession();
        for (let stream = 0; stream < 120; stream += 1) {
          const asked = session.request({
            ':method': 'POST',
            ':path': VICTIM,
            'x-large': '1',
          });
          asked.on('error', () => undefined);
          asked.end('{}');
        }
      }
    }));

  test('uploads that stop half-way', () =>
    harm(() => {
      for (let at = 0; at < 100; at += 1) {
        const socket = openSocket();
        socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: ${32 * MIB}\r\n\r\n`);
        socket.write(LARGE);
        socket.write(LARGE);
      }
    }));

  test('connections that ask nothing, more than there are files', async () => {
    await harm(() => {
      for (let at = 0; at < FILES + 100; at += 1) openSocket(false);
    });
    // Those that are idle go first: a new client gets through though nobody closed them but Envoy.
    for (let at = 0; at < FILES; at += 1) openSocket(false);
    await until(
      async () =>
        (await gateway.predict('demo', 'calm').catch(() => ({ status: 0 }))).status === 200,
      'a new client is served',
    );
    closeAll();
  });

  test('headers that come slowly, and requests for what only looks like an order', () =>
    harm(async () => {
      for (let at = 0; at < 200; at += 1) openSocket().write(`POST ${PATH} HTTP/1.1\r\nx-slow: `);
      const url = `http://127.0.0.1:${gateway.options.statusPort}`;
      for (const path of ['/drain', '/quitquitquit', '/healthcheck/fail', '/'])
        for (const method of ['GET', 'POST'])
          assert.notEqual((await fetch(url + path, { method })).status, 200, `${method} ${path}`);
    }));

  for (const [transport, headers] of Object.entries(REQUESTS)) {
    test(`streams over ${transport} that are reset as soon as they are opened`, async () => {
      const begin = (): (() => void) => {
        const { httpPort } = gateway.options;
        const stop = resetRapidly(httpPort, RESETTING_CONNECTIONS, headerBlock(headers));
        return () => {
          const streams = stop();
          assert.ok(streams > 1000, `${streams} streams`);
        };
      };
      await harm(begin, transport, FLOOD_MS);
    });
  }

  /** Does it, and looks meanwhile how another client fares. */
  async function harm(attack: Attack, what = 'under attack', floorMs?: number): Promise<void> {
    const rest = (): Promise<Seen> => watch(QUIET_MS);
    await assertUnharmed({ what, attack: () => harmOnce(attack), rest, floorMs });
  }

  async function harmOnce(attack: Attack): Promise<Seen> {
    const watched = watch(ATTACK_MS);
    await delay(200);
    const end = await attack();
    try {
      const seen = await watched;
      const rssBytes = await memoryOf(gateway.envoy().pid);
      assert.ok(rssBytes < MEMORY_BYTES, `${Math.round(rssBytes / MIB)} MiB`);
      assert.equal(gateway.gateway().notReady(), undefined);
      return seen;
    } finally {
      closeAll();
      end?.();
    }
  }

  function watch(ms: number): Promise<Seen> {
    const { httpPort: port } = gateway.options;
    return bystander.watch({ port, path: PATH, ms, pauseMs: PAUSE_MS });
  }

  function openSession(): ClientHttp2Session {
    const session = connectHttp2(`http://127.0.0.1:${gateway.options.httpPort}`, {
      settings: { initialWindowSize: 0 },
    });
    session.on('error', () => undefined);
    sessions.push(session);
    return session;
  }

  function openSocket(reads = true): Socket {
    const socket = connect(gateway.options.httpPort, '127.0.0.1');
    socket.on('error', () => undefined);
    if (reads) socket.resume();
    sockets.push(socket);
    return socket;
  }

  function closeAll(): void {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const session of sessions.splice(0)) session.destroy();
  }
});

/** Returns how it is ended, where closing its connections does not. */
type Attack = () => void | (() => void) | Promise<void>;

function sketchOf(name: string): DeploymentSketch {
  return { namespace: 'demo', name, predictors: [{ name: 'p' }] };
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}
