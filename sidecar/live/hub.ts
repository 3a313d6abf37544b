// Who looks, and what they are told: while there are watchers the source of samples is open, and a state goes to all of them as soon as
// every pod has told something new; when the last one has gone the source is closed.
import type { CaptureFacts } from './captured.ts';
import { LiveMerge } from './merge.ts';
import { type LiveRequest, Ring } from './requests.ts';
import type { LiveFeed, PodEntry, SampleSource } from './sample.ts';
import { KEPT_REQUESTS, LIVE_TICK_MS, MAX_TOLD_REQUESTS } from './sampler.ts';
import type { LiveNote, LiveState } from './state.ts';

/** A pod that tells nothing holds up the others no longer than this, ms. */
const PATIENCE_MS = 1.5 * LIVE_TICK_MS;

type Watcher = (state: LiveState) => void;

export class LiveHub implements LiveFeed<LiveState> {
  readonly #source: SampleSource;
  readonly #identity: Pick<LiveState, 'namespace' | 'deployment'>;
  readonly #captures: () => CaptureFacts | undefined;
  readonly #watchers = new Map<Watcher, { isNew: boolean }>();
  readonly #ring = new Ring<LiveRequest>(KEPT_REQUESTS);
  #merge = new LiveMerge();
  #pods: readonly PodEntry[] | undefined;
  #notes: readonly LiveNote[] = [];
  #fresh: LiveRequest[] = [];
  /** Pods with a sample since the last state. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #close: (() => void) | undefined;

  /** `identity` is for states of a source that has not told anything yet. */
  constructor(
    source: SampleSource,
    identity: Pick<LiveState, 'namespace' | 'deployment'> = { namespace: '', deployment: '' },
    captures: () => CaptureFacts | undefined = () => undefined,
  ) {
    this.#source = source;
    this.#identity = identity;
    this.#captures = captures;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.set(watcher, { isNew: true });
    if (this.#close === undefined) this.#begin();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#end();
    };
  }

  close(): void {
    this.#watchers.clear();
    this.#end();
  }

  #begin(): void {
    this.#close = this.#source.open({
      sample: (pod, sample) => {
        // A pod that has been said to be gone.
        if (this.#pods !== undefined && !this.#isLive(pod)) return;
        this.#fresh.push(...this.#merge.take(pod, sample));
        this.#told.add(pod);
        if (this.#expected().every((name) => this.#told.has(name))) this.#tell();
      },
      situation: (pods, notes) => {
        this.#pods = pods;
        this.#notes = notes;
        for (const name of this.#merge.names) if (!this.#isLive(name)) this.#merge.drop(name);
      },
    });
    this.#wait();
  }

  #end(): void {
    this.#close?.();
    this.#close = undefined;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#merge = new LiveMerge();
    this.#pods = undefined;
    this.#notes = [];
    this.#fresh = [];
    this.#told.clear();
    this.#ring.clear();
  }

  /** Pods that are to tell something each second. */
  #expected(): readonly string[] {
    if (this.#pods === undefined) return this.#merge.names;
    return this.#pods.filter(({ state }) => state === 'live').map(({ name }) => name);
  }

  #isLive(pod: string): boolean {
    return this.#pods?.some(({ name, state }) => name === pod && state === 'live') === true;
  }

  #wait(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), PATIENCE_MS);
  }

  #tell(): void {
    this.#wait();
    this.#told.clear();
    const fresh = this.#fresh
      .toSorted((one, other) => compare(one.time, other.time) || one.id - other.id)
      .slice(-MAX_TOLD_REQUESTS);
    this.#fresh = [];
    this.#ring.push(fresh);
    const state = this.#merge.state(this.#pods ?? []) ?? this.#emptyState();
    if (state === undefined) return;
    for (const [watcher, of] of this.#watchers) {
      const requests = of.isNew ? this.#ring.list() : fresh;
      watcher({ ...state, notes: this.#notes, requests, captures: this.#captures() ?? null });
      of.isNew = false;
    }
  }

  /** Where no pod tells anything there may be a reason for it. */
  #emptyState(): LiveState | undefined {
    if (this.#pods === undefined || (this.#pods.length === 0 && this.#notes.length === 0))
      return undefined;
    return {
      ...this.#identity,
      at: new Date().toISOString(),
      windowSeconds: 0,
      inFlight: null,
      predictors: [],
      requests: [],
      pods: this.#pods.map((pod) => ({
        ...pod,
        state: pod.state === 'live' ? 'connecting' : pod.state,
        plan: '',
        perSecond: null,
      })),
      notes: [],
      captures: null,
    };
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
