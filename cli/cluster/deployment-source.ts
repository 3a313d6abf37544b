// A deployment in a cluster as a source of samples: all of its pods, as they come and go, and what keeps some of them from telling.
import type { KubeClient } from '../../lib/kube/client.ts';
import { describeError, KubeError } from '../../lib/kube/error.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { SampleSink, SampleSource, Wanted } from '../../sidecar/live/sample.ts';
import type { LiveNote } from '../../sidecar/live/state.ts';
import { missing, note } from './notes.ts';
import { type LiveView, observeLive } from './observe.ts';
import { MAX_WATCHED_PODS, PodStreams } from './pod-streams.ts';
import { repeat } from './repeat.ts';
import {
  canTell,
  describeWatched,
  predictorOf,
  type PredictorTraffic,
  spread,
  trafficOf,
  withTraffic,
} from './watched-pods.ts';

export interface WatchedDeployment {
  readonly namespace: string;
  readonly name: string;
}

export class DeploymentSource implements SampleSource {
  readonly #client: KubeClient;
  readonly #deployment: WatchedDeployment;
  readonly #wants: Wanted;

  constructor(client: KubeClient, deployment: WatchedDeployment, wants: Wanted) {
    this.#client = client;
    this.#deployment = deployment;
    this.#wants = wants;
  }

  /** Whether there is anything to look at. Throws a KubeError or CommandFailure where not. */
  async check(): Promise<void> {
    const { namespace, name } = this.#deployment;
    const { deployments, pods } = await observeLive(
      this.#client,
      namespace,
      name,
      new AbortController().signal,
    );
    if (deployments?.length !== 0 || pods.length > 0) return;
    throw new CommandFailure(
      'DEPLOYMENT_UNKNOWN',
      `namespace ${namespace} has no SeldonDeployment ${name}`,
      `see them with: sidegraph status -n ${namespace}`,
    );
  }

  open(sink: SampleSink): () => void {
    const { namespace, name } = this.#deployment;
    let view: LiveView = { deployments: undefined, pods: [], notes: [] };
    let traffic: readonly PredictorTraffic[] = [];
    let trouble: readonly LiveNote[] = [];
    let isSeen = false;
    const tell = (): void => {
      if (!isSeen && trouble.length === 0) return;
      const of = (pod: string) => streams.statusOf(pod);
      const { entries, notes } = describeWatched(view.pods, traffic, of, namespace);
      const own = isSeen ? describeDeployment(view, this.#deployment) : [];
      sink.situation(entries, [...trouble, ...view.notes, ...own, ...notes]);
    };
    const streams = new PodStreams(this.#client, namespace, this.#wants, {
      sample: (pod, sample) =>
        sink.sample(pod, { ...sample, shape: withTraffic(sample.shape, traffic) }),
      changed: tell,
    });
    const stop = repeat(async (signal) => {
      try {
        view = await observeLive(this.#client, namespace, name, signal);
        isSeen = true;
        trouble = [];
      } catch (thrown) {
        signal.throwIfAborted();
        trouble = [describeTrouble(thrown, namespace)];
      }
      if (view.deployments !== undefined) traffic = trafficOf(view.deployments[0]);
      const able = spread(
        view.pods.filter(canTell),
        (pod) => predictorOf(pod, traffic),
        MAX_WATCHED_PODS,
      );
      streams.want(able.map((pod) => pod.metadata.name));
      tell();
    });
    return () => {
      stop();
      streams.close();
    };
  }
}

function describeDeployment(
  { deployments, pods }: LiveView,
  { namespace, name }: WatchedDeployment,
): LiveNote[] {
  if (deployments?.length === 0)
    return [
      note(
        'DEPLOYMENT_MISSING',
        `namespace ${namespace} has no SeldonDeployment ${name} any more`,
        `see them with: sidegraph status -n ${namespace}`,
      ),
    ];
  if (pods.length > 0) return [];
  return [
    note(
      'NO_PODS',
      `no pod of ${name} runs`,
      `sidegraph status -n ${namespace} ${name} says why; it goes on by itself when one does`,
    ),
  ];
}

/** What a failed look at the cluster means for what is shown. */
export function describeTrouble(thrown: unknown, namespace: string): LiveNote {
  if (thrown instanceof KubeError && thrown.status === 403)
    return note(
      'PODS_FORBIDDEN',
      `you may not list the pods: ${thrown.words || describeError(thrown)}`,
      missing('pods', namespace),
    );
  return note('CLUSTER_AWAY', describeError(thrown), 'it is tried again');
}
