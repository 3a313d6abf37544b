// Tells people what happened to an object, as events.k8s.io/v1 Events. The same words about the same object again become a
// count on the first Event, not another one, and an object that talks too much is cut short, so that a loop cannot flood etcd.
// Recording never fails and never waits: what could not be written is logged.
import { randomBytes } from 'node:crypto';
import type { Log } from '../runtime/log.ts';
import type { KubeClient } from './client.ts';
import { describeError, KubeError } from './error.ts';
import { microTime } from './lease.ts';
import type { KubeObject } from './object.ts';

const MANAGER = 'sidegraph-events';
const EVENT = { apiVersion: 'events.k8s.io/v1', kind: 'Event' } as const;
/** The API's own limits. */
const MAX_NOTE_BYTES = 1024;
const MAX_REASON = 128;
/** A series ends when its Event was not repeated for that long. */
const SERIES_MS = 6 * 60_000;
/** client-go's: an object may tell 25 things at once and then one in five minutes. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
const MAX_REMEMBERED = 4_096;
const DEFAULT_FLUSH_MS = 2_000;
/** Events that wait for a slow server; what comes on top of them is dropped, so that a burst costs no memory. */
const MAX_PENDING = 1_024;

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, a machine's word: `PlanRefused`. */
  readonly reason: string;
  /** What was done or tried: `Reconcile`. */
  readonly action: string;
  /** A person's sentence. */
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** `sidegraph.io/operator` */
  readonly controller: string;
  /** The pod's name. */
  readonly instance: string;
  readonly log: Log;
  /** How often counts are written. */
  readonly flushMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly wallClock?: () => Date;
}

interface Series {
  readonly event: KubeObject;
  count: number;
  /** As far as it was written. */
  written: number;
  lastAt: number;
}

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #now: () => number;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  #writes: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #pending = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  record(regarding: KubeObject, note: EventNote): void {
    const key = JSON.stringify([idOf(regarding), note.type, note.reason, note.action, note.note]);
    const now = this.#now();
    const known = this.#series.get(key);
    if (known !== undefined && now - known.lastAt < SERIES_MS) {
      known.count += 1;
      known.lastAt = now;
      this.#plan();
      return;
    }
    if (!this.#mayTell(idOf(regarding), now)) {
      this.#options.log.debug(
        { object: idOf(regarding), reason: note.reason },
        'too many events; dropped',
      );
      return;
    }
    const series = { event: this.#render(regarding, note), count: 1, written: 1, lastAt: now };
    this.#series.delete(key);
    this.#series.set(key, series);
    forgetOldest(this.#series);
    this.#enqueue(() => this.#create(series.event));
  }

  /** Writes what is due; resolves when it is written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const series of this.#series.values()) {
      if (series.count === series.written) continue;
      series.written = series.count;
      this.#enqueue(() => this.#writeCount(series));
    }
    await this.#writes;
  }

  #plan(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.flush(), this.#options.flushMs ?? DEFAULT_FLUSH_MS);
    this.#timer.unref();
  }

  #enqueue(write: () => Promise<unknown>): void {
    if (this.#pending >= MAX_PENDING) {
      this.#options.log.debug({ pending: this.#pending }, 'too many events wait; dropped');
      return;
    }
    this.#pending += 1;
    this.#writes = this.#writes
      .then(write)
      .catch((error: unknown) =>
        this.#options.log.warn({ error: describeError(error) }, 'an event could not be written'),
      )
      .then(() => {
        this.#pending -= 1;
      });
  }

  #create(event: KubeObject): Promise<unknown> {
    return this.#options.client.create(event, { manager: MANAGER });
  }

  async #writeCount({ event, count }: Series): Promise<void> {
    const { name, namespace } = event.metadata;
    const series = { count, lastObservedTime: this.#time() };
    const ref = { ...EVENT, name, ...(namespace === undefined ? {} : { namespace }) };
    try {
      await this.#options.client.patch(ref, { series }, { type: 'merge', manager: MANAGER });
    } catch (error) {
      // The server forgets Events after an hour.
      if (!(error instanceof KubeError && error.isNotFound)) throw error;
      await this.#create({ ...event, series });
    }
  }

  #render(regarding: KubeObject, note: EventNote): KubeObject {
    const { name, namespace = 'default' } = regarding.metadata;
    return {
      ...EVENT,
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: this.#time(),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, MAX_REASON),
      type: note.type,
      reason: note.reason.slice(0, MAX_REASON),
      action: note.action.slice(0, MAX_REASON),
      note: cutBytes(note.note, MAX_NOTE_BYTES),
      regarding: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name,
        ...(regarding.metadata.namespace === undefined
          ? {}
          : { namespace: regarding.metadata.namespace }),
        ...(regarding.metadata.uid === undefined ? {} : { uid: regarding.metadata.uid }),
        ...(regarding.metadata.resourceVersion === undefined
          ? {}
          : { resourceVersion: regarding.metadata.resourceVersion }),
      },
    };
  }

  #time(): string {
    return microTime((this.#options.wallClock ?? (() => new Date()))());
  }

  #mayTell(id: string, now: number): boolean {
    const bucket = this.#buckets.get(id) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    const isAllowed = tokens >= 1;
    this.#buckets.delete(id);
    this.#buckets.set(id, { tokens: isAllowed ? tokens - 1 : tokens, at: now });
    forgetOldest(this.#buckets);
    return isAllowed;
  }
}

function idOf({ apiVersion, kind, metadata }: KubeObject): string {
  return metadata.uid ?? `${apiVersion}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= MAX_REMEMBERED) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

/** At most that many bytes of UTF-8, cut between characters. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most - 3;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}
