// Capturing of payloads, from its switch to what is kept. While it is on, Envoy tells of every request that passes, the filter copies
// what it sends to units and gets, and requests are read as for somebody who looks; with the line of each request its parts are joined.
// Off, nothing of it happens. A request that is sent again is captured even then, and no other.
import { setTimeout as sleep } from 'node:timers/promises';
import type { WalkPayloads, WalkRecord } from '../../../extproc/live/walk-record.ts';
import type { DeploymentPlan } from '../../../graph/plan/plan.ts';
import { predictorListener, tracedListener } from '../../../envoy/kit/names.ts';
import type { Capture, CaptureFacts } from '../captured.ts';
import type { LiveRequest } from '../requests.ts';
import type { GraphShape } from '../shape.ts';
import { verbOfLast } from '../walk-tree.ts';
import { buildCapture } from './build-capture.ts';
import { CAPTURE_START_LIMIT_MS } from './limits.ts';
import { WaitingParts } from './parts.ts';
import { CaptureStore } from './store.ts';
import { TapStream } from './tap-stream.ts';
import { parseTapTrace, type TapTrace } from './tap-trace.ts';

export interface CapturingParts {
  readonly plan: () => DeploymentPlan | undefined;
  readonly adminSocket: string;
  /** How many captured requests are kept. */
  readonly max: number;
  /** Has the requests read, until the function that it returns is called; calls back once a second. */
  readonly watch: (tick: () => void) => () => void;
}

/** So many readings after its start the filter and Envoy have been told: the first one may have begun before. */
const READY_TICKS = 2;

/** Somebody who waits for the capture of one request, which has this id. */
interface Waiting {
  readonly resolve: (capture: Capture) => void;
}

export class Capturing {
  readonly #parts: CapturingParts;
  readonly #store: CaptureStore;
  readonly #tap: TapStream;
  readonly #traces = new WaitingParts<TapTrace>();
  readonly #payloads = new WaitingParts<WalkPayloads>();
  readonly #waiting = new Map<string, Waiting>();
  #isOn = false;
  #leave: (() => void) | undefined;
  #ticksSinceStart = 0;
  #waitForTick: (() => void)[] = [];
  #nextId = 1;
  #lost = 0;

  constructor(parts: CapturingParts) {
    this.#parts = parts;
    this.#store = new CaptureStore(parts.max);
    this.#tap = new TapStream({
      adminSocket: parts.adminSocket,
      take: (text) => this.#takeTrace(text),
    });
  }

  facts(): CaptureFacts {
    return {
      isOn: this.#isOn,
      ...this.#store.facts,
      pauses: this.#tap.pauses,
      lost: this.#lost,
    };
  }

  /** Resolves when every request that comes from then on is captured, or when it is clear that this takes too long. */
  async start(): Promise<void> {
    this.#isOn = true;
    this.#settle();
    const over = new AbortController();
    const limit = sleep(CAPTURE_START_LIMIT_MS, undefined, { signal: over.signal, ref: false });
    await Promise.race([this.#untilReady(), limit.catch(() => {})]);
    over.abort();
  }

  pause(): void {
    this.#isOn = false;
    this.#settle();
  }

  clear(): void {
    this.#store.clear();
  }

  close(): void {
    this.#waiting.clear();
    this.pause();
    this.clear();
  }

  /** Oldest first. */
  list(): readonly Capture[] {
    return this.#store.list();
  }

  find(id: number): Capture | undefined {
    return this.#store.find(id);
  }

  /** Whether the filter is to copy what it sends and gets. */
  get wantsPayloads(): boolean {
    return this.#isOn || this.#waiting.size > 0;
  }

  /**
   * Has the request of this id captured, whether or not capturing is on: calls `send` when everything that is needed runs, and resolves
   * with what was captured of it. Rejects when `signal` is aborted.
   */
  async captureOne(puid: string, send: () => Promise<void>, signal: AbortSignal): Promise<Capture> {
    const { promise, resolve, reject } = Promise.withResolvers<Capture>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.set(puid, { resolve });
    this.#settle();
    try {
      const ready = (async () => {
        await this.#untilReady();
        await send();
      })();
      await Promise.race([ready, promise]);
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(puid);
      this.#settle();
    }
  }

  takeWalks(walks: readonly WalkRecord[]): void {
    if (!this.wantsPayloads) return;
    for (const { predictor, puid, payloads } of walks)
      if (payloads !== undefined && this.#isWanted(puid))
        this.#payloads.add(keyOf(predictor, puid), payloads, sizeOf(payloads));
  }

  /** The same requests, with the ids of what was captured of them. */
  join(requests: readonly LiveRequest[], { predictors }: GraphShape): readonly LiveRequest[] {
    if (!this.wantsPayloads) return requests;
    return requests.map((request) => {
      const { predictor, puid } = request;
      const key = keyOf(predictor, puid);
      const trace = this.#traces.take(key);
      const payloads = this.#payloads.take(key);
      if (trace === undefined) return request;
      const id = this.#nextId++;
      const plan = this.#parts.plan()?.predictors.find((each) => each.plan.predictor === predictor);
      const capture = buildCapture({
        id,
        request: { ...request, capture: id },
        trace,
        payloads,
        dialect: plan?.plan.dialect ?? 'seldon',
        verb: verbOfLast(request, predictors.find(({ name }) => name === predictor)?.units ?? []),
      });
      this.#store.add(capture);
      // A shadow's request has the same id.
      if (plan?.shadow !== true) this.#waiting.get(puid)?.resolve(capture);
      return capture.request;
    });
  }

  #isWanted(puid: string): boolean {
    return this.#isOn || this.#waiting.has(puid);
  }

  #settle(): void {
    if (this.wantsPayloads === (this.#leave !== undefined)) return;
    if (this.#leave === undefined) {
      this.#ticksSinceStart = 0;
      this.#leave = this.#parts.watch(() => this.#tick());
      void this.#tap.tick();
      return;
    }
    this.#leave();
    this.#leave = undefined;
    this.#tap.close();
    this.#traces.clear();
    this.#payloads.clear();
  }

  #tick(): void {
    this.#ticksSinceStart++;
    void this.#tap.tick();
    this.#lost += this.#traces.expire().length;
    this.#payloads.expire();
    for (const resolve of this.#waitForTick.splice(0)) resolve();
  }

  /** Resolves when the filter and Envoy say what passes. */
  async #untilReady(): Promise<void> {
    while (this.#ticksSinceStart < READY_TICKS) await this.#nextTick();
    await this.#tap.tick();
  }

  #nextTick(): Promise<void> {
    return new Promise((resolve) => this.#waitForTick.push(resolve));
  }

  #takeTrace(text: string): void {
    const trace = parseTapTrace(text);
    if (trace === undefined || !this.#isWanted(trace.puid)) return;
    const predictor = this.#predictorOf(trace.listener);
    if (!this.#traces.add(keyOf(predictor, trace.puid), trace, text.length)) this.#lost++;
  }

  #predictorOf(listener: string | undefined): string {
    const predictors = this.#parts.plan()?.predictors ?? [];
    const found = predictors.find(
      ({ plan: { predictor } }) =>
        listener === predictorListener(predictor) || listener === tracedListener(predictor),
    );
    return (found ?? predictors[0])?.plan.predictor ?? '';
  }
}

function keyOf(predictor: string, puid: string): string {
  return `${predictor}/${puid}`;
}

function sizeOf({ calls, tail }: WalkPayloads): number {
  return calls.reduce(
    (sum, { sent, received }) => sum + sent.base64.length + (received?.base64.length ?? 0),
    tail?.base64.length ?? 0,
  );
}
