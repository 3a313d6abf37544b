// Samples of the Envoy and the filter of this process: while somebody watches the counters are read once a second, and while somebody
// wants requests Envoy writes a line for each; when the last one has gone both end, and nothing is done until the next one comes.
import { MAX_WALK_CALLS, MAX_WALKS } from '../../extproc/live/limits.ts';
import type { WalkRecord } from '../../extproc/live/walk-record.ts';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { LIVE_LINES_PER_SECOND } from '../../envoy/kit/limits.ts';
import { LIVE_LOG_KEY } from '../../envoy/kit/names.ts';
import type { Busy } from './in-flight.ts';
import { readCounters } from './reading.ts';
import { type LiveRequest, parseLine, Ring, WaitingWalks } from './requests.ts';
import type { LiveSample, SampleSource, Wanted } from './sample.ts';
import { type GraphShape, shapeOf } from './shape.ts';
import { Tail } from './tail.ts';

/** How often watchers are told, ms. */
export const LIVE_TICK_MS = 1000;
/** Requests that are kept for who comes later. */
export const KEPT_REQUESTS = 200;
/** Walks whose request has not been read of yet: of two seconds, as Envoy's lines come up to a second late. */
const MAX_WAITING_WALKS = 2 * MAX_WALKS;
const MAX_WAITING_CALLS = 2 * MAX_WALK_CALLS;
/** Requests of one sample, and of one state; the newest where there were more. */
export const MAX_TOLD_REQUESTS = 2 * LIVE_LINES_PER_SECOND;

export interface SamplerParts {
  readonly plan: () => DeploymentPlan | undefined;
  /** The text of the metrics page. */
  readonly metrics: () => Promise<string>;
  /** Requests at all listeners, and calls to units by `predictor/unit`. */
  readonly inFlight: () => Promise<Busy>;
  /** What comes of it is given to `takeWalks`. */
  readonly askWalks: () => void;
  readonly adminSocket: string;
  readonly logPath: string;
  readonly warn: (text: string) => void;
  readonly tickMs?: number;
  /** Where payloads may be captured. */
  readonly captures?: CaptureHook;
}

/** Takes the payloads of walks, and says of each request whether it was captured. */
export interface CaptureHook {
  /** Whether the filter is to copy what it sends and gets. */
  readonly wantsPayloads: boolean;
  takeWalks(walks: readonly WalkRecord[]): void;
  join(requests: readonly LiveRequest[], shape: GraphShape): readonly LiveRequest[];
}

type Watcher = (sample: LiveSample) => void;

export class LiveSampler {
  readonly #parts: SamplerParts;
  readonly #watchers = new Map<Watcher, { readonly wants: Wanted; isNew: boolean }>();
  readonly #ring = new Ring<LiveRequest>(KEPT_REQUESTS);
  readonly #tail: Tail;
  readonly #walks = new WaitingWalks(MAX_WAITING_WALKS, MAX_WAITING_CALLS);
  #shape: { readonly plan: DeploymentPlan; readonly shape: GraphShape } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;
  #isBusy = false;
  #isLogging = false;
  /** Orders to Envoy, one after the other: the last one must win. */
  #ordered: Promise<void> = Promise.resolve();

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    this.#tail = new Tail(parts.logPath);
    // A process before this one may have been killed while somebody looked.
    this.#orderLog(false);
  }

  /** Calls back with samples until the function that it returns is called. */
  watch(watcher: Watcher, wants: Wanted): () => void {
    this.#watchers.set(watcher, { wants, isNew: true });
    if (wants === 'requests' && !this.#isLogging) this.#startLog();
    if (this.#timer === undefined) this.#begin();
    return () => {
      this.#watchers.delete(watcher);
      const wanted = [...this.#watchers.values()].some((other) => other.wants === 'requests');
      if (this.#isLogging && !wanted) this.#stopLog();
      if (this.#watchers.size === 0) this.#end();
    };
  }

  takeWalks(walks: readonly WalkRecord[]): void {
    if (!this.#isLogging) return;
    this.#parts.captures?.takeWalks(walks);
    this.#walks.add(
      walks.map(({ predictor, puid, calls, tail }) => ({ predictor, puid, calls, tail })),
    );
  }

  close(): void {
    this.#watchers.clear();
    if (this.#isLogging) this.#stopLog();
    this.#end();
    this.#tail.close();
  }

  #begin(): void {
    const tick = (): void => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#tick()
        .catch((thrown: unknown) => this.#parts.warn(`the live data: ${describeThrown(thrown)}`))
        .finally(() => {
          this.#isBusy = false;
        });
    };
    this.#timer = setInterval(tick, this.#parts.tickMs ?? LIVE_TICK_MS);
    tick();
  }

  #end(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #startLog(): void {
    this.#isLogging = true;
    this.#tail.clear();
    this.#orderLog(true);
  }

  #stopLog(): void {
    this.#isLogging = false;
    this.#ring.clear();
    this.#walks.clear();
    this.#orderLog(true);
  }

  /** Which share of the requests has a line: all of them or none. */
  #orderLog(warns: boolean): void {
    this.#ordered = this.#ordered.then(async () => {
      const percent = this.#isLogging ? 100 : 0;
      try {
        await requestSocket(this.#parts.adminSocket, `/runtime_modify?${LIVE_LOG_KEY}=${percent}`, {
          method: 'POST',
        });
      } catch (thrown) {
        // At the end of a run Envoy may be gone first.
        if (percent > 0 && warns)
          this.#parts.warn(`Envoy does not tell of requests: ${describeThrown(thrown)}`);
      }
    });
  }

  async #tick(): Promise<void> {
    const plan = this.#parts.plan();
    if (plan === undefined) return;
    // Before the walks are asked for: the filter has noted a walk before Envoy writes the line of its request.
    const lines = this.#isLogging ? this.#tail.look() : [];
    if (this.#isLogging) {
      // An Envoy that was started anew writes nothing until it is told again.
      this.#orderLog(false);
      this.#parts.askWalks();
    }
    const [text, busy] = await Promise.all([
      this.#parts.metrics(),
      this.#parts.inFlight().catch(() => null),
    ]);
    // Nobody looks any more.
    if (this.#timer === undefined) return;
    const shape = this.#shapeOf(plan);
    const requests = this.#readRequests(lines, shape);
    const sample: LiveSample = {
      shape,
      reading: {
        atMs: performance.now(),
        wallMs: Date.now(),
        inFlight: busy?.requests ?? null,
        active: busy?.calls ?? new Map(),
        ...readCounters(text),
      },
      requests: [],
    };
    for (const [watcher, of] of this.#watchers) {
      const told = of.isNew ? this.#ring.list() : requests;
      watcher(of.wants === 'requests' ? { ...sample, requests: told } : sample);
      of.isNew = false;
    }
  }

  #readRequests(lines: readonly string[], shape: GraphShape): readonly LiveRequest[] {
    const read = lines
      .slice(-MAX_TOLD_REQUESTS)
      .flatMap((line) => parseLine(line, this.#nextId++) ?? [])
      .map((request) => this.#walks.join(request));
    const fresh = this.#parts.captures?.join(read, shape) ?? read;
    this.#ring.push(fresh);
    return fresh;
  }

  #shapeOf(plan: DeploymentPlan): GraphShape {
    if (this.#shape?.plan !== plan) this.#shape = { plan, shape: shapeOf(plan) };
    return this.#shape.shape;
  }
}

/** The sampler as the one source of a hub. */
export function sourceOf(sampler: LiveSampler, wants: Wanted): SampleSource {
  return { open: (sink) => sampler.watch((sample) => sink.sample('', sample), wants) };
}
