// What is deployed: many SeldonDeployments of one model each, spread over annotated namespaces, and one with two predictors
// whose weights are changed.
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

const PER_NAMESPACE = 100;
const AT_A_TIME = 16;
const USER = { manager: 'kubectl' } as const;
export const SYSTEM_NAMESPACE = 'sidegraph-system';
export const CANARY = { namespace: 'team-0', name: 'canary' } as const;
export const SDEP = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
} as const;

/** The canary is one of them. */
export async function createDeployments(client: KubeClient, count: number): Promise<void> {
  const namespaces = Array.from({ length: Math.ceil(count / PER_NAMESPACE) }, (_, at) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `team-${at}`, annotations: { 'sidegraph.io/injection': 'enabled' } },
  }));
  await createAll(client, namespaces);
  const models = Array.from({ length: count - 1 }, (_, at) =>
    deployment(`team-${Math.floor(at / PER_NAMESPACE)}`, `model-${at}`, [predictor('main', 100)]),
  );
  const canary = deployment(CANARY.namespace, CANARY.name, [
    predictor('a', 100),
    predictor('b', 0),
  ]);
  await createAll(client, [canary, ...models]);
}

function deployment(namespace: string, name: string, predictors: readonly object[]): KubeObject {
  return { ...SDEP, metadata: { namespace, name }, spec: { predictors } };
}

function predictor(name: string, traffic: number): object {
  const model = {
    name: 'classifier',
    image: 'example/sklearn-iris:1.4',
    env: [{ name: 'MODEL_URI', value: 'gs://models/iris/v3' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  };
  return {
    name,
    replicas: 1,
    traffic,
    graph: { name: 'classifier', type: 'MODEL', parameters: [] },
    componentSpecs: [{ spec: { containers: [model] } }],
  };
}

async function createAll(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const left = [...objects];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      await client.create(next, USER);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

/** All of the traffic to one of the two. Returns once the API server has it. */
export async function shiftWeights(client: KubeClient, to: 'a' | 'b'): Promise<void> {
  const weight = (at: number, value: number) =>
    ({ op: 'replace', path: `/spec/predictors/${at}/traffic`, value }) as const;
  const patch = [weight(0, to === 'a' ? 100 : 0), weight(1, to === 'b' ? 100 : 0)];
  await client.patch({ ...SDEP, ...CANARY }, patch, { type: 'json', ...USER });
}
