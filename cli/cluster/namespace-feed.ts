// All deployments of a namespace with their rates: the counters of their pods, without their requests.
import { LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import { objectOf, textOf } from '../../graph/plan/json-value.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { LiveMerge } from '../../sidecar/live/merge.ts';
import type { LiveFeed } from '../../sidecar/live/sample.ts';
import { LIVE_TICK_MS } from '../../sidecar/live/sampler.ts';
import type { ListedDeployment, LiveNote, NamespaceState } from '../../sidecar/live/state.ts';
import { describeTrouble } from './deployment-source.ts';
import { type LiveView, observeLive } from './observe.ts';
import { MAX_WATCHED_PODS, PodStreams } from './pod-streams.ts';
import { repeat } from './repeat.ts';
import {
  canTell,
  describeWatched,
  hasSidecars,
  spread,
  trafficOf,
  withTraffic,
} from './watched-pods.ts';

/** Rates are over so many seconds, as those of one deployment. */
const WINDOW_SECONDS = 5;
const QUIET = {
  perSecond: 0,
  errorsPerSecond: 0,
  meanMs: null,
  p50Ms: null,
  p99Ms: null,
  total: 0,
  errors: 0,
  inFlight: null,
};

type Watcher = (state: NamespaceState) => void;

export class NamespaceFeed implements LiveFeed<NamespaceState> {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #watchers = new Set<Watcher>();
  #close: (() => void) | undefined;

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#close ??= this.#open();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#close?.();
      this.#close = undefined;
    };
  }

  /** Throws a KubeError where the pods may not be listed, or nobody responds. */
  async check(): Promise<void> {
    await observeLive(this.#client, this.#namespace, undefined, new AbortController().signal);
  }

  #open(): () => void {
    const namespace = this.#namespace;
    let view: LiveView | undefined;
    let trouble: readonly LiveNote[] = [];
    /** By the label of their deployment. */
    const merges = new Map<string, LiveMerge>();
    const streams = new PodStreams(this.#client, namespace, 'counters', {
      sample: (pod, sample) => {
        const of = view?.pods.find(({ metadata }) => metadata.name === pod);
        if (of === undefined) return;
        const label = deploymentOf(of);
        const merge = merges.get(label) ?? new LiveMerge();
        merges.set(label, merge);
        const object = view?.deployments?.find((each) => labelOf(each) === label);
        merge.take(pod, { ...sample, shape: withTraffic(sample.shape, trafficOf(object)) });
      },
      changed: () => {},
    });
    const look = repeat(async (signal) => {
      try {
        view = await observeLive(this.#client, namespace, undefined, signal);
        trouble = [];
      } catch (thrown) {
        signal.throwIfAborted();
        trouble = [describeTrouble(thrown, namespace)];
      }
      const able = spread(view?.pods.filter(canTell) ?? [], deploymentOf, MAX_WATCHED_PODS);
      streams.want(able.map(({ metadata }) => metadata.name));
    });
    const tick = setInterval(() => {
      if (view === undefined && trouble.length === 0) return;
      const state = stateOf(namespace, view, trouble, merges, streams);
      for (const watcher of this.#watchers) watcher(state);
    }, LIVE_TICK_MS);
    return () => {
      clearInterval(tick);
      look();
      streams.close();
    };
  }
}

function stateOf(
  namespace: string,
  view: LiveView | undefined,
  trouble: readonly LiveNote[],
  merges: Map<string, LiveMerge>,
  streams: PodStreams,
): NamespaceState {
  const pods = view?.pods ?? [];
  for (const [label, merge] of merges) {
    for (const pod of merge.names) if (streams.statusOf(pod)?.state !== 'live') merge.drop(pod);
    if (merge.names.length === 0) merges.delete(label);
  }
  const notes: LiveNote[] = [];
  const groups = Map.groupBy(pods, deploymentOf);
  const named = new Map<string, KubeObject | undefined>();
  for (const object of view?.deployments ?? []) named.set(object.metadata.name, object);
  // Where they may not be read, their pods say their names.
  if (view !== undefined && view.deployments === undefined)
    for (const label of groups.keys()) named.set(label, undefined);
  const deployments = [...named].map(([name, object]): ListedDeployment => {
    const own = groups.get(labelValue(name)) ?? [];
    const of = (pod: string) => streams.statusOf(pod);
    const watched = describeWatched(own, trafficOf(object), of, namespace);
    notes.push(...watched.notes);
    const all = own.filter(hasSidecars).length;
    const live = own.filter(({ metadata }) => of(metadata.name)?.state === 'live').length;
    const summary = merges.get(labelValue(name))?.summary() ?? QUIET;
    const state = textOf(objectOf(object?.['status'])['state']);
    return { name, state, pods: { live, all }, ...summary };
  });
  return {
    at: new Date().toISOString(),
    windowSeconds: WINDOW_SECONDS,
    namespace,
    deployments: deployments.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    notes: [...trouble, ...(view?.notes ?? []), ...distinct(notes)],
  };
}

/** What is the same for pods of several deployments is said once. */
function distinct(notes: readonly LiveNote[]): LiveNote[] {
  const byCode = new Map<string, LiveNote[]>();
  for (const note of notes) byCode.set(note.code, [...(byCode.get(note.code) ?? []), note]);
  return [...byCode.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    if (others.length === 0) return [first];
    const message = `${first.message}; and the same for ${others.length} more`;
    return [{ ...first, message }];
  });
}

function deploymentOf({ metadata }: KubeObject): string {
  return metadata.labels?.[LABELS.deployment] ?? '';
}

function labelOf({ metadata }: KubeObject): string {
  return labelValue(metadata.name);
}
