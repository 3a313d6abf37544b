// For tests of the operator on a real API server: starts it in this process, and does by hand what controllers and kubelets would,
// since none of them runs here.
import { numberOf, objectOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { OperatorOptions } from '../../operator/config/config.ts';
import { CONTAINERS } from '../../cluster/names.ts';
import { SidegraphOperator } from '../../operator/process/operator.ts';
import { CONTROLLER_ID } from '../../operator/observe/contract.ts';
import { DEFAULT_CONFIG } from '../../operator/config/workload-config.ts';
import type { OperatorConfig } from '../../operator/config/workload-config.ts';
import type { ApiServer } from '../kube/apiserver.ts';

/** Against a test that hangs: what is waited for may take long on a busy machine. */
const WAIT_MS = 90_000;
const USER = { manager: 'test', force: true } as const;

export const SDEP = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
} as const;
export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;

export interface RunningOperator {
  readonly healthPort: number;
  stop(): Promise<void>;
}

/** Ends with the test. `plans`: what pods answer, by address. */
export async function startOperator(
  t: Pick<TestContext, 'after'>,
  api: ApiServer,
  namespace: string,
  settings: {
    readonly replica?: string;
    readonly plans?: ReadonlyMap<string, string>;
    readonly config?: Partial<OperatorConfig>;
  } = {},
): Promise<RunningOperator> {
  const options: OperatorOptions = {
    namespace,
    replica: settings.replica ?? 'one',
    lease: 'operator',
    configDir: '',
    host: '127.0.0.1',
    healthPort: 0,
    watchNamespaces: [namespace],
    gatewayNamespace: namespace,
    workers: 4,
    formerManagers: ['manager'],
    logLevel: 'info',
  };
  const stop = new AbortController();
  const ready = Promise.withResolvers<number>();
  const operator = new SidegraphOperator({
    options,
    config: {
      ...DEFAULT_CONFIG,
      ...settings.config,
      controllerId: CONTROLLER_ID,
      formerManagers: ['manager'],
    },
    kube: api.config(),
    log: SILENT_LOG,
    ask: async (address) => settings.plans?.get(address),
    leaseMs: { lease: 2000, deadline: 1200, retry: 200 },
    onReady: ({ healthPort }) => ready.resolve(healthPort),
  });
  const ended = operator.run(stop.signal);
  const healthPort = await Promise.race([
    ready.promise,
    ended.then(() => assert.fail('the operator ended')),
  ]);
  const running = {
    healthPort,
    async stop() {
      stop.abort();
      await ended;
    },
  };
  t.after(running.stop);
  return running;
}

export async function createNamespace(client: KubeClient, name: string): Promise<void> {
  const annotations = { 'sidegraph.io/injection': 'enabled' };
  await client.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } },
    USER,
  );
  const account = { name: 'default', namespace: name };
  await client.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }, USER);
}

/** A deployment of one model, with fields laid over its predictor and spec. */
export function modelOf(
  namespace: string,
  name: string,
  over: {
    spec?: JsonObject;
    predictor?: JsonObject;
    component?: JsonObject;
    labels?: Record<string, string>;
  } = {},
): KubeObject {
  const containers = [{ name: 'model', image: 'example/model:1' }];
  const predictor = {
    name: 'main',
    graph: { name: 'model', type: 'MODEL' },
    componentSpecs: [{ spec: { containers }, ...over.component }],
    ...over.predictor,
  };
  const labels = over.labels ?? {};
  return {
    ...SDEP,
    metadata: { name, namespace, labels },
    spec: { predictors: [predictor], ...over.spec },
  };
}

export async function applyAsUser(client: KubeClient, object: KubeObject): Promise<KubeObject> {
  return await client.apply(object, USER);
}

/** Polls until it answers with something; throws with `what` after 90 s. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`not within ${WAIT_MS / 1000} s: ${what}`);
    await sleep(50);
  }
}

export async function waitForState(
  client: KubeClient,
  namespace: string,
  name: string,
  state: string,
): Promise<KubeObject> {
  return await eventually(`${name} is ${state}`, async () => {
    const object = await client.get({ ...SDEP, namespace, name });
    return object !== undefined && textOf(statusOf(object)['state']) === state && object;
  });
}

export async function waitForDeployment(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<KubeObject> {
  return await eventually(`there is a Deployment ${name}`, () =>
    client.get({ ...DEPLOYMENT, namespace, name }),
  );
}

/** What the Deployment's controller would say after a rollout. */
export async function rollOut(client: KubeClient, namespace: string, name: string): Promise<void> {
  const live = await waitForDeployment(client, namespace, name);
  const replicas = numberOf(specOf(live)['replicas'] ?? 1);
  const status = {
    observedGeneration: live.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
  const metadata = { name, namespace };
  await client.apply(
    { ...DEPLOYMENT, metadata, status },
    { manager: 'kube-controller-manager', force: true, subresource: 'status' },
  );
}

/** A pod of the Deployment as a kubelet would report it, with its filter up. */
export async function runPod(
  client: KubeClient,
  deployment: KubeObject,
  name: string,
  address: string,
): Promise<KubeObject> {
  const { namespace = '' } = deployment.metadata;
  const template = objectOf(specOf(deployment)['template']);
  const { labels, annotations } = objectOf(template['metadata']) as {
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  const metadata = { name, namespace, labels, annotations };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template['spec'] };
  await client.create(pod, { manager: 'kube-controller-manager' });
  const startedAt = new Date().toISOString().replace(/\.\d+/, '');
  const filter = {
    name: CONTAINERS.filter,
    image: 'filter',
    imageID: '',
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt } },
  };
  const status = {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [{ type: 'Ready', status: 'True' }],
    initContainerStatuses: [filter],
  };
  const how = { manager: 'kubelet', force: true, subresource: 'status' } as const;
  return await client.apply(
    { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, status },
    how,
  );
}

export function conditionLine(object: KubeObject, type: string): string {
  const conditions = statusOf(object)['conditions'];
  const all = Array.isArray(conditions) ? (conditions as JsonObject[]) : [];
  const found = all.find((each) => each['type'] === type);
  if (found === undefined) return `${type} is missing`;
  return [found['status'], found['reason'], found['message']].filter(Boolean).join(' ');
}
