// One state out of the samples of several pods. Each pod has a clock, a window and a count of its own: windows are added up, and a pod
// that was started anew or has left takes its counts along.
import type { Reading } from './reading.ts';
import type { LiveRequest } from './requests.ts';
import type { PodEntry, LiveSample } from './sample.ts';
import type { GraphShape, PredictorShape } from './shape.ts';
import {
  graphTraffic,
  inFlightOf,
  type LivePod,
  liveState,
  type LiveState,
  type LiveWindow,
  predictorTraffic,
  type Traffic,
} from './state.ts';

/** Rates are of the last so many seconds, or of as many as there are. */
const WINDOW_TICKS = 5;

/** A deployment in one line. */
export interface MergedTraffic extends Traffic {
  readonly inFlight: number | null;
}

interface PodSamples {
  readonly readings: Reading[];
  shape: GraphShape;
}

export class LiveMerge {
  readonly #pods = new Map<string, PodSamples>();
  #nextId = 1;

  /** Returns the requests of the sample as they are told. */
  take(pod: string, sample: LiveSample): readonly LiveRequest[] {
    const known = this.#pods.get(pod) ?? { readings: [], shape: sample.shape };
    known.shape = sample.shape;
    known.readings.push(sample.reading);
    if (known.readings.length > WINDOW_TICKS + 1) known.readings.shift();
    this.#pods.set(pod, known);
    return sample.requests.map((request) => ({ ...request, id: this.#nextId++, pod }));
  }

  /** Whether a rate of the pod is known. */
  hasWindow(pod: string): boolean {
    return (this.#pods.get(pod)?.readings.length ?? 0) > 1;
  }

  get names(): readonly string[] {
    return [...this.#pods.keys()];
  }

  drop(pod: string): void {
    this.#pods.delete(pod);
  }

  /** Undefined as long as no pod has a window. `pods` are all that are known of; those with samples are counted. */
  state(pods: readonly PodEntry[]): LiveState | undefined {
    const merged = this.#merged();
    if (merged === undefined) return undefined;
    const { shape, windows } = merged;
    return { ...liveState(shape, windows), pods: pods.map((pod) => this.#podState(pod)) };
  }

  /** Of all pods together, in one line; undefined as long as none has a window. */
  summary(): MergedTraffic | undefined {
    const merged = this.#merged();
    if (merged === undefined) return undefined;
    const { shape, windows } = merged;
    return { ...graphTraffic(shape, windows), inFlight: inFlightOf(windows) };
  }

  #merged(): { readonly shape: GraphShape; readonly windows: readonly LiveWindow[] } | undefined {
    const pods = [...this.#pods.values()];
    const windows = pods.flatMap((each) => windowOf(each) ?? []);
    const shape = mergeShapes(pods.map((each) => each.shape));
    const hasRate = windows.some(({ before, now }) => before !== now);
    return shape === undefined || !hasRate ? undefined : { shape, windows };
  }

  #podState(pod: PodEntry): LivePod {
    const known = this.#pods.get(pod.name);
    const window = known === undefined ? undefined : windowOf(known);
    if (known === undefined || window === undefined) return { ...pod, plan: '', perSecond: null };
    const predictor =
      known.shape.predictors.find(({ name }) => name === pod.predictor) ??
      known.shape.predictors[0];
    return {
      ...pod,
      // Without a second reading it has no rate yet.
      state: pod.state === 'live' && window.before === window.now ? 'connecting' : pod.state,
      plan: predictor?.plan ?? '',
      perSecond: predictor === undefined ? null : predictorTraffic(predictor, [window]).perSecond,
    };
  }
}

function windowOf({ readings }: PodSamples): LiveWindow | undefined {
  const [before] = readings;
  const now = readings.at(-1);
  return before === undefined || now === undefined ? undefined : { before, now };
}

/** Each predictor once, in the plan that most of its pods serve. */
export function mergeShapes(shapes: readonly GraphShape[]): GraphShape | undefined {
  const [first] = shapes;
  if (first === undefined) return undefined;
  const byName = new Map<string, PredictorShape[]>();
  for (const { predictors } of shapes)
    for (const predictor of predictors)
      byName.set(predictor.name, [...(byName.get(predictor.name) ?? []), predictor]);
  return { ...first, predictors: [...byName.values()].flatMap((each) => mostCommon(each) ?? []) };
}

function mostCommon(predictors: readonly PredictorShape[]): PredictorShape | undefined {
  const counts = new Map<string, number>();
  for (const { plan } of predictors) counts.set(plan, (counts.get(plan) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [];
  return predictors.find(({ plan }) => plan === most);
}
