// Measures the operator and the gateway with many deployments, on a real control plane with simulated pods:
// `node bench/scale/scale.ts --deployments 2000`. Prints a table; writes JSON where told to; asserts nothing.
import { textOf } from '../../graph/plan/json-value.ts';
import { statusOf } from '../../operator/observe/fields.ts';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { Reflector } from '../../lib/kube/reflector.ts';
import type { ReadonlyStore } from '../../lib/kube/store.ts';
import { applyCrd } from '../../e2e/control-plane/apply-crd.ts';
import { type ApiServer, startApiServer } from '../../e2e/kube/apiserver.ts';
import { type Controllers, startControllers, whyNoKwok } from '../../e2e/kube/controllers.ts';
import { createDeployments, SDEP, SYSTEM_NAMESPACE } from './deployments.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { since } from './metrics.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { parseScaleOptions, type ScaleOptions } from './options.ts';
import {
  isInPrivateNetwork,
  openPrivateNetwork,
  POD_RANGE,
  runInPrivateNetwork,
} from './private-network.ts';
import { countWrites, median, renderTable, type ScaleReport } from './report.ts';
import { startSimulatedPods } from './simulated-pods.ts';
import { readUsage } from './usage.ts';
import { measureWeights } from './weights.ts';

/** Two Services a deployment: a /24 would be full at once. */
const SERVICE_RANGE = '10.96.0.0/12';
/** Room beside the pods of deployments: the canary's second one, the gateway's, surges. */
const MORE_PODS = 50;

const options = parseScaleOptions(process.argv.slice(2));
const missing = whyNoKwok();
if (missing !== false) {
  say(missing);
  process.exit(2);
}
if (!isInPrivateNetwork()) process.exit(await runInPrivateNetwork());
openPrivateNetwork();
const report = await measure(options);
process.stdout.write(renderTable(report));
if (options.json !== '') writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
process.exit(0);

async function measure(given: ScaleOptions): Promise<ScaleReport> {
  const api = await startApiServer({ flags: [`--service-cluster-ip-range=${SERVICE_RANGE}`] });
  const closing: (() => Promise<void>)[] = [() => api.stop()];
  try {
    return await measureOn(api, given, closing);
  } finally {
    if (given.keepLogs !== '') keepLogs(api.dir, given.keepLogs);
    for (const close of closing.reverse())
      await close().catch((error: unknown) => say(String(error)));
  }
}

async function measureOn(
  api: ApiServer,
  given: ScaleOptions,
  closing: (() => Promise<void>)[],
): Promise<ScaleReport> {
  const client = new KubeClient(api.config());
  await applyCrd(client);
  const metadata = { name: SYSTEM_NAMESPACE };
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata }, { manager: 'test' });
  const controllers = await startControllers(api, client, {
    pods: given.deployments + MORE_PODS,
    podRange: POD_RANGE.replace('.0/', '.1/'),
  });
  closing.push(() => controllers.stop());
  const pods = await startSimulatedPods(client);
  closing.push(() => pods.close());
  const gateway = await startGatewayProcess(api, client);
  closing.push(() => gateway.stop());
  const first = await startOperatorProcess(api, given.operatorNode);
  closing.push(() => first.stop());
  const watch = watchDeployments(client);
  closing.push(() => watch.close());
  await first.untilQuiet(30_000);
  const startMb = readUsage(first.pid).rssMb;
  say('the operator and the gateway are up');

  const beganMs = performance.now();
  await createDeployments(client, given.deployments);
  const createSeconds = secondsSince(beganMs);
  say(`${given.deployments} deployments created in ${createSeconds.toFixed(1)} s`);
  await untilAvailable(watch.store, given, first);
  const availableSeconds = secondsSince(beganMs);
  say(`all Available after ${availableSeconds.toFixed(1)} s`);
  const settledSeconds = ((await first.untilQuiet(120_000)) - beganMs) / 1000;
  const settled = await first.counts();
  const settledMb = readUsage(first.pid).rssMb;

  await sleep(given.idleSeconds * 1000);
  const idle = await first.counts();
  const idleMb = readUsage(first.pid).rssMb;
  say(`idle: ${idleMb.toFixed(0)} MB; changing weights`);
  const weights = await measureWeights(client, gateway.httpPort, given);
  const samples = first.sampler.samples;
  const peakMb = first.sampler.peakMb;
  await first.stop();
  const restart = await measureRestart(api, given, closing);
  const used = gateway.usage();
  return {
    date: new Date().toISOString(),
    deployments: given.deployments,
    pods: pods.count,
    availableSeconds,
    createSeconds,
    settledSeconds,
    operator: {
      startMb,
      peakMb,
      settledMb,
      idleMb,
      cpuSeconds: settled.cpuSeconds,
      idleCpuPercent: ((idle.cpuSeconds - settled.cpuSeconds) / given.idleSeconds) * 100,
      reconciles: settled.reconciles,
      errors: settled.errors,
      requests: settled.requests,
      writesPerDeployment: countWrites(settled.requests) / given.deployments,
      reconcilesPerDeployment: settled.reconciles / given.deployments,
    },
    idle: {
      seconds: given.idleSeconds,
      reconciles: idle.reconciles - settled.reconciles,
      requests: since(settled.requests, idle.requests),
    },
    weights: {
      changes: weights.liveMs.length,
      p50Ms: median(weights.liveMs),
      maxMs: Math.max(...weights.liveMs),
      wholeP50Ms: median(weights.wholeMs),
      wholeMaxMs: Math.max(...weights.wholeMs),
      requests: weights.requests,
      failed: weights.failures.length,
      firstFailures: weights.failures.slice(0, 5),
    },
    gateway: {
      agentMb: used.agent.rssMb,
      agentCpuSeconds: used.agent.cpuSeconds,
      envoyMb: used.envoy.rssMb,
      envoyCpuSeconds: used.envoy.cpuSeconds,
    },
    restart,
    othersMb: othersMb(controllers),
    samples,
  };
}

/** The state of each SeldonDeployment, and nothing else of it. */
function watchDeployments(client: KubeClient): { store: ReadonlyStore; close(): Promise<void> } {
  const stop = new AbortController();
  const reflector = new Reflector({
    client,
    kind: SDEP,
    log: SILENT_LOG,
    trim: (object) => ({
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: object.metadata,
      status: { state: statusOf(object)['state'] },
    }),
  });
  const running = reflector.run(stop.signal);
  return {
    store: reflector.store,
    async close() {
      stop.abort();
      await running;
    },
  };
}

async function untilAvailable(
  store: ReadonlyStore,
  { deployments, timeoutSeconds }: ScaleOptions,
  operator: OperatorProcess,
): Promise<void> {
  const until = performance.now() + timeoutSeconds * 1000;
  for (let turn = 0; ; turn += 1) {
    let available = 0;
    for (const object of store.values())
      if (textOf(statusOf(object)['state']) === 'Available') available += 1;
    if (available >= deployments) return;
    if (performance.now() > until)
      throw new Error(`${available} of ${deployments} were Available in ${timeoutSeconds} s`);
    if (turn % 50 === 49) {
      const { rssMb } = readUsage(operator.pid);
      say(`${available} of ${deployments} Available; operator ${rssMb.toFixed(0)} MB`);
    }
    await sleep(100);
  }
}

async function measureRestart(
  api: ApiServer,
  given: ScaleOptions,
  closing: (() => Promise<void>)[],
): Promise<ScaleReport['restart']> {
  const beganMs = performance.now();
  const operator = await startOperatorProcess(api, given.operatorNode);
  closing.push(() => operator.stop());
  const settledMs = await operator.untilQuiet(120_000);
  const { reconciles, requests, cpuSeconds } = await operator.counts();
  return {
    readySeconds: operator.startedInMs / 1000,
    settledSeconds: (settledMs - beganMs) / 1000,
    cpuSeconds,
    peakMb: operator.sampler.peakMb,
    idleMb: readUsage(operator.pid).rssMb,
    reconciles,
    requests,
  };
}

function othersMb({ pids }: Controllers): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, readUsage(pid).rssMb]),
  );
}

function keepLogs(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (name.endsWith('.log')) copyFileSync(join(from, name), join(to, name));
}

function secondsSince(beganMs: number): number {
  return (performance.now() - beganMs) / 1000;
}

function say(words: string): void {
  process.stderr.write(`scale: ${words}\n`);
}
