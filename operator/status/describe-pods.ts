// Why pods do not serve, in words that tell what to do next: the image that cannot be pulled, the container that crashes, the node
// that has no room. Reads pods as the kubelet and the scheduler describe them; the gravest trouble of most pods comes first.
import { isReady } from '../observe/joined-pods.ts';
import { numberOf, objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { conditionOf, statusOf } from '../observe/fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { CONTAINERS } from '../../cluster/names.ts';

interface Trouble {
  /** Higher is told first. */
  readonly rank: number;
  readonly words: string;
}

/** One sentence for each kind of trouble, at most three; '' when all pods are ready. */
export function describePods(pods: readonly KubeObject[]): string {
  const counts = new Map<string, { count: number; rank: number }>();
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined || isReady(pod)) continue;
    const { rank, words } = describePod(pod);
    const known = counts.get(words);
    counts.set(words, { count: (known?.count ?? 0) + 1, rank });
  }
  const troubles = [...counts].sort(
    ([oneWords, one], [otherWords, other]) =>
      other.rank - one.rank || other.count - one.count || (oneWords < otherWords ? -1 : 1),
  );
  return troubles
    .slice(0, MAX_TROUBLES)
    .map(([words, { count }]) => `${count} of ${pods.length} pods: ${words}`)
    .join('; ');
}

const MAX_TROUBLES = 3;
const MAX_WORDS = 300;
const ENVOY_WAITS = 0.5;

function describePod(pod: KubeObject): Trouble {
  const status = statusOf(pod);
  const phase = textOf(status['phase']);
  if (phase === 'Failed') {
    const why = textOf(status['message']) || textOf(status['reason']);
    return { rank: 5, words: cut(`ended${why === '' ? '' : `: ${why}`}`) };
  }
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False')
    return { rank: 4, words: cut(`no node takes it: ${scheduled.message || scheduled.reason}`) };
  const init = objectsOf(status['initContainerStatuses']).map((each) =>
    describeContainer(each, true),
  );
  const containers = objectsOf(status['containerStatuses']);
  const main = containers.map((each) => describeContainer(each, false));
  const haveStarted = containers.length > 0 && containers.every(hasStarted);
  const worst = [...init, ...main]
    .filter((trouble) => trouble !== undefined)
    // Envoy cannot be ready before there is a unit to ask.
    .filter(({ rank }) => rank !== ENVOY_WAITS || haveStarted)
    .sort((one, other) => other.rank - one.rank)[0];
  return worst ?? { rank: 0, words: 'starting' };
}

function hasStarted(container: JsonObject): boolean {
  const state = objectOf(container['state']);
  return state['running'] !== undefined || state['terminated'] !== undefined;
}

function describeContainer(container: JsonObject, isInit: boolean): Trouble | undefined {
  const name = wordsOf(textOf(container['name']));
  const state = objectOf(container['state']);
  const waiting = objectOf(state['waiting']);
  const reason = textOf(waiting['reason']);
  const message = textOf(waiting['message']);
  const last = objectOf(objectOf(container['lastState'])['terminated']);
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'InvalidImageName':
    case 'ErrImageNeverPull': {
      const image = textOf(container['image']);
      return {
        rank: 9,
        words: cut(`the image ${image} of ${name} cannot be pulled: ${message || reason}`),
      };
    }
    case 'CrashLoopBackOff': {
      const restarts = numberOf(container['restartCount']);
      return {
        rank: 8,
        words: cut(`${name} crashes (${describeEnd(last)}, ${restarts} restarts)`),
      };
    }
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return { rank: 8, words: cut(`${name} cannot be started: ${message || reason}`) };
    case '':
      break;
    default:
      // PodInitializing, ContainerCreating: it waits for its turn.
      return message === '' ? undefined : { rank: 3, words: cut(`${name}: ${message}`) };
  }
  const terminated = objectOf(state['terminated']);
  if (terminated['exitCode'] !== undefined && numberOf(terminated['exitCode']) !== 0)
    return { rank: 7, words: cut(`${name} ended (${describeEnd(terminated)})`) };
  if (state['running'] === undefined) return undefined;
  if (isInit && container['started'] !== true) {
    const loads = textOf(container['name']).endsWith('-initializer');
    return { rank: 2, words: `${name} ${loads ? 'loads the model' : 'is starting'}` };
  }
  if (
    container['ready'] === true ||
    (isInit && container['started'] === true && !isOurs(container))
  )
    return undefined;
  // Envoy is ready when the units are, so where one of them is not, that is what is waited for.
  const rank = isOurs(container) ? ENVOY_WAITS : 1;
  return { rank, words: `${name} runs but is not ready yet` };
}

function isOurs(container: JsonObject): boolean {
  const names: readonly string[] = Object.values(CONTAINERS);
  return names.includes(textOf(container['name']));
}

function describeEnd(terminated: JsonObject): string {
  const code = `exit code ${numberOf(terminated['exitCode'])}`;
  const reason = textOf(terminated['reason']);
  if (reason === 'OOMKilled') return `${code}, out of memory`;
  const message = textOf(terminated['message']).trim().split('\n').at(-1) ?? '';
  return message === '' ? code : `${code}: ${message}`;
}

function wordsOf(container: string): string {
  return `container ${container}`;
}

function cut(words: string): string {
  const line = words.replaceAll(/\s+/g, ' ');
  return line.length <= MAX_WORDS ? line : `${line.slice(0, MAX_WORDS)}…`;
}
