// Writes Envoy's files and swaps plans: make before break. New clusters first, then route tables, then listeners; what
// only requests in flight still need is dropped when their deadline has passed. Envoy takes a file whole or refuses it;
// a refused one is replaced by the last good one, and the caller is told in Envoy's words.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { readSubscriptions } from './admin.ts';
import { awaitSeen } from './await-seen.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { liveLimitFile } from '../kit/filters/live-log.ts';
import { type EnvoyLayout, bootstrapPath, liveLimitPath } from '../kit/layout.ts';
import { EGRESS_ROUTES } from '../kit/names.ts';
import { type EnvoyFiles, renderEnvoy } from '../sidecar/render.ts';
import { type RetainedByName, resourceName, retain, withRetained } from './retained.ts';
import { makeFolder, removeFile, replaceFile } from './store.ts';
import { validateFiles } from './validate.ts';
import { type SwapStep, type WatchedFile, swapSteps, watchedFiles } from './watched-files.ts';
import { DRAIN_SECONDS, SEEN_TIMEOUT_MS, SWAP_GRACE_MS } from '../kit/limits.ts';

export interface WriterLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface WriterOptions {
  readonly log: WriterLog;
  /** Validates every deployment by `envoy --mode validate` before the first start, and explains refusals; undefined: never. */
  readonly envoyBin: string | undefined;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  /** How long Envoy may take to report an update, ms. */
  readonly seenTimeoutMs?: number;
  /** Added to the deadline before old resources are dropped, ms: responses that end just in time. */
  readonly graceMs?: number;
}

export type StartOutcome = { readonly kind: 'written' } | SwapRejected;

export type SwapOutcome =
  | {
      readonly kind: 'live';
      /** Resolves when no request can use what was replaced; false when the writer was closed before. */
      readonly retired: Promise<boolean>;
    }
  | SwapRejected;

export interface SwapRejected {
  readonly kind: 'refused';
  readonly reason: string;
}

export class EnvoyWriter {
  readonly #layout: EnvoyLayout;
  readonly #options: Required<Omit<WriterOptions, 'envoyBin'>> & Pick<WriterOptions, 'envoyBin'>;
  #live: EnvoyFiles | undefined;
  #deployment: DeploymentPlan | undefined;
  #kept: Kept = { clusters: new Map(), egressHosts: new Map(), listeners: new Map() };
  /** Texts of the files as Envoy last took them, by path. */
  readonly #good = new Map<string, string>();
  /** Swaps run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(layout: EnvoyLayout, options: WriterOptions) {
    this.#layout = layout;
    this.#options = {
      now: () => performance.now(),
      seenTimeoutMs: SEEN_TIMEOUT_MS,
      graceMs: SWAP_GRACE_MS,
      ...options,
    };
  }

  /** Writes everything that Envoy needs to start. Refused when Envoy says that it would not. */
  async start(deployment: DeploymentPlan): Promise<StartOutcome> {
    const files = renderEnvoy(deployment, this.#layout);
    const { envoyBin } = this.#options;
    await makeFolder(this.#layout.dir);
    // Has to be there already when Envoy looks at the others.
    if (this.#layout.liveLogPath !== undefined)
      await replaceFile(liveLimitPath(this.#layout), JSON.stringify(liveLimitFile()));
    const fault = envoyBin === undefined ? undefined : await validateFiles(files, envoyBin);
    if (fault !== undefined) return { kind: 'refused', reason: fault };
    await replaceFile(bootstrapPath(this.#layout), `${JSON.stringify(files.bootstrap, null, 1)}\n`);
    for (const each of watchedFiles(files, this.#layout)) await this.#put(each);
    this.#live = files;
    this.#deployment = deployment;
    return { kind: 'written' };
  }

  /** Waits until the Envoy that was started runs what `start` wrote: undefined, or what went wrong. */
  awaitStart(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live === undefined) throw new Error('awaitStart before start');
    return awaitSeen(watchedFiles(this.#live, this.#layout), {
      adminSocket: this.#layout.adminSocket,
      refusedBefore: new Map(),
      // Units whose names do not resolve yet hold up nobody's start.
      clusters: [],
      timeoutMs: this.#options.seenTimeoutMs,
      signal,
    });
  }

  /**
   * Makes `next` the plan of a running Envoy. Resolves when all of it is live (or refused and rolled back); the
   * replaced plan's clusters go later, see `retired`. A swap that comes meanwhile waits for this one to be live, not
   * for its retirement. Aborting `signal` gives up waiting and rolls back.
   */
  swap(next: DeploymentPlan, options: { readonly signal: AbortSignal }): Promise<SwapOutcome> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const mine = this.#turn.then(() => this.#swapNow(next, signal));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Stops the timers; files stay as they are. */
  close(): void {
    this.#closing.abort();
  }

  async #swapNow(next: DeploymentPlan, signal: AbortSignal): Promise<SwapOutcome> {
    const before = this.#live;
    const replaced = this.#deployment;
    if (before === undefined || replaced === undefined) throw new Error('swap before start');
    const files = renderEnvoy(next, this.#layout);
    const now = this.#options.now();
    const relisten = JSON.stringify(before.listeners) !== JSON.stringify(files.listeners);
    const untilMs = now + this.#retention(replaced, relisten);
    const kept = keepFor(before, this.#kept, files, now, untilMs);
    const whole = mergeRetained(files, kept);
    const reason = await this.#apply(mergeRetained(before, this.#kept), whole, signal);
    if (reason !== undefined) {
      this.#options.log.warn({ reason }, 'Envoy refused the new plan; the old one serves on');
      return { kind: 'refused', reason };
    }
    this.#live = files;
    this.#deployment = next;
    this.#kept = kept;
    return { kind: 'live', retired: this.#retire(untilMs) };
  }

  /** Longest time for which a request may use what `replaced` named, ms. */
  #retention(replaced: DeploymentPlan, relisten: boolean): number {
    const deadlines = replaced.predictors.map(({ plan }) => plan.policy.deadlineMs);
    const drainMs = relisten ? DRAIN_SECONDS * 1000 : 0;
    return Math.max(drainMs, ...deadlines) + this.#options.graceMs;
  }

  /** Each step is seen by Envoy before the next. undefined when all is live; else everything is as it was. */
  async #apply(
    before: EnvoyFiles,
    files: EnvoyFiles,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const changed = watchedFiles(files, this.#layout).filter((each) => !this.#isWritten(each));
    const touched = new Set<string>();
    for (const step of swapSteps(before, files, this.#layout, changed)) {
      const fault = await this.#take(step, files, touched, signal);
      if (fault === undefined) continue;
      for (const path of [...touched].reverse()) await this.#restore(path);
      return this.#explain(fault, files);
    }
    for (const each of changed) this.#good.set(each.path, each.file.text);
    return undefined;
  }

  async #take(
    step: SwapStep,
    files: EnvoyFiles,
    touched: Set<string>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { adminSocket } = this.#layout;
    const refusedBefore = await readSubscriptions(adminSocket, signal).catch(() => new Map());
    for (const each of step.files) {
      touched.add(each.path);
      await replaceFile(each.path, each.file.text);
    }
    if (!step.reported) return undefined;
    return awaitSeen(step.files, {
      adminSocket,
      refusedBefore,
      clusters: files.clusters.map(resourceName),
      timeoutMs: this.#options.seenTimeoutMs,
      signal,
    });
  }

  async #restore(path: string): Promise<void> {
    const text = this.#good.get(path);
    await (text === undefined ? removeFile(path) : replaceFile(path, text));
  }

  async #explain(fault: string, files: EnvoyFiles): Promise<string> {
    const { envoyBin } = this.#options;
    const words = envoyBin === undefined ? undefined : await validateFiles(files, envoyBin);
    return words === undefined ? fault : `${fault}\n${words}`;
  }

  /** Waits until `untilMs` and drops what is over then; false when the writer closes first. */
  async #retire(untilMs: number): Promise<boolean> {
    const { signal } = this.#closing;
    while (this.#options.now() < untilMs) {
      if (!(await sleep(Math.min(untilMs - this.#options.now(), 60_000), signal))) return false;
    }
    const mine = this.#turn.then(() => this.#drop());
    this.#turn = mine.catch(() => undefined);
    await mine;
    return true;
  }

  async #drop(): Promise<void> {
    const files = this.#live;
    if (files === undefined || this.#closing.signal.aborted) return;
    const now = this.#options.now();
    this.#kept = keepFor(files, this.#kept, files, now, now);
    const whole = mergeRetained(files, this.#kept);
    // Routes before clusters: nothing may name a cluster that is gone.
    for (const each of watchedFiles(whole, this.#layout).toReversed()) {
      if (this.#good.get(each.path) !== each.file.text) await this.#put(each);
    }
    const paths = new Set(watchedFiles(whole, this.#layout).map((each) => each.path));
    for (const path of this.#good.keys()) {
      if (paths.has(path)) continue;
      this.#good.delete(path);
      await removeFile(path);
    }
  }

  #isWritten(each: WatchedFile): boolean {
    return this.#good.get(each.path) === each.file.text;
  }

  async #put(each: WatchedFile): Promise<void> {
    await replaceFile(each.path, each.file.text);
    this.#good.set(each.path, each.file.text);
  }
}

function hostsOf(files: EnvoyFiles): readonly EnvoyJson[] {
  return (files.routes[EGRESS_ROUTES]?.virtual_hosts ?? []) as readonly EnvoyJson[];
}

interface Kept {
  readonly clusters: RetainedByName;
  readonly egressHosts: RetainedByName;
  /** Internal listeners of predictors that left: draining connections still lead to them. */
  readonly listeners: RetainedByName;
}

function keepFor(
  before: EnvoyFiles,
  kept: Kept,
  next: EnvoyFiles,
  nowMs: number,
  untilMs: number,
): Kept {
  return {
    clusters: retain(before.clusters, kept.clusters, next.clusters, nowMs, untilMs),
    egressHosts: retain(hostsOf(before), kept.egressHosts, hostsOf(next), nowMs, untilMs),
    listeners: retain(before.listeners, kept.listeners, next.listeners, nowMs, untilMs),
  };
}

function mergeRetained(files: EnvoyFiles, kept: Kept): EnvoyFiles {
  const egress = { ...files.routes[EGRESS_ROUTES] };
  const virtualHosts = withRetained(hostsOf(files), kept.egressHosts);
  return {
    ...files,
    listeners: withRetained(files.listeners, kept.listeners),
    clusters: withRetained(files.clusters, kept.clusters),
    routes: { ...files.routes, [EGRESS_ROUTES]: { ...egress, virtual_hosts: virtualHosts } },
  };
}

/** True after `ms`, false as soon as the signal is aborted. */
function sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve(false);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
