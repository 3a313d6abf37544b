// The times that people wait for, on a cluster that is up: `node bench/cluster.ts [--times 5]` (make e2e-long runs it). Each is
// measured several times and told as median and longest; nothing is asserted. Writes go through the API client and not
// through kubectl, which alone takes a quarter of a second.
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cpuNanos } from './cpu.ts';
import { KubeClient } from '../lib/kube/client.ts';
import { PooledKubeConfig } from '../lib/kube/config.ts';
import type { KubeObject } from '../lib/kube/object.ts';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  FLOWER,
  GATEWAY,
  installChart,
  modelOf,
  pause,
  predict,
  predictPath,
} from '../e2e/cluster/harness/cluster.ts';
import { abTest, iris, seldonDeployment } from '../e2e/cluster/harness/graphs.ts';
import { KUBECONFIG, until, whyNoCluster } from '../e2e/cluster/harness/kubectl.ts';
import { percentile, post, startLoad } from '../e2e/cluster/harness/load.ts';
import { podsOf } from '../e2e/cluster/harness/pods.ts';
import { startTwins } from '../e2e/cluster/harness/start-times.ts';

const NAMESPACE = 'measured';
const POLL_MS = 5;
const LOAD = { rate: 100, ms: 10_000 } as const;
const MODEL_PORT = 9000;
const USER = { manager: 'measure', force: true } as const;

interface Line {
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
}

const missing = whyNoCluster();
if (missing !== false) {
  process.stderr.write(`${missing}\n`);
  process.exit(2);
}
const { values } = parseArgs({ options: { times: { type: 'string', default: '5' } } });
const times = Number(values.times);
process.env['KUBECONFIG'] = KUBECONFIG;
const client = new KubeClient(PooledKubeConfig.load());
await installChart();
const lines = [
  await firstResponses(),
  ...(await startUps()),
  ...(await edits()),
  ...(await requests()),
];
process.stdout.write(`| | median | longest | times |\n|---|---|---|---|\n`);
for (const { what, unit, values: all } of lines) {
  const sorted = [...all].sort((a, b) => a - b);
  const [middle, last] = [0.5, 1].map((share) => `${percentile(sorted, share).toFixed(1)} ${unit}`);
  process.stdout.write(`| ${what} | ${middle} | ${last} | ${sorted.length} |\n`);
}
process.exit(0);

/** A namespace is annotated and a model applied, until the gateway answers 200. */
async function firstResponses(): Promise<Line> {
  const all: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const namespace = await createNamespace(`${NAMESPACE}-${i}`, { inject: false });
    const beganAt = performance.now();
    await client.apply(
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, annotations: { 'sidegraph.io/injection': 'enabled' } },
      },
      USER,
    );
    await client.apply(inNamespace(model('first'), namespace), USER);
    await until('the first 200', () => isAnswered(namespace, 'first'), 120_000, POLL_MS);
    all.push(performance.now() - beganAt);
    await deleteNamespace(namespace);
  }
  await pause(20_000);
  return { what: 'annotate and apply → first 200 through the gateway', unit: 'ms', values: all };
}

/** The same pod with the sidecars and without. */
async function startUps(): Promise<Line[]> {
  await createNamespace(NAMESPACE);
  await deploy(NAMESPACE, model('first'));
  const { injected, plain } = await startTwins(client, NAMESPACE, 'first', times);
  const what = 'a pod is created → its model answers';
  return [
    { what: `${what}, through its sidecars`, unit: 'ms', values: injected },
    { what: `${what}, without sidecars`, unit: 'ms', values: plain },
  ];
}

/** From the API server's response until three requests in a row see it. */
async function edits(): Promise<Line[]> {
  const change = async (
    name: string,
    make: (turn: number) => object,
    wanted: (turn: number) => string,
  ) => {
    await deploy(NAMESPACE, make(0));
    await answers(NAMESPACE, name);
    const all: number[] = [];
    for (let turn = 1; turn <= 4 * times; turn += 1) {
      await pause(1000);
      await client.apply(inNamespace(make(turn), NAMESPACE), USER);
      const beganAt = performance.now();
      await until(`${name} is changed`, () => isModel(name, wanted(turn % 2)), 60_000, POLL_MS);
      all.push(performance.now() - beganAt);
    }
    return all;
  };
  const models = (turn: number): string => (turn % 2 === 0 ? 'logistic' : 'bayes');
  const plan = await change('split', (turn) => abTest('split', turn % 2 === 0 ? '1' : '0'), models);
  const weights = await change('shared', (turn) => shared(turn % 2 === 0 ? 100 : 0), models);
  return [
    { what: 'an edit of the plan → live in the pod', unit: 'ms', values: plan },
    { what: 'an edit of the weights → live at the gateway', unit: 'ms', values: weights },
  ];
}

/** Latency and CPU of a request by each way: to the model itself, to the pod, through the gateway. */
async function requests(): Promise<Line[]> {
  const [pod] = await podsOf(NAMESPACE, 'first');
  if (pod === undefined) throw new Error('the model has no pod');
  const ways = [
    { what: 'to the model itself', host: pod.ip, port: MODEL_PORT, path: '/predict' },
    { what: 'to the pod (Envoy)', host: pod.ip, port: 8000, path: '/api/v1.0/predictions' },
    { what: 'through the gateway', ...GATEWAY, path: predictPath(NAMESPACE, 'first') },
  ];
  const lines: Line[] = [];
  for (const { what, ...way } of ways) {
    await post({ ...way, body: FLOWER });
    const envoys = findEnvoys();
    const before = envoys.reduce((sum, pid) => sum + cpuNanos(pid), 0);
    const load = startLoad({ ...way, body: FLOWER, rate: LOAD.rate });
    await pause(LOAD.ms);
    const result = await load.stop();
    const cpu = envoys.reduce((sum, pid) => sum + cpuNanos(pid), 0) - before;
    const us = cpu / 1000 / result.requests;
    if (result.failures.length > 0)
      throw new Error(`${what}: ${JSON.stringify(result.failures[0])}`);
    lines.push({ what: `latency of a request ${what}`, unit: 'ms', values: result.latencies });
    lines.push({ what: `CPU of all Envoys for a request ${what}`, unit: 'µs', values: [us] });
  }
  return lines;
}

function model(name: string): object {
  return seldonDeployment(name, [{ name: 'main', graph: iris('logistic') }]);
}

function shared(main: number): object {
  return seldonDeployment('shared', [
    { name: 'main', traffic: main, graph: iris('logistic') },
    { name: 'other', traffic: 100 - main, graph: iris('bayes') },
  ]);
}

function inNamespace(object: object, namespace: string): KubeObject {
  const { metadata, ...rest } = object as KubeObject;
  return { ...rest, metadata: { ...metadata, namespace } };
}

async function isAnswered(namespace: string, name: string): Promise<boolean> {
  return (await predict(namespace, name)).status === 200;
}

async function isModel(name: string, wanted: string): Promise<boolean> {
  for (let i = 0; i < 3; i += 1) {
    const response = await predict(NAMESPACE, name);
    if (response.status !== 200 || modelOf(response.text) !== wanted) return false;
  }
  return true;
}

/** Of the sidecars and of the gateway; the node's processes are seen from here. */
function findEnvoys(): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const isEnvoy = readFileSync(`/proc/${entry}/comm`, 'utf8').trim() === 'envoy';
      return isEnvoy && /^\d+$/.test(entry) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
