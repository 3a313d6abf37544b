// Starts what a user starts: `sidegraph run FILE` on a manifest of the test, with free ports and a directory of its own,
// and waits for its `ready` line.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './ports.ts';
import { descendants } from './processes.ts';

export interface Running {
  readonly port: number;
  readonly grpcPort: number;
  /** The file that was given to `run`; write it to try `--watch`. */
  readonly file: string;
  readonly pid: number;
  output(): string;
  /** Process ids of the filter's workers. */
  filterPids(): number[];
  envoyPids(): number[];
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How many files the processes may open; as many as the test where it is not said. */
  readonly openFiles?: number;
}

const ROOT = path.join(import.meta.dirname, '..', '..');

export async function runGraph(manifest: object, options: RunOptions = {}): Promise<Running> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sge-'));
  const file = path.join(dir, 'graph.yaml');
  writeFileSync(file, JSON.stringify(manifest));
  const port = await freePort();
  const grpcPort = await freePort();
  const args = [
    'run',
    file,
    '--port',
    String(port),
    '--grpc-port',
    String(grpcPort),
    '--state-dir',
    path.join(dir, 's'),
  ];
  const command = [path.join(ROOT, 'bin/sidegraph'), ...args, ...(options.args ?? [])];
  const limited =
    options.openFiles === undefined
      ? command
      : ['sh', '-c', `ulimit -n ${options.openFiles} && exec "$@"`, 'sh', ...command];
  const [program = '', ...rest] = limited;
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let output = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const running: Running = {
    port,
    grpcPort,
    file,
    pid: child.pid ?? 0,
    output: () => output,
    filterPids: () => descendants(child.pid ?? 0, /extproc\/process\/main\.ts/),
    envoyPids: () => descendants(child.pid ?? 0, /envoy(\s|.*\s)(-c|--config-path)\s/),
    waitFor: (pattern, timeoutMs = 20_000) =>
      waitFor(
        () => pattern.test(output),
        timeoutMs,
        () => `${pattern} in:\n${output}`,
      ),
    stop: async () => {
      await stopChild(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    await waitFor(
      () => /^ready /m.test(output) || child.exitCode !== null,
      30_000,
      () => `ready in:\n${output}`,
    );
    if (child.exitCode !== null)
      throw new Error(`sidegraph run ended with ${child.exitCode}:\n${output}`);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 2_000).unref();
  }, 8_000);
  await gone;
  clearTimeout(timer);
}

export async function waitFor(
  done: () => boolean,
  timeoutMs: number,
  what: () => string,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
