// A real Envoy for one test file: its own folder, its own ports, started on the files that the writer wrote.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { askAdmin } from '../process/admin.ts';
import { envoyCommand } from '../kit/command.ts';
import type { AccessLog, EnvoyLayout } from '../kit/layout.ts';
import { locateEnvoy } from '../process/locate.ts';
import { envoyBounds } from '../kit/overload.ts';
import { EnvoyWriter, type WriterOptions } from '../process/writer.ts';
import { freePort } from '../../e2e/harness/ports.ts';

const START_TIMEOUT_MS = 15_000;
const STILL: WriterOptions['log'] = { info: () => undefined, warn: () => undefined };

export interface TestEnvoy {
  readonly layout: EnvoyLayout;
  readonly writer: EnvoyWriter;
  /** What Envoy wrote to its log. */
  log(): string;
  stop(): Promise<void>;
}

export async function envoyBinary(): Promise<string> {
  const found = await locateEnvoy({
    env: process.env,
    venvs: [join(import.meta.dirname, '..', '..', '.venv')],
  });
  assert.equal(found.kind, 'found', found.kind === 'missing' ? found.reason : '');
  return found.kind === 'found' ? found.path : '';
}

export async function testLayout(dir: string, accessLog: AccessLog = 'all'): Promise<EnvoyLayout> {
  return {
    dir,
    host: '127.0.0.1',
    httpPort: await freePort(),
    grpcPort: await freePort(),
    adminSocket: join(dir, 'admin.sock'),
    filterSockets: [join(dir, 'filter.sock')],
    probeSocket: join(dir, 'probes.sock'),
    controlHttpSocket: join(dir, 'control-http.sock'),
    controlGrpcSocket: join(dir, 'control-grpc.sock'),
    egressSocket: join(dir, 'egress.sock'),
    concurrency: 1,
    bounds: envoyBounds(undefined, undefined),
    accessLogPath: join(dir, 'access.log'),
    accessLog,
  };
}

/** `spoil` may change the files before Envoy reads them. */
export async function startEnvoy(
  deployment: DeploymentPlan,
  { accessLog, ...options }: Partial<WriterOptions> & { readonly accessLog?: AccessLog } = {},
  spoil: (layout: EnvoyLayout) => Promise<void> = () => Promise.resolve(),
): Promise<TestEnvoy> {
  const dir = await mkdtemp(join(tmpdir(), 'sidegraph-envoy-'));
  const layout = await testLayout(dir, accessLog);
  const envoyBin = await envoyBinary();
  const writer = new EnvoyWriter(layout, { log: STILL, envoyBin: undefined, ...options });
  const started = await writer.start(deployment);
  assert.deepEqual(started, { kind: 'written' });
  await spoil(layout);
  const [command = '', ...args] = envoyCommand(layout, { envoyBin, logLevel: 'warning' });
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  const stop = async () => {
    writer.close();
    await end(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await ready(layout, child, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { layout, writer, log: () => log, stop };
}

async function ready(layout: EnvoyLayout, child: ChildProcess, log: () => string): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`Envoy exited with ${child.exitCode}:\n${log()}`);
    const response = await askAdmin(layout.adminSocket, '/ready', AbortSignal.timeout(1000)).catch(
      () => '',
    );
    if (response.startsWith('LIVE')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
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
