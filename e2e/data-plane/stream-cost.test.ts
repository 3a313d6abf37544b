// What a stream costs behind a graph, against an Envoy that only forwards, side by side in one run: the time to the first byte, the time
// that each piece takes on its way, and memory while 100 MB pass.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bareEnvoyBootstrap } from '../../bench/bare.ts';
import { envoyBinary } from '../../envoy/testing/envoy.ts';
import { ask } from '../harness/client.ts';
import { deployment } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { runGraph, type Running } from '../harness/run.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

const ROUNDS = 60;
const PIECES = 12;
const PAUSE_MS = 3;
const LARGE_BYTES = 100 * 1024 * 1024;
const PATH = '/v2/models/m/generate_stream';
/** A busy machine spoils a run now and then; it does not spoil three. */
const ATTEMPTS = 3;

/** Each piece says when it was sent, by the clock of this process. */
function startModel(): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (request.headers['x-large'] !== undefined) {
        sendLarge(response);
        return;
      }
      let sent = 0;
      const send = (): void => {
        response.write(`data: ${performance.now()}\n\n`);
        sent += 1;
        if (sent === PIECES) response.end();
        else setTimeout(send, PAUSE_MS);
      };
      send();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function sendLarge(response: http.ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, 'x');
  let left = LARGE_BYTES;
  const send = (): void => {
    while (left > 0) {
      left -= piece.length;
      if (!response.write(piece)) {
        response.once('drain', send);
        return;
      }
    }
    response.end();
  };
  send();
}

interface Seen {
  /** From the request to its first piece. */
  readonly firstMs: number;
  /** From the model to the client. */
  readonly pieceMs: readonly number[];
}

function stream(port: number, agent: http.Agent): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const askedAt = performance.now();
    const request = http.request(
      { host: '127.0.0.1', port, path: PATH, method: 'POST', agent },
      (response) => {
        let firstMs = 0;
        const pieceMs: number[] = [];
        response.on('data', (piece: Buffer) => {
          const now = performance.now();
          if (firstMs === 0) firstMs = now - askedAt;
          for (const [, sentAt] of piece.toString().matchAll(/data: ([0-9.]+)\n/g)) {
            pieceMs.push(now - Number(sentAt));
          }
        });
        response.on('end', () => resolve({ firstMs, pieceMs }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end('{"text_input":"a"}');
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Medians of what `port` adds over `bare`, asked in turn. */
async function addedOver(bare: number, port: number): Promise<{ first: number; piece: number }> {
  const agents = [bare, port].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const seen: Seen[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, each] of [bare, port].entries()) {
      seen[at]?.push(await stream(each, agents[at] as http.Agent));
    }
  }
  for (const agent of agents) agent.destroy();
  const [ofBare = [], ofPort = []] = seen;
  const first = (of: readonly Seen[]): number => median(of.map(({ firstMs }) => firstMs));
  const piece = (of: readonly Seen[]): number => median(of.flatMap(({ pieceMs }) => pieceMs));
  return { first: first(ofPort) - first(ofBare), piece: piece(ofPort) - piece(ofBare) };
}

/** `callMs`: what calls of the graph before the stream take by themselves. */
async function assertCheap(bare: number, port: number, callMs = 0): Promise<void> {
  const runs: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { first, piece } = await addedOver(bare, port);
    runs.push(`first ${first.toFixed(3)} ms, piece ${piece.toFixed(3)} ms`);
    if (first < 2 + callMs && piece < 0.1) return;
  }
  assert.fail(runs.join('; '));
}

function residentMb(pids: readonly number[]): number {
  let kb = 0;
  for (const pid of pids) {
    kb += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  }
  return kb / 1024;
}

describe('a stream behind a graph', () => {
  let dir: string;
  let model: http.Server;
  let router: RestUnit;
  let envoy: ChildProcess;
  let bare: number;
  let alone: Running;
  let graph: Running;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sidegraph-stream-'));
    model = await startModel();
    const { port } = model.address() as AddressInfo;
    router = await startRestUnit(() => ({ body: '[0]' }));
    bare = await freePort();
    const file = join(dir, 'bare.json');
    const place = {
      httpPort: bare,
      grpcPort: await freePort(),
      stubs: { rest: port, grpc: port, grpcRoute: port },
    };
    writeFileSync(file, JSON.stringify(bareEnvoyBootstrap(place)));
    const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
    envoy = spawn(await envoyBinary(), args, { stdio: 'ignore' });
    const speaking = (made: object): object => {
      const { spec, ...rest } = made as { spec: object };
      return { ...rest, spec: { ...spec, protocol: 'v2' } };
    };
    const leaf = { name: 'm', type: 'MODEL', port } as const;
    const other = { name: 'n', type: 'MODEL', port: 9 } as const;
    [alone, graph] = await Promise.all([
      runGraph(speaking(deployment(leaf))),
      runGraph(
        speaking(
          deployment({ name: 'r', type: 'ROUTER', port: router.port, children: [leaf, other] }),
        ),
      ),
    ]);
  });
  after(async () => {
    await alone?.stop();
    await graph?.stop();
    envoy?.kill('SIGKILL');
    await router?.close();
    model?.closeAllConnections();
    model?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('that Envoy serves alone adds next to nothing', () => assertCheap(bare, alone.port));

  test('that asks a router first adds its call, and nothing to the pieces', async () => {
    const calls: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      calls.push((await ask(router.port, { body: '{"text_input":"a"}' })).ms);
    }
    await assertCheap(bare, graph.port, median(calls));
  });

  test('takes no memory that grows with it', async () => {
    const pids = [...graph.filterPids(), ...graph.envoyPids()];
    const before = residentMb(pids);
    let most = before;
    const bytes = await new Promise<number>((resolve, reject) => {
      const request = http.request(
        {
          host: '127.0.0.1',
          port: graph.port,
          path: PATH,
          method: 'POST',
          agent: false,
          headers: { 'x-large': '1' },
        },
        (response) => {
          let got = 0;
          response.on('data', (piece: Buffer) => {
            got += piece.length;
            if (got % (8 * 1024 * 1024) < piece.length) most = Math.max(most, residentMb(pids));
          });
          response.on('end', () => resolve(got));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end('{}');
    });
    assert.equal(bytes, LARGE_BYTES);
    assert.ok(most - before < 16, `${before.toFixed(0)} MB became ${most.toFixed(0)} MB`);
  });
});
