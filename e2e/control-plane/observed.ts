// All that the boards show, running: two graphs in pods without Kubernetes, the gateway before them, the operator and the webhooks beside a
// real API server, clients that give feedback, and a real Prometheus that scrapes every page. Tests ask it; the pictures of the docs are
// drawn of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { renderPlanFile } from '../../cluster/plan-file.ts';
import { startTestGateway, type TestGateway, until } from '../../gateway/testing/gateway.ts';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { openPod, type TestPod } from '../../sidecar/agent/testing/pod.ts';
import { ask, type Reply } from '../harness/client.ts';
import {
  type Prometheus,
  type PrometheusOptions,
  startPrometheus,
  type Target,
} from '../harness/prometheus.ts';
import { type ApiServer, startApiServer } from '../kube/apiserver.ts';
import {
  NAMESPACE as SYSTEM,
  renderConfigurations,
  SECRET,
  startReplica,
} from './admission-harness.ts';
import { applyCrd } from './apply-crd.ts';
import {
  DEPLOYMENTS,
  NAMESPACE,
  type ObservedUnits,
  PREDICTOR,
  startObservedUnits,
} from './observed-units.ts';
import {
  createNamespace,
  modelOf,
  rollOut,
  type RunningOperator,
  startOperator,
} from './operator-harness.ts';

const ROUNDS = 6;
const CLIENTS = 4;
/** Between a client's requests, on average; they come and go by a half of it. */
const THINK_MS = 90;
const USER = { manager: 'kubectl', force: true } as const;
const REWARDS = { right: 1, wrong: -0.5 };
const FEEDBACK_SHARE = 0.6;

export interface Observed {
  readonly prometheus: Prometheus;
  /** The pages that are scraped, as a person reads them: who serves each → its text. */
  readPages(): Promise<ReadonlyMap<string, string>>;
  /** Clients, changes of plans, deployments and routes, and a bad time of one model, for that long. */
  drive(ms: number): Promise<void>;
  /** The same again, on a machine that is slow at most {@link ROUNDS} times, until each of these queries has data. */
  driveUntil(ms: number, queries: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Whatever was started is stopped when something does not start. */
export async function startObserved(options: PrometheusOptions): Promise<Observed> {
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    return await start(options, endings, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: PrometheusOptions,
  endings: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Observed> {
  const units = await startObservedUnits();
  endings.push(() => units.close());
  const gateway = await startTestGateway({ model: (_, response) => response.end('{}') });
  endings.push(() => gateway.close());
  const pods = new Map<string, TestPod>();
  for (const name of DEPLOYMENTS) {
    const pod = await startPod(units, name);
    endings.push(() => pod.close());
    pods.set(name, pod);
    const sketch = { namespace: NAMESPACE, name, predictors: [{ name: PREDICTOR }] };
    gateway.deploy(sketch, { http: pod.port, grpc: pod.port });
    await until(
      () => predict(gateway, name).then(({ status }) => status === 200),
      `${name} is served`,
    );
  }
  const api = await startApiServer();
  endings.push(() => api.stop());
  const client = new KubeClient(api.config());
  endings.push(() => client.config.close());
  const operator = await startControlPlane(api, client, endings);

  const targets: Readonly<Record<string, Target>> = {
    ...Object.fromEntries(
      [...pods].flatMap(([name, pod]) => {
        const labels = { namespace: NAMESPACE, pod: `${name}-${PREDICTOR}-0` };
        return [
          [`the pod of ${name}`, { port: pod.port, path: '/prometheus', labels }],
          [`the agent of ${name}`, { port: pod.statusPort, labels }],
        ];
      }),
    ),
    gateway: { port: gateway.options.statusPort, labels: { namespace: SYSTEM, pod: 'gateway-0' } },
    operator: { port: operator.healthPort, labels: { namespace: SYSTEM, pod: 'operator-0' } },
    webhooks: { port: operator.admissionPort, labels: { namespace: SYSTEM, pod: 'admission-0' } },
  };
  const prometheus = await startPrometheus(Object.values(targets), options);
  endings.push(() => prometheus.stop());
  const drive = async (ms: number): Promise<void> => {
    const endMs = performance.now() + ms;
    await Promise.all([
      ...Array.from({ length: CLIENTS }, () => runClient(gateway, endMs)),
      runChanges(client, gateway, endMs),
      runBadTime(units, pods, ms),
    ]);
  };
  return {
    prometheus,
    stop,
    drive,
    async driveUntil(ms, queries) {
      for (let round = 0; round < ROUNDS; round++) {
        await drive(ms);
        const answers = await Promise.all(queries.map((expr) => prometheus.query(expr)));
        if (answers.every((series) => series.length > 0)) return;
      }
    },
    async readPages() {
      const pages = new Map<string, string>();
      for (const [who, { port, path = '/metrics' }] of Object.entries(targets))
        pages.set(who, (await ask(port, { method: 'GET', path })).text);
      return pages;
    },
  };
}

async function startPod(units: ObservedUnits, name: string): Promise<TestPod> {
  const env = {
    POD_NAME: `${name}-${PREDICTOR}-0`,
    POD_NAMESPACE: NAMESPACE,
    SIDEGRAPH_DEPLOYMENT: name,
    SIDEGRAPH_PREDICTOR: PREDICTOR,
  };
  // The gateway calls no loopback address.
  const pod = await openPod(env, '0.0.0.0');
  pod.mount(planOf(units.manifest(name, 3000)));
  pod.startAgent();
  await pod.until('the agent is live', async () => (await pod.probe('/live')) === 200);
  await pod.startEnvoy();
  await pod.until('all is ready', async () => (await pod.probe('/ready')) === 200);
  return pod;
}

function planOf(manifest: object): string {
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'test' });
  const [loaded] = deployments;
  if (loaded === undefined) throw new Error(JSON.stringify(findings));
  return renderPlanFile(compileDeployment(loaded, {}), 'r1');
}

async function startControlPlane(
  api: ApiServer,
  client: KubeClient,
  endings: (() => Promise<unknown>)[],
): Promise<RunningOperator & { readonly admissionPort: number }> {
  await applyCrd(client);
  await createNamespace(client, NAMESPACE);
  await createNamespace(client, SYSTEM);
  const metadata = { name: SECRET, namespace: SYSTEM };
  await client.create({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' }, USER);
  const operator = await startOperator({ after: () => {} }, api, NAMESPACE);
  endings.push(() => operator.stop());
  for (const name of DEPLOYMENTS) await client.apply(modelOf(NAMESPACE, name), USER);
  for (const name of DEPLOYMENTS) await rollOut(client, NAMESPACE, `${name}-main-0-model`);
  const replica = await startReplica(api, 'admission-0');
  endings.push(() => replica.stop());
  for (const configuration of renderConfigurations(replica.port))
    await client.create(configuration, USER);
  return { ...operator, admissionPort: replica.healthPort };
}

function predict(gateway: TestGateway, name: string, sent = 1): Promise<Reply> {
  return post(gateway, name, 'predictions', { data: { ndarray: [[sent]] } });
}

function post(
  gateway: TestGateway,
  name: string,
  what: 'predictions' | 'feedback',
  body: object,
): Promise<Reply> {
  return ask(gateway.options.httpPort, {
    path: `/seldon/${NAMESPACE}/${name}/api/v1.0/${what}`,
    body: JSON.stringify(body),
  });
}

/** Predictions, with feedback on some of them. Some requests are for a deployment that is not there. */
async function runClient(gateway: TestGateway, endMs: number): Promise<void> {
  for (let count = 0; performance.now() < endMs; count++) {
    const tide = 1 + 0.5 * Math.sin(performance.now() / 25_000);
    await sleep(THINK_MS * tide * (0.5 + Math.random()));
    if (count % 50 === 49) {
      await predict(gateway, 'nobody');
      continue;
    }
    const name = Math.random() < 0.65 ? 'iris' : 'fraud';
    const sent = Math.floor(Math.random() * 3);
    const { status, headers, text } = await predict(gateway, name, sent);
    if (status !== 200 || Math.random() > FEEDBACK_SHARE) continue;
    const puid = headers['seldon-puid'];
    const { data } = JSON.parse(text) as { readonly data: { readonly ndarray: number[][] } };
    const isRight = data.ndarray[0]?.[0] === sent;
    const feedback = { puid, reward: isRight ? REWARDS.right : REWARDS.wrong };
    await post(gateway, name, 'feedback', feedback);
    // Now and then a client is not sure that it was heard.
    if (Math.random() < 0.03) await post(gateway, name, 'feedback', feedback);
  }
}

/** Deployments come, change and go; some are refused. */
async function runChanges(client: KubeClient, gateway: TestGateway, endMs: number): Promise<void> {
  for (let count = 0; performance.now() < endMs; count++) {
    const name = `trial-${count % 3}`;
    await client.apply(modelOf(NAMESPACE, name, { labels: { round: `r${count}` } }), USER);
    const wrong = modelOf(NAMESPACE, 'wrong', { predictor: { traffic: 30, graph: {} } });
    await client.apply(wrong, USER).catch(() => {});
    gateway.deploy({ namespace: NAMESPACE, name, predictors: [{ name: `p${count}` }] });
    await sleep(Math.min(2000 + 5000 * Math.random(), Math.max(endMs - performance.now(), 0)));
  }
}

/** In the middle of the time one model is slow and fails; a plan is changed before, and a broken one is mounted after. */
async function runBadTime(
  units: ObservedUnits,
  pods: ReadonlyMap<string, TestPod>,
  ms: number,
): Promise<void> {
  const [iris, fraud] = DEPLOYMENTS.map((name) => pods.get(name));
  await sleep(ms * 0.3);
  iris?.mount(planOf(units.manifest('iris', 2500)));
  await sleep(ms * 0.15);
  units.hasBadTime = true;
  await sleep(ms * 0.15);
  units.hasBadTime = false;
  await sleep(ms * 0.1);
  fraud?.mount('{}');
  await sleep(ms * 0.1);
  fraud?.mount(planOf(units.manifest('fraud', 2500)));
}
