// States of what runs in a cluster. Loaded only where a command is for one: the client of Kubernetes takes most of a second to load.
import { LiveHub } from '../../sidecar/live/hub.ts';
import type { LiveFeed, Wanted } from '../../sidecar/live/sample.ts';
import type { LiveState, NamespaceState } from '../../sidecar/live/state.ts';
import { connectLive, type LiveCluster } from '../cluster/connect.ts';
import { DeploymentSource } from '../cluster/deployment-source.ts';
import type { ClusterOptions } from '../cluster/flags.ts';
import { NamespaceFeed } from '../cluster/namespace-feed.ts';

export async function* deploymentStates(
  options: ClusterOptions,
  name: string,
  wants: Wanted,
): AsyncGenerator<LiveState> {
  yield* inCluster(options, async ({ client, namespace }) => {
    const source = new DeploymentSource(client, { namespace, name }, wants);
    await source.check();
    return new LiveHub(source, { namespace, deployment: name });
  });
}

export async function* namespaceStates(options: ClusterOptions): AsyncGenerator<NamespaceState> {
  yield* inCluster(options, async ({ client, namespace }) => {
    const feed = new NamespaceFeed(client, namespace);
    await feed.check();
    return feed;
  });
}

async function* inCluster<State>(
  options: ClusterOptions,
  open: (cluster: LiveCluster) => Promise<LiveFeed<State>>,
): AsyncGenerator<State> {
  const cluster = connectLive(options);
  try {
    yield* statesIn(await open(cluster));
  } catch (thrown) {
    throw cluster.explain(thrown);
  } finally {
    await cluster.close();
  }
}

/** What a feed tells, as a sequence; of what is not taken in time the newest are kept. */
async function* statesIn<State>(feed: LiveFeed<State>): AsyncGenerator<State> {
  const waiting: State[] = [];
  let wake = (): void => {};
  const leave = feed.watch((state) => {
    waiting.push(state);
    if (waiting.length > MAX_WAITING_STATES) waiting.shift();
    wake();
  });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    leave();
  }
}

const MAX_WAITING_STATES = 60;
