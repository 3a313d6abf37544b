// One run over one tree of sources, named by the first argument; numbers as JSON out. The code is imported from that tree, so what
// is used of it here has to be there under these names in every tree that is compared.
import '../../dialects/testing/load-messages.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { ReviewRequest } from '../../operator/admission/review.ts';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Milliseconds of processor time for 100 deployments, all threads counted; KiB of heap that their results hold, by what was done. */
export type Measured = Readonly<Record<string, number>>;

const DEPLOYMENTS = 100;
const ROUNDS = 12;
const tree = process.argv[2] ?? '.';

const { SmallCluster } = await load<
  typeof import('../../operator/reconcile/testing/small-cluster.ts')
>('operator/reconcile/testing/small-cluster.ts');
const { reconcile } = await load<typeof import('../../operator/reconcile/reconcile.ts')>(
  'operator/reconcile/reconcile.ts',
);
const { validateDeployment } = await load<typeof import('../../operator/admission/validate.ts')>(
  'operator/admission/validate.ts',
);
const { INLINE_READER } =
  await load<typeof import('../../operator/read/inline.ts')>('operator/read/inline.ts');
const { readOptions } =
  await load<typeof import('../../operator/read/reader.ts')>('operator/read/reader.ts');
const { ThreadReader } = await load<typeof import('../../operator/read/thread-reader.ts')>(
  'operator/read/thread-reader.ts',
);
const { DEFAULT_CONFIG } = await load<typeof import('../../operator/config/workload-config.ts')>(
  'operator/config/workload-config.ts',
);
const { SILENT_LOG } = await load<typeof import('../../lib/runtime/log.ts')>('lib/runtime/log.ts');
const { readServed } = await load<typeof import('../../gateway/config/read-deployment.ts')>(
  'gateway/config/read-deployment.ts',
);

const objects = Array.from({ length: DEPLOYMENTS }, (_, at) => deployment(at));
const numbers: Record<string, number> = {};

const clusters = objects.map((object) => {
  const cluster = new SmallCluster(object);
  cluster.namespace.annotations['sidegraph.io/injection'] = 'enabled';
  cluster.perform(reconcile(cluster.input()));
  cluster.perform(reconcile(cluster.input()));
  cluster.serve();
  return cluster;
});
const ready = clusters.filter(
  (cluster) => reconcile(cluster.input()).status?.['state'] === 'Available',
);
if (ready.length < DEPLOYMENTS) throw new Error(`${ready.length} deployments are available`);
await measure('reconcile', () =>
  clusters.map((cluster) => {
    const input = cluster.input();
    return { input, result: reconcile(input) };
  }),
);

const reader = new ThreadReader({
  cpuMs: 20_000,
  wallMs: 60_000,
  maxWaiting: 1000,
  log: SILENT_LOG,
});
for (const [name, how] of [
  ['review', INLINE_READER],
  ['review, another thread reads', reader],
] as const)
  await measure(name, async () => {
    const verdicts: unknown[] = [];
    for (const object of objects)
      verdicts.push(
        await validateDeployment(reviewOf(object), {
          load: readOptions(DEFAULT_CONFIG),
          reader: how,
          stored: objects,
        }),
      );
    return verdicts;
  });
await reader.close();
await measure('gateway', () => objects.map((object) => readServed(object)));

process.stdout.write(JSON.stringify(numbers));

async function measure(name: string, round: () => unknown): Promise<void> {
  numbers[`${name}, CPU ms`] = await timeOf(round);
  numbers[`${name}, KiB held`] = await heldBy(round);
}

/** Of the fastest round after the first, which warms the code up. */
async function timeOf(round: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let at = 0; at <= ROUNDS; at += 1) {
    global.gc?.();
    const start = process.cpuUsage();
    await round();
    const { user, system } = process.cpuUsage(start);
    if (at > 0) best = Math.min(best, (user + system) / 1000);
  }
  return Math.round(best * 10) / 10;
}

/** By the results of one round, KiB. */
async function heldBy(round: () => unknown): Promise<number> {
  const before = heapBytes();
  const kept = { results: await round() };
  const after = heapBytes();
  if (!Array.isArray(kept.results) || kept.results.length !== DEPLOYMENTS)
    throw new Error('a round has no result for each deployment');
  return Math.round((after - before) / 1024);
}

function heapBytes(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed;
}

async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(path.resolve(tree, file)).href)) as T;
}

function reviewOf(object: KubeObject): ReviewRequest {
  const { name, namespace = '' } = object.metadata;
  const rest = {
    subResource: '',
    namespace,
    name,
    object: object as unknown as JsonObject,
    oldObject: undefined,
  };
  return { uid: 'u', operation: 'CREATE', ...rest };
}

/** A router over a transformed model, a prepackaged server and a built-in, with a shadow beside: some of everything. */
function deployment(at: number): KubeObject {
  const container = (name: string): Record<string, unknown> => ({
    name,
    image: `example/${name}:1.${at}`,
    env: [
      { name: 'MODEL_URI', value: `gs://models/${name}/v${at}` },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'models', key: 'token' } } },
    ],
    ports: [{ name: 'metrics', containerPort: 6000 + at }],
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/health/status', port: 'http' }, periodSeconds: 5 },
  });
  const pod = (...names: readonly string[]): Record<string, unknown> => ({
    metadata: { labels: { team: `team-${at % 7}` }, annotations: { owner: 'models' } },
    hpaSpec: { minReplicas: 1, maxReplicas: 4, metrics: [] },
    spec: {
      containers: names.map(container),
      volumes: [{ name: 'cache', emptyDir: {} }],
      nodeSelector: { disk: 'fast' },
    },
  });
  const graph = {
    name: 'chooser',
    type: 'ROUTER',
    parameters: [{ name: 'explore', type: 'FLOAT', value: '0.1' }],
    children: [
      { name: 'scale', type: 'TRANSFORMER', children: [{ name: 'trees', type: 'MODEL' }] },
      { name: 'lines', implementation: 'SKLEARN_SERVER', modelUri: `gs://models/lines/v${at}` },
    ],
  };
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: {
      name: `iris-${at}`,
      namespace: 'demo',
      uid: `uid-${at}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'seldon.io/istio-host': `iris-${at}.example.org` },
    },
    spec: {
      annotations: { 'seldon.io/rest-timeout': '5000', 'sidegraph.io/retries': '2' },
      predictors: [
        { name: 'main', traffic: 100, graph, componentSpecs: [pod('chooser', 'scale', 'trees')] },
        { name: 'next', shadow: true, graph, componentSpecs: [pod('chooser', 'scale', 'trees')] },
      ],
    },
  };
}
