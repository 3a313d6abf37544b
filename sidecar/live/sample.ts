// What one Envoy with its filter tells in a second: the shape of its graph, a reading of its counters, and the requests that ended since
// the last one. A run on this machine is one such source, a deployment in a cluster has one in each of its pods.
import type { Reading } from './reading.ts';
import type { LiveRequest } from './requests.ts';
import type { GraphShape } from './shape.ts';
import type { LiveNote, LivePod } from './state.ts';

export interface LiveSample {
  readonly shape: GraphShape;
  readonly reading: Reading;
  /** Empty for whoever wants counters alone. */
  readonly requests: readonly LiveRequest[];
}

/** `requests` has an Envoy write a line for each of them, `counters` costs it nothing but being read. */
export type Wanted = 'counters' | 'requests';

/** A pod as its source knows it. */
export type PodEntry = Pick<LivePod, 'name' | 'predictor' | 'state' | 'why'>;

export interface SampleSink {
  /** `pod` is '' where there is but one source. */
  sample(pod: string, sample: LiveSample): void;
  /** All pods that there are, and what is to be known besides; replaces what was said before. */
  situation(pods: readonly PodEntry[], notes: readonly LiveNote[]): void;
}

export interface SampleSource {
  /** Begins to tell, until the function that it returns is called. */
  open(sink: SampleSink): () => void;
}

/** What the page, `top` and `tap` read. */
export interface LiveFeed<State> {
  /** Calls back with states until the function that it returns is called; the first one comes after a tick or two. */
  watch(watcher: (state: State) => void): () => void;
}
