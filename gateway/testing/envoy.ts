// A real Envoy on the gateway's bootstrap, with its discovery socket in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askAdmin } from '../../envoy/process/admin.ts';
import { envoyBounds } from '../../envoy/kit/overload.ts';
import { envoyBinary } from '../../envoy/testing/envoy.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import type { GatewayLayout } from '../config/bootstrap.ts';
import { writeEnvoyFiles } from '../process/envoy-files.ts';
import { gatewayOptions } from './options.ts';

/** What clients may do by default. */
export const TEST_CLIENTS = gatewayOptions().clients;
const START_TIMEOUT_MS = 15_000;

export interface GatewayEnvoy {
  readonly layout: GatewayLayout;
  readonly pid: number;
  log(): string;
  /** Until its listeners serve. */
  ready(): Promise<void>;
  accessLog(): Promise<string>;
  stop(): Promise<void>;
}

export async function testGatewayLayout(dir: string): Promise<GatewayLayout> {
  return {
    host: '127.0.0.1',
    httpPort: await freePort(),
    tls: undefined,
    adminSocket: join(dir, 'admin.sock'),
    discoverySocket: join(dir, 'xds.sock'),
    accessLogPath: join(dir, 'access.log'),
    accessLog: 'all',
    maxRequestSeries: 1000,
    tracing: undefined,
    nodeId: 'test',
    httpFilters: [],
    bounds: envoyBounds(undefined, undefined),
    clients: TEST_CLIENTS,
  };
}

export function makeTestDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sidegraph-gateway-'));
}

/** `files`: how many it may open; as many as we by default. */
export async function startGatewayEnvoy(
  dir: string,
  layout: GatewayLayout,
  concurrency = 1,
  files?: number,
): Promise<GatewayEnvoy> {
  const path = join(dir, 'bootstrap.json');
  await writeEnvoyFiles(path, layout);
  const binary = await envoyBinary();
  const args =
    `--config-path ${path} --concurrency ${concurrency} --log-level warning --disable-hot-restart \
     --reject-unknown-dynamic-fields --file-flush-interval-msec 50`.split(/[\s\\]+/);
  const limit = files === undefined ? '' : `ulimit -S -n ${files} && ulimit -H -n ${files} && `;
  const child = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, binary, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  return {
    layout,
    pid: child.pid ?? 0,
    log: () => log,
    ready: () => awaitReady(layout, child, () => log),
    accessLog: () => readFile(layout.accessLogPath, 'utf8'),
    stop: async () => {
      await end(child);
    },
  };
}

async function awaitReady(
  layout: GatewayLayout,
  child: ChildProcess,
  log: () => string,
): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`Envoy exited with ${child.exitCode}:\n${log()}`);
    const response = await askAdmin(layout.adminSocket, '/ready', AbortSignal.timeout(1000)).catch(
      () => '',
    );
    if (response.startsWith('LIVE')) return;
    await delay(20);
  }
  throw new Error(`Envoy was not ready after ${START_TIMEOUT_MS} ms:\n${log()}`);
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

export function removeDir(dir: string): Promise<void> {
  return rm(dir, { recursive: true, force: true });
}
