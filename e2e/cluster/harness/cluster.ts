// The chart on the test cluster, and namespaces in it: what the tests of this ring begin with.
import { join } from 'node:path';
import { apply, helm, kubectl, type Json, readPath, ROOT, until } from './kubectl.ts';
import {
  type HttpResponse,
  type LoadOptions,
  type LoadResult,
  percentile,
  post,
  startLoad,
} from './load.ts';

export const SYSTEM = 'sidegraph-system';
/** The node's address and the gateway's node port, as values.yaml sets it. */
export const GATEWAY = { host: '10.68.0.2', port: 30_080 } as const;
export const FLOWER = JSON.stringify({ data: { ndarray: [[5.1, 3.5, 1.4, 0.2]] } });

/** `make e2e` is short, `make e2e-long` makes the numbers of the docs. */
export const RATE = Number(process.env['SIDEGRAPH_LOAD_RATE'] ?? '50');
export const LOAD_MS = Number(process.env['SIDEGRAPH_LOAD_SECONDS'] ?? '30') * 1000;

const RELEASE = ['sidegraph', join(ROOT, 'charts/sidegraph'), '--namespace', SYSTEM];
const VALUES = ['-f', join(ROOT, 'e2e/cluster/values.yaml')];

/** Installs the release, or brings it up to this tree. */
export async function installChart(...sets: readonly string[]): Promise<void> {
  const options = [
    '--install',
    '--create-namespace',
    '--wait',
    '--timeout',
    '4m',
    ...VALUES,
    ...sets,
  ];
  await helm(['upgrade', ...RELEASE, ...options]);
  // Without the caBundle the API server cannot ask the webhooks yet.
  const bundle = '{.webhooks[0].clientConfig.caBundle}';
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'])
    await until(
      `${kind} has a caBundle`,
      async () => (await readPath('', kind, 'sidegraph', bundle)) !== '',
    );
}

export async function uninstallChart(): Promise<void> {
  await helm(['uninstall', 'sidegraph', '--namespace', SYSTEM, '--wait', '--timeout', '3m']);
}

/** A namespace of its own, with sidecars let in. An earlier one of that name goes first. */
export async function createNamespace(
  name: string,
  options: { inject?: boolean } = {},
): Promise<string> {
  await kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait']);
  await kubectl(['create', 'namespace', name]);
  if (options.inject !== false)
    await kubectl(['annotate', 'namespace', name, 'sidegraph.io/injection=enabled']);
  return name;
}

export async function deleteNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
}

/** Applies a SeldonDeployment and waits until its state is Available. On a failure it says what the status says. */
export async function deploy(
  namespace: string,
  deployment: object,
  timeoutMs = 180_000,
): Promise<void> {
  await apply(namespace, deployment);
  await isAvailable(namespace, nameOf(deployment), timeoutMs);
}

export async function isAvailable(
  namespace: string,
  name: string,
  timeoutMs = 180_000,
): Promise<void> {
  await until(
    `${namespace}/${name} is Available`,
    async () => {
      const text = await kubectl(['get', 'sdep', name, '-n', namespace, '-o', 'json']);
      const { metadata, status = {} } = JSON.parse(text) as {
        metadata: { generation: number };
        status?: Json;
      };
      const { state, description, observedGeneration } = status;
      const isSeen = observedGeneration === undefined || observedGeneration === metadata.generation;
      if (state === 'Available' && isSeen) return true;
      throw new Error(`state ${String(state)}: ${String(description)}`);
    },
    timeoutMs,
    500,
  );
}

export function nameOf(object: object): string {
  return (object as { metadata: { name: string } }).metadata.name;
}

export function predictPath(namespace: string, name: string): string {
  return `/seldon/${namespace}/${name}/api/v1.0/predictions`;
}

export function predict(namespace: string, name: string, body = FLOWER): Promise<HttpResponse> {
  return post({ ...GATEWAY, path: predictPath(namespace, name), body });
}

/** The first 200 through the gateway. */
export function answers(
  namespace: string,
  name: string,
  timeoutMs = 60_000,
): Promise<HttpResponse> {
  return until(
    `${namespace}/${name} answers through the gateway`,
    async () => {
      const response = await predict(namespace, name);
      if (response.status === 200) return response;
      throw new Error(`${response.status} ${response.text}`);
    },
    timeoutMs,
    100,
  );
}

/** Which model answered: the tag that IrisModel gives its responses. */
export function modelOf(text: string): string {
  const { meta } = JSON.parse(text) as { meta?: { tags?: { model?: string } } };
  return meta?.tags?.model ?? '';
}

export interface UnderLoad<T> {
  readonly load: LoadResult;
  readonly value: T;
}

/** Runs `during` under load, for LOAD_MS at least, with some seconds before it and after it. */
export async function underLoad<T>(
  namespace: string,
  name: string,
  during: () => Promise<T>,
  options: Partial<LoadOptions> = {},
): Promise<UnderLoad<T>> {
  const beganAt = performance.now();
  const path = predictPath(namespace, name);
  const load = startLoad({ ...GATEWAY, path, body: FLOWER, rate: RATE, ...options }, modelOf);
  try {
    await pause(2000);
    const value = await during();
    await pause(Math.max(5000, LOAD_MS - (performance.now() - beganAt)));
    const result = await load.stop();
    report(name, result);
    return { load: result, value };
  } catch (error) {
    report(name, await load.stop());
    throw error;
  }
}

/** One line of numbers, which `make e2e-long` collects. */
function report(name: string, { requests, failures, latencies }: LoadResult): void {
  const times = [0.5, 0.99, 1].map((share) => percentile(latencies, share).toFixed(1)).join(' / ');
  const text = `load ${name}: ${requests} requests, ${failures.length} failed, p50/p99/max ${times} ms\n`;
  process.stderr.write(text);
  for (const failure of failures.slice(0, 5))
    process.stderr.write(`  ${JSON.stringify(failure)}\n`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
