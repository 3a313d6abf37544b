// A pod without Kubernetes: the agent and Envoy as two processes with lives of their own on one folder, and a plan mounted as
// the kubelet mounts a ConfigMap, with a link that is swapped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { envoyCommand } from '../../../envoy/kit/command.ts';
import { locateEnvoy } from '../../../envoy/process/locate.ts';
import { freePorts } from '../../../e2e/harness/ports.ts';
import { PLAN_KEY } from '../../../cluster/names.ts';
import { sidecarLayout } from '../../../cluster/layout.ts';
import type { SidecarStatus } from '../state.ts';

const MAIN = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
const VENV = fileURLToPath(new URL('../../../.venv', import.meta.url));

export interface TestPod {
  readonly port: number;
  readonly run: string;
  readonly planDir: string;
  readonly statusPort: number;
  /** Everything that the agent wrote. */
  log(): string;
  mount(text: string): void;
  startAgent(args?: readonly string[]): ChildProcess;
  startEnvoy(): Promise<ChildProcess>;
  status(): Promise<SidecarStatus & { readonly envoy: string }>;
  /** HTTP status of a path of the status port; 0 when nothing listens. */
  probe(path: string): Promise<number>;
  until(what: string, holds: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** `host`: where the pod takes requests. */
export async function openPod(
  env: Readonly<Record<string, string>> = {},
  host = '127.0.0.1',
): Promise<TestPod> {
  const dir = mkdtempSync(join(tmpdir(), 'sgp-'));
  const [run, planDir] = [join(dir, 'run'), join(dir, 'plan')];
  mkdirSync(planDir);
  const [port = 0, grpcPort = 0, statusPort = 0] = await freePorts(3);
  const children: ChildProcess[] = [];
  let version = 0;
  let log = '';
  const url = `http://127.0.0.1:${statusPort}`;
  const pod: TestPod = {
    port,
    run,
    planDir,
    statusPort,
    log: () => log,
    mount(text) {
      const fresh = `..${++version}`;
      mkdirSync(join(planDir, fresh));
      writeFileSync(join(planDir, fresh, PLAN_KEY), text);
      symlinkSync(fresh, join(planDir, '..data_tmp'));
      renameSync(join(planDir, '..data_tmp'), join(planDir, '..data'));
      if (version === 1) symlinkSync(join('..data', PLAN_KEY), join(planDir, PLAN_KEY));
      else rmSync(join(planDir, `..${version - 1}`), { recursive: true });
    },
    startAgent(args = []) {
      const argv = ['sidecar', '--plan', join(planDir, PLAN_KEY), '--run', run];
      argv.push(`--host=${host}`, `--http-port=${port}`, `--grpc-port=${grpcPort}`);
      argv.push('--status-host=127.0.0.1', `--status-port=${statusPort}`, '--concurrency=1');
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', MAIN, ...argv, ...args],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
      );
      const read = (chunk: Buffer): void => {
        log += chunk.toString();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      children.push(child);
      return child;
    },
    async startEnvoy() {
      const found = await locateEnvoy({ env: process.env, venvs: [VENV] });
      if (found.kind !== 'found') throw new Error(found.reason);
      const argv = envoyCommand(sidecarLayout(1, run), {
        logLevel: 'error',
        envoyBin: found.path,
      });
      const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
      children.push(child);
      return child;
    },
    async status() {
      return (await (await fetch(`${url}/status`)).json()) as Awaited<
        ReturnType<TestPod['status']>
      >;
    },
    async probe(path) {
      try {
        const response = await fetch(`${url}${path}`);
        await response.arrayBuffer();
        return response.status;
      } catch {
        return 0;
      }
    },
    async until(what, holds, limitMs = 15_000) {
      const end = performance.now() + limitMs;
      while (!(await holds())) {
        if (performance.now() > end) throw new Error(`waited in vain until ${what}:\n${log}`);
        await sleep(5);
      }
    },
    async close() {
      await Promise.all(children.map((child) => end(child)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return pod;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  // The second signal ends the agent at once.
  const timer = setTimeout(() => child.kill('SIGTERM'), 500);
  const last = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(timer);
  clearTimeout(last);
}
