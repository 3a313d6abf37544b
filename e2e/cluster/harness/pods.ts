// The pods of a deployment: who they are, whether they restarted, and what is done to them.
import { kubectl, list, run, until } from './kubectl.ts';

/** A roll of two pods: Seldon's are looked at after 20 s, and its wrapper does not end on SIGTERM. */
const ROLL_MS = 240_000;

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly isReady: boolean;
  readonly isEnding: boolean;
  readonly restarts: number;
  /** Names of all, sidecars too. */
  readonly containers: readonly string[];
}

interface ContainerStatus {
  readonly restartCount: number;
}

interface Pod {
  readonly metadata: { name: string; uid: string; deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export async function podsOf(
  namespace: string,
  deployment: string,
  more = '',
): Promise<readonly PodFacts[]> {
  return podsBy(namespace, `seldon-deployment-id=${deployment}${more}`);
}

export async function podsBy(namespace: string, selector: string): Promise<readonly PodFacts[]> {
  const pods = (await list(namespace, 'pods', selector)) as unknown as readonly Pod[];
  return pods.map(({ metadata, spec, status = {} }) => ({
    name: metadata.name,
    uid: metadata.uid,
    ip: status.podIP ?? '',
    isReady: (status.conditions ?? []).some(
      (each) => each.type === 'Ready' && each.status === 'True',
    ),
    isEnding: metadata.deletionTimestamp !== undefined,
    restarts: [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].reduce(
      (sum, each) => sum + each.restartCount,
      0,
    ),
    containers: [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name),
  }));
}

/** Until `read` finds two pods, both ready, none leaving, and `fits` holds for each. */
export async function untilTwoReady(
  whose: string,
  read: () => Promise<readonly PodFacts[]>,
  fits: (pod: PodFacts) => boolean = () => true,
): Promise<void> {
  await until(
    `${whose} has two ready pods and no others`,
    async () => {
      const pods = await read();
      return pods.length === 2 && pods.every((pod) => pod.isReady && !pod.isEnding && fits(pod));
    },
    ROLL_MS,
    500,
  );
}

/** Through the Eviction API, as a drain asks; false where a budget refuses. */
export async function evict(namespace: string, pod: string): Promise<boolean> {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  const ran = await run('kubectl', ['create', '--raw', path, '-f', '-'], {
    input: JSON.stringify(eviction),
  });
  if (ran.code === 0) return true;
  if (/disruption budget/.test(ran.stderr)) return false;
  throw new Error(ran.stderr);
}

const KILL_FILTER = `
const { readdirSync, readFileSync } = require('node:fs');
for (const pid of readdirSync('/proc').filter(Number)) {
  let line = '';
  try { line = readFileSync('/proc/' + pid + '/cmdline', 'utf8'); } catch {}
  if (Number(pid) !== process.pid && line.includes('extproc/process/main.ts')) { process.kill(Number(pid), 'SIGKILL'); console.log(pid); }
}`;

const WAKE_FILTER = `
const url = 'http://127.0.0.1:8000/api/v1.0/metadata';
fetch(url).then((response) => response.text()).catch((error) => { console.error(String(error)); process.exitCode = 1; });`;

/** Asks for what no unit answers alone: a graph that Envoy serves alone has no filter's process before. */
export async function wakeFilter(namespace: string, pod: string): Promise<void> {
  const node = ['/usr/local/bin/node', '-e', WAKE_FILTER];
  await kubectl(['exec', '-n', namespace, pod, '-c', 'sidegraph-filter', '--', ...node]);
}

/** SIGKILL to the filter's process inside its container; the agent beside it stays. */
export async function killFilter(namespace: string, pod: string): Promise<void> {
  const node = ['/usr/local/bin/node', '-e', KILL_FILTER];
  const killed = await kubectl([
    'exec',
    '-n',
    namespace,
    pod,
    '-c',
    'sidegraph-filter',
    '--',
    ...node,
  ]);
  if (killed.trim() === '') throw new Error(`no filter runs in ${pod}`);
}
