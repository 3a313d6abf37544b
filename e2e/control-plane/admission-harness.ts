// Replicas of the webhooks beside a real API server, behind one address that hands connections to them in turn, as a
// Service would; and the webhook configurations as the chart has them, with a url in the place of the Service.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Log } from '../../lib/runtime/log.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { LIFETIMES } from '../../operator/certificates/make.ts';
import type { Lifetimes } from '../../operator/certificates/make.ts';
import type { RotationTimes } from '../../operator/certificates/rotation.ts';
import { ROTATION_TIMES } from '../../operator/certificates/rotation.ts';
import { REVIEW_PATHS, runAdmission } from '../../operator/admission/run.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { DEFAULT_CONFIG } from '../../operator/config/workload-config.ts';
import type { ApiServer } from '../kube/apiserver.ts';

export const NAMESPACE = 'sidegraph-system';
export const SECRET = 'admission-certificate';

export interface Replica {
  readonly name: string;
  readonly port: number;
  readonly healthPort: number;
  stop(): Promise<void>;
}

export async function startReplica(
  api: ApiServer,
  name: string,
  {
    lifetimes = LIFETIMES,
    times = ROTATION_TIMES,
    log = SILENT_LOG,
  }: {
    readonly lifetimes?: Lifetimes;
    readonly times?: RotationTimes;
    readonly log?: Log;
  } = {},
): Promise<Replica> {
  const stop = new AbortController();
  const kube = api.config();
  const listening = Promise.withResolvers<{ port: number; healthPort: number }>();
  const running = runAdmission({
    options: {
      host: '127.0.0.1',
      port: 0,
      healthPort: 0,
      namespace: NAMESPACE,
      replica: name,
      secretName: SECRET,
      leaseName: 'admission',
      configurationName: 'sidegraph',
      hosts: ['admission.sidegraph-system.svc', '127.0.0.1'],
      logLevel: 'info',
    },
    config: DEFAULT_CONFIG,
    kube,
    log,
    lifetimes,
    times,
    signal: stop.signal,
    onListening: listening.resolve,
  });
  running.catch(listening.reject);
  const ports = await listening.promise;
  return {
    name,
    ...ports,
    async stop() {
      stop.abort();
      await running;
      await kube.close();
    },
  };
}

export interface Balancer {
  readonly port: number;
  /** The ports that new connections go to, in turn. */
  backends: readonly number[];
  close(): Promise<void>;
}

export async function startBalancer(): Promise<Balancer> {
  let turn = 0;
  const sockets = new Set<Socket>();
  const balancer = {
    port: 0,
    backends: [] as readonly number[],
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server: Server = createServer((client) => {
    turn += 1;
    const backend = connect(balancer.backends[turn % balancer.backends.length] ?? 0, '127.0.0.1');
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  balancer.port = (server.address() as AddressInfo).port;
  return balancer;
}

/** As in the chart, without a caBundle: the leader adds it. */
export function renderConfigurations(port: number): KubeObject[] {
  const webhook = (name: string, path: string, rest: object): object => ({
    name,
    clientConfig: { url: `https://127.0.0.1:${port}${path}` },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
    ...rest,
  });
  const rule = (
    apiGroups: string[],
    apiVersions: string[],
    operations: string[],
    resources: string[],
  ) => ({
    rules: [{ apiGroups, apiVersions, operations, resources, scope: 'Namespaced' }],
  });
  const configuration = (kind: string, ...webhooks: object[]): KubeObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'sidegraph' },
    webhooks,
  });
  const joins = `has(object.metadata.annotations) && 'sidegraph.io/graph' in object.metadata.annotations`;
  return [
    configuration(
      'ValidatingWebhookConfiguration',
      webhook('deployments.sidegraph.io', REVIEW_PATHS.validate, {
        ...rule(['machinelearning.seldon.io'], ['v1'], ['CREATE', 'UPDATE'], ['seldondeployments']),
        matchPolicy: 'Equivalent',
      }),
    ),
    configuration(
      'MutatingWebhookConfiguration',
      webhook('pods.sidegraph.io', REVIEW_PATHS.mutatePods, {
        ...rule([''], ['v1'], ['CREATE'], ['pods']),
        matchConditions: [{ name: 'joins-a-graph', expression: joins }],
        reinvocationPolicy: 'IfNeeded',
      }),
    ),
  ];
}
