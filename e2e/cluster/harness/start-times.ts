// How long a pod takes until its model answers, with its sidecars and without: the template of a running Deployment, made into
// pods of both kinds one after the other.
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { FLOWER, pause } from './cluster.ts';
import { list, until } from './kubectl.ts';
import { post } from './load.ts';

const POLL_MS = 10;
const ENVOY_PORT = 8000;
const MODEL_PORT = 9000;

interface PodSpec {
  readonly initContainers?: readonly { readonly name: string }[];
  readonly containers: readonly object[];
  readonly volumes?: readonly { readonly name: string }[];
}

export interface StartTimes {
  /** ms */
  readonly injected: readonly number[];
  readonly plain: readonly number[];
}

export async function startTwins(
  client: KubeClient,
  namespace: string,
  deployment: string,
  times: number,
): Promise<StartTimes> {
  const [found] = await list(namespace, 'deployments', `seldon-deployment-id=${deployment}`);
  if (found === undefined) throw new Error(`${deployment} has no Deployment`);
  const { template } = found['spec'] as { template: { metadata: object; spec: PodSpec } };
  const kinds = {
    injected: { spec: template.spec, port: ENVOY_PORT, path: '/api/v1.0/predictions' },
    plain: { spec: withoutSidecars(template.spec), port: MODEL_PORT, path: '/predict' },
  };
  const all = { injected: [] as number[], plain: [] as number[] };
  for (let turn = 0; turn < times; turn += 1) {
    for (const kind of ['injected', 'plain'] as const) {
      const { spec, port, path } = kinds[kind];
      const name = `start-${kind}-${turn}`;
      const metadata = { name, namespace, annotations: annotationsOf(template.metadata) };
      const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      const beganAt = performance.now();
      await client.create(pod, { manager: 'measure' });
      const ref = { apiVersion: 'v1', kind: 'Pod', name, namespace };
      await until(
        `${name} answers`,
        async () => {
          const live = await client.get(ref);
          const { podIP } = (live?.['status'] ?? {}) as { podIP?: string };
          if (podIP === undefined) return false;
          const response = await post({ host: podIP, port, path, body: FLOWER, timeoutMs: 1000 });
          return response.status === 200;
        },
        120_000,
        POLL_MS,
      );
      all[kind].push(performance.now() - beganAt);
      await client.remove(ref, { gracePeriodSeconds: 0 });
      await pause(2000);
    }
  }
  return all;
}

function withoutSidecars(spec: PodSpec): PodSpec {
  const isOurs = ({ name }: { readonly name: string }): boolean => name.startsWith('sidegraph-');
  return {
    ...spec,
    initContainers: (spec.initContainers ?? []).filter((each) => !isOurs(each)),
    volumes: (spec.volumes ?? []).filter((each) => !isOurs(each)),
  };
}

function annotationsOf(metadata: object): Record<string, string> {
  return (metadata as { annotations?: Record<string, string> }).annotations ?? {};
}
