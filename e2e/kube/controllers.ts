// Beside a test's own API server: the controllers and the scheduler, and kwok, which stands for kubelets. Its pods run no container:
// each gets an address and is Ready at once, so that thousands of them fit on one machine.
import { join } from 'node:path';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { ApiServer } from './apiserver.ts';
import { canRun, findKubeBin, whyNoKube } from './apiserver.ts';
import { endChild, runChild } from './child.ts';

/** Those that a SeldonDeployment's objects need. No service accounts, quotas, volumes or node evictions. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
];
/** With the default of 20 queries a second a test would measure the controllers' own brake. */
const RATE = ['--kube-api-qps=500', '--kube-api-burst=1000'];
const PODS_PER_NODE = 500;
const READY_MS = 60_000;

export interface Controllers {
  /** By name: process ids. */
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** For `test(…, { skip: … })`: why pods cannot be simulated, or false. */
export function whyNoKwok(): string | false {
  const bin = findKubeBin();
  if (bin === undefined) return whyNoKube();
  if (canRun(join(bin, 'kwok'))) return false;
  return 'no kwok: build it (e2e/kube/build.sh --kwok) or set SIDEGRAPH_KUBE_BIN to its folder';
}

/**
 * Pods' addresses are the first ones of `podRange` (such as `10.64.0.0/16`) that are free. Resolves when there is a Ready node for
 * every 500 of `pods`.
 */
export async function startControllers(
  api: ApiServer,
  client: KubeClient,
  { pods, podRange }: { readonly pods: number; readonly podRange: string },
): Promise<Controllers> {
  const bin = findKubeBin() ?? '';
  const { dir, kubeconfig } = api;
  const access = [`--kubeconfig=${kubeconfig}`];
  const plain = [
    ...access,
    '--leader-elect=false',
    '--secure-port=0',
    '--profiling=false',
    ...RATE,
  ];
  const children = {
    'kube-controller-manager': runChild(
      dir,
      'kube-controller-manager',
      join(bin, 'kube-controller-manager'),
      [...plain, `--controllers=${CONTROLLERS.join(',')}`],
    ),
    'kube-scheduler': runChild(dir, 'kube-scheduler', join(bin, 'kube-scheduler'), plain),
    // Without leases of its own every pod turns unready after 50 s.
    kwok: runChild(dir, 'kwok', join(bin, 'kwok'), [
      ...access,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=40',
      `--cidr=${podRange}`,
    ]),
  };
  const nodes = Math.ceil(pods / PODS_PER_NODE);
  await Promise.all(Array.from({ length: nodes }, (_, at) => createNode(client, `node-${at}`)));
  const until = Date.now() + READY_MS;
  while ((await countReady(client)) < nodes) {
    if (Date.now() > until) throw new Error('the simulated nodes were not ready in 60 s');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    pids: Object.fromEntries(
      Object.entries(children).map(([name, child]) => [name, child.pid ?? 0]),
    ),
    async stop() {
      await Promise.all(Object.values(children).map((child) => endChild(child, 'SIGKILL')));
    },
  };
}

async function createNode(client: KubeClient, name: string): Promise<void> {
  const room = { cpu: '1000', memory: '4Ti', pods: String(PODS_PER_NODE * 2) };
  const metadata = { name, labels: { type: 'kwok' } };
  const node = { apiVersion: 'v1', kind: 'Node', metadata };
  await client.create(node, { manager: 'test' });
  // A new node is tainted as not ready until the controller of nodes, which does not run here, has looked at it.
  const ref = { apiVersion: 'v1', kind: 'Node', name };
  await client.patch(ref, { spec: { taints: null } }, { type: 'merge', manager: 'test' });
  await client.apply(
    { ...node, status: { capacity: room, allocatable: room } },
    { manager: 'test', force: true, subresource: 'status' },
  );
}

async function countReady(client: KubeClient): Promise<number> {
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Node' });
  return items.filter((node) => isReady(node)).length;
}

function isReady(node: Readonly<Record<string, unknown>>): boolean {
  const { conditions = [] } = (node['status'] ?? {}) as {
    conditions?: { type: string; status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
