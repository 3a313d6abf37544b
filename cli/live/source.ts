// Where `top`, `tap` and `trace` have their states from: a run on this machine, by its admin port, or a deployment in a cluster, by its
// pods. Each of them is written once, over this; the dashboard stands on the same parts.
import type { Wanted } from '../../sidecar/live/sample.ts';
import type { LiveState, NamespaceState } from '../../sidecar/live/state.ts';
import type { ClusterOptions } from '../cluster/flags.ts';
import { followLive } from './follow.ts';

export type LivePlace =
  /** `http://HOST:PORT` */
  | { readonly kind: 'run'; readonly url: string }
  | { readonly kind: 'cluster'; readonly options: ClusterOptions; readonly name: string };

/** States as they come, until whoever asked has enough; throws a CommandFailure when there are none. */
export async function* statesOf(place: LivePlace, wants: Wanted): AsyncGenerator<LiveState> {
  if (place.kind === 'run') {
    yield* followLive(place.url, wants);
    return;
  }
  const { deploymentStates } = await import('./cluster-states.ts');
  yield* deploymentStates(place.options, place.name, wants);
}

/** The same of all deployments of a namespace. */
export async function* statesOfNamespace(options: ClusterOptions): AsyncGenerator<NamespaceState> {
  const { namespaceStates } = await import('./cluster-states.ts');
  yield* namespaceStates(options);
}
