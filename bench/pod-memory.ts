// What the sidecars of one pod hold: the agent with its worker and Envoy, started as in the image, alone on copies of their
// binaries, so that nobody else's processes share pages with them. In a cgroup of their own where the machine lets us make one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { freePorts } from '../e2e/harness/ports.ts';
import { descendants } from '../e2e/harness/processes.ts';
import { envoyCommand } from '../envoy/kit/command.ts';
import { compileDeployment } from '../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../graph/seldon/load-deployments.ts';
import { SIDEGRAPH_COMMAND } from '../cluster/names.ts';
import { sidecarLayout } from '../cluster/layout.ts';
import { renderPlanFile } from '../cluster/plan-file.ts';
import { anonymousBytes, proportionalBytes } from './cpu.ts';
import { measure } from './measure.ts';
import type { Target } from './target.ts';

const ROOT = path.join(import.meta.dirname, '..');
const CGROUPS = '/sys/fs/cgroup';
const READY_LIMIT_MS = 30_000;

export interface PodMemory {
  /** Proportional set sizes. */
  readonly agentBytes: number;
  readonly filterBytes: number;
  readonly envoyBytes: number;
  /** What is nobody else's: all but the pages of binaries and libraries. */
  readonly anonymousBytes: number;
  /** What the kubelet would report: usage without the files that may go; undefined without a cgroup. */
  readonly cgroupBytes: number | undefined;
}

export interface PodOptions {
  /** A SeldonDeployment as JSON. */
  readonly manifest: string;
  readonly envoyBin: string;
  /** An empty folder. */
  readonly dir: string;
  /** How many pods of the kind there are; the first one is measured. */
  readonly pods: number;
  /** Sends requests over 16 connections for this time before it is measured, ms. */
  readonly loadMs: number;
  /** Somebody looks at it meanwhile, at its requests or at its counters alone. */
  readonly watched?: 'requests' | 'counters';
}

/** Measures a pod's processes once it serves and its metrics were scraped. */
export async function measurePod(options: PodOptions): Promise<PodMemory> {
  const { dir, pods } = options;
  const binaries = { node: path.join(dir, 'node'), envoy: path.join(dir, 'envoy') };
  copyFileSync(process.execPath, binaries.node);
  copyFileSync(options.envoyBin, binaries.envoy);
  const plan = path.join(dir, 'plan.json');
  writeFileSync(plan, planText(options.manifest));
  const running: Pod[] = [];
  try {
    for (let index = 0; index < pods; index++)
      running.push(await startPod({ run: path.join(dir, `run-${index}`), plan, binaries }));
    const [first] = running;
    if (first === undefined) throw new Error('no pod was asked for');
    const watcher = new AbortController();
    if (options.watched !== undefined) await watch(first, options.watched, watcher.signal);
    if (options.loadMs > 0) await load(first, options.loadMs);
    const memory = first.memory();
    watcher.abort();
    return memory;
  } finally {
    for (const pod of running) await pod.stop();
  }
}

interface Pod {
  readonly httpPort: number;
  readonly livePort: number;
  memory(): PodMemory;
  stop(): Promise<void>;
}

interface PodPlace {
  readonly run: string;
  readonly plan: string;
  readonly binaries: { readonly node: string; readonly envoy: string };
}

async function startPod({ run, plan, binaries }: PodPlace): Promise<Pod> {
  const [httpPort = 0, grpcPort = 0, statusPort = 0, livePort = 0] = await freePorts(4);
  const cgroup = makeCgroup();
  const children: ChildProcess[] = [];
  const start = (argv: readonly string[]): number => {
    const enter = cgroup === undefined ? '' : `echo $$ > ${cgroup}/cgroup.procs; `;
    const child = spawn('/bin/sh', ['-c', `${enter}exec "$@"`, 'sh', ...argv], {
      stdio: 'ignore',
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    });
    children.push(child);
    return child.pid ?? 0;
  };
  const stop = async (): Promise<void> => {
    for (const child of children) await end(child);
    if (cgroup !== undefined) await removeCgroup(cgroup);
  };
  try {
    const [, ...flags] = SIDEGRAPH_COMMAND.map((part) => part.replace('/app', ROOT));
    const agent = start([
      binaries.node,
      ...flags,
      'sidecar',
      `--plan=${plan}`,
      `--run=${run}`,
      '--host=127.0.0.1',
      `--http-port=${httpPort}`,
      `--grpc-port=${grpcPort}`,
      '--status-host=127.0.0.1',
      `--status-port=${statusPort}`,
      `--live-port=${livePort}`,
      '--drain-seconds=0',
    ]);
    const status = `http://127.0.0.1:${statusPort}`;
    await until(`${status}/started`);
    const layout = sidecarLayout(1, run);
    const envoy = start(envoyCommand(layout, { logLevel: 'warning', envoyBin: binaries.envoy }));
    await until(`${status}/ready`);
    await until(`http://127.0.0.1:${httpPort}/ready`);
    await (await fetch(`http://127.0.0.1:${httpPort}/prometheus`)).text();
    return {
      httpPort,
      livePort,
      stop,
      memory: () => {
        const filters = descendants(agent, /extproc\/process\/main\.ts/);
        const others = descendants(agent, /./).filter((pid) => !filters.includes(pid));
        const sum = (pids: readonly number[], read: (pid: number) => number): number =>
          pids.reduce((total, pid) => total + read(pid), 0);
        const all = [agent, ...others, ...filters, envoy];
        return {
          agentBytes: sum([agent, ...others], proportionalBytes),
          filterBytes: sum(filters, proportionalBytes),
          envoyBytes: proportionalBytes(envoy),
          anonymousBytes: sum(all, anonymousBytes),
          cgroupBytes: cgroup === undefined ? undefined : workingSet(cgroup),
        };
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads what the pod tells, and drops it. */
async function watch(pod: Pod, wants: 'requests' | 'counters', signal: AbortSignal): Promise<void> {
  const query = wants === 'counters' ? '?counters' : '';
  const response = await fetch(`http://127.0.0.1:${pod.livePort}/live${query}`, { signal });
  const reader = response.body?.getReader();
  const read = async (): Promise<void> => {
    while ((await reader?.read())?.done === false);
  };
  read().catch(() => {});
}

async function load(pod: Pod, durationMs: number): Promise<void> {
  const target: Target = {
    name: 'pod',
    title: 'pod',
    payload: 'seldon',
    httpPort: pod.httpPort,
    grpcPort: 0,
    path: '/api/v1.0/predictions',
    grpcPath: '',
    envoyPids: [],
    filterPids: [],
    memoryPids: [],
  };
  const sample = await measure(
    target,
    { transport: 'rest', bodyBytes: 100, connections: 16 },
    durationMs,
  );
  if (sample.errors > 0) throw new Error(`${sample.errors} errors, first: ${sample.firstError}`);
}

function planText(manifest: string): string {
  const [loaded] = loadDeployments(manifest, { source: 'bench' }).deployments;
  if (loaded === undefined) throw new Error('no deployment in the manifest');
  return renderPlanFile(compileDeployment(loaded, {}), 'bench-plan-r1');
}

async function until(url: string): Promise<void> {
  const endMs = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    if (performance.now() > endMs) throw new Error(`${url} is not 200 after ${READY_LIMIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let serial = 0;
/** Version 2 or 1; undefined where none can be made. */
function makeCgroup(): string | undefined {
  const v1 = path.join(CGROUPS, 'memory');
  const folder = path.join(
    existsSync(v1) ? v1 : CGROUPS,
    `sidegraph-bench-${process.pid}-${serial++}`,
  );
  try {
    mkdirSync(folder);
    return folder;
  } catch {
    return undefined;
  }
}

/** The watchdog may take a moment longer than the agent. */
async function removeCgroup(cgroup: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      rmdirSync(cgroup);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function workingSet(cgroup: string): number | undefined {
  const v2 = existsSync(path.join(cgroup, 'memory.current'));
  const read = (name: string): string => readFileSync(path.join(cgroup, name), 'utf8');
  try {
    const usage = Number(read(v2 ? 'memory.current' : 'memory.usage_in_bytes'));
    const idle = /^(?:total_)?inactive_file (\d+)$/m.exec(read('memory.stat'))?.[1];
    return usage - Number(idle ?? 0);
  } catch {
    return undefined;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  // The second signal ends the agent at once.
  const timer = setTimeout(() => child.kill('SIGTERM'), 300);
  const last = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
  clearTimeout(last);
}
