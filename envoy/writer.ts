// Writes Envoy's files and swaps plans: make before break. New clusters first, then route tables, then listeners; what
// only requests in flight still need is dropped when their deadline has passed. Envoy takes a file whole or refuses it;
// a refused one is replaced by the last good one, and the caller is told in Envoy's words.
import type { DeploymentPlan } from '../graph/plan.ts';
import { readActiveClusters, readErrors, readSubscriptions } from './admin.ts';
import { DRAIN_SECONDS } from './command.ts';
import { type DiscoveryFile, clustersFile, listenersFile, routesFile } from './discovery.ts';
import type { JsonObject } from './json.ts';
import {
  type EnvoyLayout,
  bootstrapPath,
  clustersPath,
  listenersPath,
  routesPath,
} from './layout.ts';
import { EGRESS_ROUTES } from './names.ts';
import { type EnvoyFiles, renderEnvoy } from './render.ts';
import { type RetainedByName, nameOf, retain, withRetained } from './retained.ts';
import { makeFolder, removeFile, replaceFile } from './store.ts';
import { validateFiles } from './validate.ts';

export interface WriterLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface WriterOptions {
  readonly log: WriterLog;
  /** Validates every deployment by `envoy --mode validate` before the first start, and explains refusals; null: never. */
  readonly envoyBin: string | null;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  /** How long Envoy may take to report an update, ms. */
  readonly seenTimeoutMs?: number;
  /** Added to the deadline before old resources are dropped, ms: answers that end just in time. */
  readonly graceMs?: number;
}

export type StartOutcome = { readonly kind: 'written' } | Refused;

export type SwapOutcome =
  | {
      readonly kind: 'live';
      /** Resolves when no request can use what was replaced; false when the writer was closed before. */
      readonly retired: Promise<boolean>;
    }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

const DEFAULT_SEEN_TIMEOUT_MS = 10_000;
const DEFAULT_GRACE_MS = 1000;
const POLL_MS = 10;

/** A watched file that Envoy is expected to take. */
interface Expected {
  /** Start of the subscription's statistics, see `readSubscriptions`; the end of it for route tables. */
  readonly subscription: string;
  readonly path: string;
  readonly file: DiscoveryFile;
}

export class EnvoyWriter {
  readonly #layout: EnvoyLayout;
  readonly #options: Required<Omit<WriterOptions, 'envoyBin'>> & Pick<WriterOptions, 'envoyBin'>;
  #live: EnvoyFiles | null = null;
  #deployment: DeploymentPlan | null = null;
  #clusters: RetainedByName = new Map();
  #egressHosts: RetainedByName = new Map();
  /** Texts of the files as Envoy last took them, by path. */
  readonly #good = new Map<string, string>();
  /** Swaps run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(layout: EnvoyLayout, options: WriterOptions) {
    this.#layout = layout;
    this.#options = {
      now: () => performance.now(),
      seenTimeoutMs: DEFAULT_SEEN_TIMEOUT_MS,
      graceMs: DEFAULT_GRACE_MS,
      ...options,
    };
  }

  /** Writes everything that Envoy needs to start. Refused when Envoy says that it would not. */
  async start(deployment: DeploymentPlan): Promise<StartOutcome> {
    const files = renderEnvoy(deployment, this.#layout);
    const { envoyBin } = this.#options;
    const fault = envoyBin === null ? null : await validateFiles(files, envoyBin);
    if (fault !== null) return { kind: 'refused', reason: fault };
    await makeFolder(this.#layout.dir);
    await replaceFile(bootstrapPath(this.#layout), `${JSON.stringify(files.bootstrap, null, 1)}\n`);
    for (const each of this.#expectedOf(files)) await this.#put(each);
    this.#live = files;
    this.#deployment = deployment;
    return { kind: 'written' };
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
    if (before === null || replaced === null) throw new Error('swap before start');
    const files = renderEnvoy(next, this.#layout);
    const now = this.#options.now();
    const relisten = JSON.stringify(before.listeners) !== JSON.stringify(files.listeners);
    const untilMs = now + this.#retention(replaced, relisten);
    const clusters = retain(before.clusters, this.#clusters, files.clusters, now, untilMs);
    const egressHosts = retain(hostsOf(before), this.#egressHosts, hostsOf(files), now, untilMs);
    const whole = mergeRetained(files, clusters, egressHosts);
    const reason = await this.#apply(before, whole, signal);
    if (reason !== null) {
      this.#options.log.warn({ reason }, 'Envoy refused the new plan; the old one serves on');
      return { kind: 'refused', reason };
    }
    this.#live = files;
    this.#deployment = next;
    this.#clusters = clusters;
    this.#egressHosts = egressHosts;
    return { kind: 'live', retired: this.#retire(untilMs) };
  }

  /** Longest time for which a request may use what `replaced` named, ms. */
  #retention(replaced: DeploymentPlan, relisten: boolean): number {
    const deadlines = replaced.predictors.map(({ plan }) => plan.policy.deadlineMs);
    const drainMs = relisten ? DRAIN_SECONDS * 1000 : 0;
    return Math.max(drainMs, ...deadlines) + this.#options.graceMs;
  }

  /** Clusters, route tables, listeners: each seen by Envoy before the next. null when all is live. */
  async #apply(before: EnvoyFiles, files: EnvoyFiles, signal: AbortSignal): Promise<string | null> {
    const expected = this.#expectedOf(files);
    const isNew = (each: Expected) => this.#good.get(each.path) !== each.file.text;
    const changed = expected.filter(isNew);
    const steps = [
      changed.filter((each) => each.subscription === CDS),
      // A table that no listener follows yet is read when its listener comes: nothing to wait for.
      changed.filter((each) => each.subscription.startsWith(RDS) && !isFollowed(before, each)),
      changed.filter((each) => each.subscription.startsWith(RDS) && isFollowed(before, each)),
      changed.filter((each) => each.subscription === LDS),
    ];
    const undo: { path: string; text: string | undefined }[] = [];
    for (const [at, step] of steps.entries()) {
      if (step.length === 0) continue;
      const rejections = await this.#rejections(signal);
      for (const each of step) {
        undo.unshift({ path: each.path, text: this.#good.get(each.path) });
        await replaceFile(each.path, each.file.text);
      }
      const fault = at === 1 ? null : await this.#waitSeen(step, rejections, files, signal);
      if (fault !== null) {
        for (const { path, text } of undo) {
          if (text === undefined) await removeFile(path);
          else await replaceFile(path, text);
        }
        return this.#explain(fault, files);
      }
    }
    for (const each of changed) this.#good.set(each.path, each.file.text);
    return null;
  }

  async #rejections(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const found = await readSubscriptions(this.#layout.adminSocket, signal).catch(() => new Map());
    return new Map([...found].map(([name, each]) => [name, each.rejected]));
  }

  /** Polls Envoy until it runs the step's versions; a text when it refused one or did not answer in time. */
  async #waitSeen(
    step: readonly Expected[],
    rejections: ReadonlyMap<string, number>,
    files: EnvoyFiles,
    signal: AbortSignal,
  ): Promise<string | null> {
    const endMs = this.#options.now() + this.#options.seenTimeoutMs;
    const { adminSocket } = this.#layout;
    const wanted = files.clusters.map(nameOf);
    let missing = 'Envoy did not answer';
    while (this.#options.now() < endMs && !signal.aborted) {
      const found = await readSubscriptions(adminSocket, signal).catch(() => null);
      if (found !== null) {
        const open = step.filter((each) => !isSeen(found, each));
        const refused = [...found].find(
          ([name, each]) => each.rejected > (rejections.get(name) ?? 0),
        );
        if (refused !== undefined) {
          const words = await readErrors(adminSocket, signal).catch(() => '');
          return `Envoy refused ${refused[0]}: ${words}`;
        }
        if (open.length === 0) {
          if (step.every((each) => each.subscription !== CDS)) return null;
          const active = await readActiveClusters(adminSocket, signal).catch(() => new Set());
          const cold = wanted.filter((name) => !active.has(name));
          if (cold.length === 0) return null;
          missing = `clusters are not ready: ${cold.join(', ')}`;
        } else {
          missing = `Envoy has not taken ${open.map((each) => each.path).join(', ')}`;
        }
      }
      await sleep(POLL_MS);
    }
    return signal.aborted ? 'given up' : `${missing} after ${this.#options.seenTimeoutMs} ms`;
  }

  async #explain(fault: string, files: EnvoyFiles): Promise<string> {
    const { envoyBin } = this.#options;
    const words = envoyBin === null ? null : await validateFiles(files, envoyBin);
    return words === null ? fault : `${fault}\n${words}`;
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
    if (files === null || this.#closing.signal.aborted) return;
    const now = this.#options.now();
    this.#clusters = retain([], this.#clusters, files.clusters, now, now);
    this.#egressHosts = retain([], this.#egressHosts, hostsOf(files), now, now);
    const whole = mergeRetained(files, this.#clusters, this.#egressHosts);
    // Routes before clusters: nothing may name a cluster that is gone.
    for (const each of this.#expectedOf(whole).toReversed()) {
      if (this.#good.get(each.path) !== each.file.text) await this.#put(each);
    }
    const paths = new Set(this.#expectedOf(whole).map((each) => each.path));
    for (const path of this.#good.keys()) {
      if (paths.has(path)) continue;
      this.#good.delete(path);
      await removeFile(path);
    }
  }

  #expectedOf(files: EnvoyFiles): Expected[] {
    const tables = Object.entries(files.routes).map(([name, table]) => ({
      subscription: `${RDS}${name}`,
      path: routesPath(this.#layout, name),
      file: routesFile(table),
    }));
    return [
      { subscription: CDS, path: clustersPath(this.#layout), file: clustersFile(files.clusters) },
      ...tables,
      {
        subscription: LDS,
        path: listenersPath(this.#layout),
        file: listenersFile(files.listeners),
      },
    ];
  }

  async #put(each: Expected): Promise<void> {
    await replaceFile(each.path, each.file.text);
    this.#good.set(each.path, each.file.text);
  }
}

const CDS = 'cluster_manager.cds';
const LDS = 'listener_manager.lds';
const RDS = 'rds.';

function isSeen(found: ReadonlyMap<string, { version: string }>, each: Expected): boolean {
  const mine = [...found].filter(
    ([name]) => name === each.subscription || name.endsWith(`.${each.subscription}`),
  );
  return mine.length > 0 && mine.every(([, state]) => state.version === each.file.version);
}

/** Whether a listener of the running configuration follows the table. */
function isFollowed(before: EnvoyFiles, each: Expected): boolean {
  return Object.hasOwn(before.routes, each.subscription.slice(RDS.length));
}

function hostsOf(files: EnvoyFiles): readonly JsonObject[] {
  return (files.routes[EGRESS_ROUTES]?.virtual_hosts ?? []) as readonly JsonObject[];
}

function mergeRetained(
  files: EnvoyFiles,
  clusters: RetainedByName,
  egressHosts: RetainedByName,
): EnvoyFiles {
  const egress = files.routes[EGRESS_ROUTES];
  return {
    ...files,
    clusters: withRetained(files.clusters, clusters),
    routes: {
      ...files.routes,
      ...(egress === undefined
        ? {}
        : {
            [EGRESS_ROUTES]: {
              ...egress,
              virtual_hosts: withRetained(hostsOf(files), egressHosts),
            },
          }),
    },
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
