// Keeps a store equal to what the API server has of one kind: list in pages, then watch from there. A watch that ends,
// goes quiet or breaks is resumed from the last resourceVersion; only lost history (410) leads to a new list, and that is
// compared with the store, so that listeners hear of differences alone. Nothing that the server does ends the process.
import type { Log } from '../runtime/log.ts';
import { DecorrelatedBackoff, sleep } from './backoff.ts';
import type { KubeClient, ListOptions } from './client.ts';
import { describeError, KubeError } from './error.ts';
import type { KindRef, Resource } from './kinds.ts';
import type { WatchMetrics } from './metrics.ts';
import { type KubeObject, keyOf } from './object.ts';
import { SharedParts } from './shared-parts.ts';
import { type Change, type ReadonlyStore, Store } from './store.ts';
import type { WatchEvent } from './watch.ts';

const BACKOFF_LEAST_MS = 800;
const BACKOFF_MOST_MS = 30_000;
/** All kinds are listed at once, and a page is in memory as text and as objects: 500 pods take 30 MB. */
const PAGE_SIZE = 100;
/** Bookmarks come about once a minute: that many watches in a row without a word mean that the server's history is behind ours. */
const MAX_SILENT_WATCHES = 5;
/** A watch that ended sooner than this without an event did not work. */
const SHORT_WATCH_MS = 1_000;

export interface ReflectorOptions {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly kind: KindRef | Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Labels by whose value the store can be asked. */
  readonly indexedLabels?: readonly string[];
  /** Drops what nobody reads before it is stored, managedFields for instance. */
  readonly trim?: (object: KubeObject) => KubeObject;
  /** Quick work only: put a key into a queue. */
  readonly onChange?: (change: Change) => void;
  readonly log: Log;
  readonly metrics?: WatchMetrics | undefined;
  readonly pageSize?: number;
  /** See WatchOptions. */
  readonly quietMs?: number;
  readonly watchSeconds?: { readonly least: number; readonly most: number };
  /** After that many watches in a row without even a bookmark: list anew. */
  readonly silentWatches?: number;
  readonly backoffMs?: { readonly least: number; readonly most: number };
  readonly random?: () => number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export class Reflector {
  /** Resolves after the first whole list is in the store; rejects when stopped before. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions;
  readonly #store: Store;
  readonly #parts = new SharedParts();
  readonly #backoff: DecorrelatedBackoff;
  readonly #listeners: ((change: Change) => void)[] = [];
  readonly #settle: PromiseWithResolvers<void>;
  readonly #now: () => number;
  readonly #name: string;
  #hasSynced = false;
  #resourceVersion: string | undefined;
  #aliveAt: number;
  #silent = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#store = new Store(options.indexedLabels);
    const { least, most } = options.backoffMs ?? { least: BACKOFF_LEAST_MS, most: BACKOFF_MOST_MS };
    this.#backoff = new DecorrelatedBackoff(least, most, options.random);
    if (options.onChange !== undefined) this.#listeners.push(options.onChange);
    this.#now = options.now ?? (() => performance.now());
    this.#aliveAt = this.#now();
    this.#name = 'plural' in options.kind ? options.kind.plural : options.kind.kind;
    this.#settle = Promise.withResolvers<void>();
    this.synced = this.#settle.promise;
    // Nobody need wait for it.
    this.synced.catch(() => {});
  }

  get store(): ReadonlyStore {
    return this.#store;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Milliseconds since the server last showed that it knows of us: a page, an event, a bookmark, an opened watch. */
  get ageMs(): number {
    return this.#now() - this.#aliveAt;
  }

  /** One more listener; it hears of what changes from now on. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  /** Works until the signal fires; resolves then. */
  async run(signal: AbortSignal): Promise<void> {
    this.#options.metrics?.age.read(() => this.ageMs / 1000, this.#name);
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        else await this.#watch(this.#resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) break;
        await this.#recover(error, signal);
      }
    }
    if (!this.#hasSynced)
      this.#settle.reject(new Error(`stopped before ${this.#name} were listed`));
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, kind } = this.#options;
    const options: ListOptions = {
      ...this.#selection(),
      limit: this.#options.pageSize ?? PAGE_SIZE,
      signal,
    };
    const objects: KubeObject[] = [];
    let token: string | undefined;
    let resourceVersion: string;
    do {
      const page = await client.list(kind, { ...options, continue: token });
      this.#aliveAt = this.#now();
      for (const item of page.items) objects.push(this.#keep(item));
      token = page.continue;
      resourceVersion = page.resourceVersion;
    } while (token !== undefined);
    this.#options.metrics?.lists.add(1, this.#name);
    this.#resourceVersion = resourceVersion;
    const changes = this.#store.replaceAll(objects);
    for (const change of changes) this.#tell(change);
    this.#options.log.debug(
      { kind: this.#name, objects: objects.length, changes: changes.length, resourceVersion },
      'listed',
    );
    this.#hasSynced = true;
    this.#settle.resolve();
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, kind, metrics, quietMs } = this.#options;
    const { least, most } = this.#options.watchSeconds ?? { least: 240, most: 480 };
    const random = this.#options.random ?? Math.random;
    const timeoutSeconds = Math.round(least + random() * (most - least));
    const beganAt = this.#now();
    const events = await client.watch(kind, {
      ...this.#selection(),
      resourceVersion: from,
      timeoutSeconds,
      quietMs,
      signal,
    });
    this.#aliveAt = this.#now();
    metrics?.watches.add(1, this.#name);
    let count = 0;
    for await (const event of events) {
      count += 1;
      this.#aliveAt = this.#now();
      this.#backoff.reset();
      this.#take(event);
    }
    this.#silent = count === 0 ? this.#silent + 1 : 0;
    if (this.#silent >= (this.#options.silentWatches ?? MAX_SILENT_WATCHES)) {
      // A cluster restored from a backup: our version lies in its future, where nothing happens.
      this.#silent = 0;
      this.#resourceVersion = undefined;
    }
    if (count === 0 && this.#now() - beganAt < SHORT_WATCH_MS)
      await sleep(this.#backoff.nextMs(), signal);
  }

  #take(event: WatchEvent): void {
    this.#options.metrics?.events.add(1, this.#name, event.type);
    if (event.type === 'BOOKMARK') {
      if (event.resourceVersion !== '') this.#resourceVersion = event.resourceVersion;
      return;
    }
    const object = this.#keep(event.object);
    const change =
      event.type === 'DELETED'
        ? this.#store.remove(keyOf(object), object)
        : this.#store.put(object);
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
    if (change !== undefined) this.#tell(change);
  }

  /** As it is stored. */
  #keep(object: KubeObject): KubeObject {
    const { trim } = this.#options;
    return this.#parts.share(trim === undefined ? object : trim(object));
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.log.error(
          { kind: this.#name, key: change.key, error: describeError(error) },
          'a listener failed',
        );
      }
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, metrics } = this.#options;
    metrics?.failures.add(1, this.#name);
    if (mustRelist(error)) {
      log.info(
        { kind: this.#name, resourceVersion: this.#resourceVersion },
        'history is gone; listing anew',
      );
      const wasWatching = this.#resourceVersion !== undefined;
      this.#resourceVersion = undefined;
      if (wasWatching) return;
    }
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(this.#backoff.nextMs(), asked);
    log.warn(
      { kind: this.#name, error: describeError(error), waitMs: Math.round(waitMs) },
      'trying again',
    );
    await sleep(waitMs, signal);
  }

  #selection(): ListOptions {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

/** History was compacted (410), or the server's state is older than ours: it was restored from a backup. */
function mustRelist(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return error.isExpired || /too large resource version/i.test(error.message);
}
