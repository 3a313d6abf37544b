// The operator as the chart starts it, but for the image: a process of its own against the test's API server.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../e2e/harness/ports.ts';
import type { ApiServer } from '../../e2e/kube/apiserver.ts';
import { endChild, runChild } from '../../e2e/kube/child.ts';
import { SYSTEM_NAMESPACE } from './deployments.ts';
import { readPage, sum, sumBy } from './metrics.ts';
import { CHART_ENVIRONMENT, CHART_NODE_FLAGS, warmCompileCache } from './as-the-chart.ts';
import { readUsage, Sampler } from './usage.ts';

const MAIN = new URL('../../operator/process/main.ts', import.meta.url).pathname;
const READY_MS = 120_000;
/** Idle: no reconcile for that long, and nothing queued. */
const QUIET_MS = 5_000;

export interface OperatorCounts {
  readonly reconciles: number;
  readonly errors: number;
  readonly queued: number;
  /** Requests to the API server by HTTP method. */
  readonly requests: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
}

export class OperatorProcess {
  readonly sampler: Sampler;
  readonly startedInMs: number;
  readonly #child: ChildProcess;
  readonly #port: number;

  constructor(child: ChildProcess, port: number, sampler: Sampler, startedInMs: number) {
    this.#child = child;
    this.#port = port;
    this.sampler = sampler;
    this.startedInMs = startedInMs;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async counts(): Promise<OperatorCounts> {
    const text = await readPage(`http://127.0.0.1:${this.#port}/metrics`);
    return {
      reconciles: sum(text, 'controller_runtime_reconcile_total'),
      errors: sum(text, 'controller_runtime_reconcile_errors_total'),
      queued: sum(text, 'workqueue_depth') + sum(text, 'controller_runtime_active_workers'),
      requests: sumBy(text, 'rest_client_requests_total', 'method'),
      cpuSeconds: readUsage(this.pid).cpuSeconds,
    };
  }

  /** Until nothing was reconciled for 5 s. Answers with when the last reconcile was seen, ms of `performance.now`. */
  async untilQuiet(timeoutMs: number): Promise<number> {
    const until = performance.now() + timeoutMs;
    let last = -1;
    let movedAt = performance.now();
    while (performance.now() < until) {
      const { reconciles, queued } = await this.counts();
      if (reconciles !== last || queued > 0) movedAt = performance.now();
      last = reconciles;
      if (performance.now() - movedAt > QUIET_MS) return movedAt;
      await sleep(200);
    }
    throw new Error(`the operator still reconciles after ${timeoutMs / 1000} s`);
  }

  async stop(): Promise<void> {
    this.sampler.stop();
    await endChild(this.#child, 'SIGTERM');
  }
}

export async function startOperatorProcess(
  api: ApiServer,
  nodeFlags: readonly string[],
): Promise<OperatorProcess> {
  await warmCompileCache(MAIN);
  const port = await freePort();
  const beganMs = performance.now();
  const flags = [
    `--namespace=${SYSTEM_NAMESPACE}`,
    '--replica=operator-0',
    '--health-host=127.0.0.1',
    `--health-port=${port}`,
  ];
  const child = runChild(
    api.dir,
    'operator',
    process.execPath,
    [...CHART_NODE_FLAGS, ...nodeFlags, MAIN, ...flags],
    { ...process.env, ...CHART_ENVIRONMENT, KUBECONFIG: api.kubeconfig },
  );
  const sampler = new Sampler(child.pid ?? 0);
  while (performance.now() - beganMs < READY_MS) {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (response?.ok === true)
      return new OperatorProcess(child, port, sampler, performance.now() - beganMs);
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error('the operator was not ready');
}
