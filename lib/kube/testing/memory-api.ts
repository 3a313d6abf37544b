// A small API server in memory, and clients of it, for tests of what works with one: objects with versions, conflicts, lists in
// pages, watches with history. What a real server does besides is tried against a real one (e2e/control-plane).
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeClient } from '../client.ts';
import type {
  KubeList,
  ListOptions,
  ObjectSelection,
  WatchOptions,
  WriteOptions,
} from '../client.ts';
import { KubeError } from '../error.ts';
import type { KindRef, ObjectRef } from '../kinds.ts';
import { type KubeObject, keyOf } from '../object.ts';
import type { WatchEvent } from '../watch.ts';

type Verb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'apply';

/** A call before it is answered. */
export interface ApiCall {
  readonly verb: Verb;
  readonly kind: string;
  readonly name?: string | undefined;
  readonly options: ListOptions & Omit<WatchOptions, 'resourceVersion'>;
}

interface HistoryEntry {
  readonly version: number;
  readonly event: WatchEvent & { readonly object: KubeObject };
}

/** What watches of the server hear besides changes. */
type Signal =
  | { readonly kind: 'end' }
  | { readonly kind: 'break'; readonly error: Error }
  | WatchEvent;

export class MemoryApi {
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: HistoryEntry[] = [];
  readonly #watches = new Set<(signal: Signal) => void>();
  #version = 100;
  #uid = 0;
  /** Versions before this one are forgotten. */
  #horizon = 0;

  get version(): string {
    return String(this.#version);
  }

  get watches(): number {
    return this.#watches.size;
  }

  find(kind: string, key: string): KubeObject | undefined {
    return this.#objects.get(`${kind} ${key}`);
  }

  /** Writes an object as whoever else does. */
  put(object: KubeObject): KubeObject {
    const id = idOf(object);
    const before = this.#objects.get(id);
    const version = this.#next();
    const uid = before?.metadata.uid ?? `uid-${++this.#uid}`;
    const metadata = { uid, ...object.metadata, resourceVersion: String(version) };
    const stored = structuredClone({ ...object, metadata });
    this.#objects.set(id, stored);
    this.#tell(version, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return structuredClone(stored);
  }

  remove(kind: string, key: string): void {
    const id = `${kind} ${key}`;
    const before = this.#objects.get(id);
    if (before === undefined) throw new Error(`there is no ${id}`);
    this.#objects.delete(id);
    const version = this.#next();
    const metadata = { ...before.metadata, resourceVersion: String(version) };
    this.#tell(version, { type: 'DELETED', object: { ...before, metadata } });
  }

  /** All open watches hear that nothing happened up to now. */
  bookmark(): void {
    this.#signal({ type: 'BOOKMARK', resourceVersion: String(this.#next()) });
  }

  endWatches(): void {
    this.#signal({ kind: 'end' });
  }

  breakWatches(error: Error): void {
    this.#signal({ kind: 'break', error });
  }

  /** Who asks for changes since an older version than this moment's is told that they are gone. */
  forgetHistory(): void {
    this.#horizon = this.#next();
    this.#history.length = 0;
  }

  select({ kind }: KindRef, { namespace, fieldSelector }: ObjectSelection): KubeObject[] {
    const name = fieldSelector?.replace('metadata.name=', '');
    return [...this.#objects.values()].filter(
      (object) =>
        object.kind === kind &&
        (namespace === undefined || object.metadata.namespace === namespace) &&
        (name === undefined || object.metadata.name === name),
    );
  }

  async *open(kind: KindRef, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const since = Number(options.resourceVersion);
    if (since < this.#horizon) throw gone();
    const { namespace } = options;
    const isMeant = ({ object }: { readonly object: KubeObject }): boolean =>
      object.kind === kind.kind &&
      (namespace === undefined || object.metadata.namespace === namespace) &&
      (options.fieldSelector ?? nameOf(object)) === nameOf(object);
    const waiting: Signal[] = this.#history
      .filter(({ version, event }) => version > since && isMeant(event))
      .map(({ event }) => event);
    let wake = (): void => {};
    const hear = (signal: Signal): void => {
      if ('object' in signal && !isMeant(signal)) return;
      waiting.push(signal);
      wake();
    };
    this.#watches.add(hear);
    options.signal?.addEventListener('abort', () => wake(), { once: true });
    try {
      for (;;) {
        if (options.signal?.aborted) throw options.signal.reason;
        const signal = waiting.shift();
        if (signal === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        if (!('kind' in signal)) yield structuredClone(signal);
        else if (signal.kind === 'break') throw signal.error;
        else return;
      }
    } finally {
      this.#watches.delete(hear);
    }
  }

  #next(): number {
    return ++this.#version;
  }

  #tell(version: number, event: HistoryEntry['event']): void {
    this.#history.push({ version, event });
    this.#signal(event);
  }

  #signal(signal: Signal): void {
    for (const hear of this.#watches) hear(signal);
  }
}

type Client = Pick<KubeClient, Verb>;

/** One client of the server; what it calls is kept, and `before` may fail or hold a call. */
export class MemoryClient implements Client {
  readonly calls: ApiCall[] = [];
  /** Runs before each call reaches the server. */
  before: (call: ApiCall) => Promise<void> | void = () => {};
  readonly #api: MemoryApi;

  constructor(api: MemoryApi) {
    this.#api = api;
  }

  /** `verb kind` of the calls, of these verbs alone where some are named. */
  said(...verbs: readonly Verb[]): string[] {
    return this.calls
      .filter(({ verb }) => verbs.length === 0 || verbs.includes(verb))
      .map(({ verb, kind }) => `${verb} ${kind}`);
  }

  async get(ref: ObjectRef, options: ListOptions = {}): Promise<KubeObject | undefined> {
    await this.#call({ verb: 'get', kind: ref.kind, name: ref.name, options });
    return structuredClone(this.#find(ref));
  }

  async list(kind: KindRef, options: ListOptions = {}): Promise<KubeList> {
    await this.#call({ verb: 'list', kind: kind.kind, options });
    const from = Number(options.continue ?? 0);
    const to = from + (options.limit ?? Infinity);
    const all = this.#api.select(kind, options);
    const items = structuredClone(all.slice(from, to));
    const token = to < all.length ? String(to) : undefined;
    return { items, resourceVersion: this.#api.version, continue: token };
  }

  async watch(kind: KindRef, options: WatchOptions): Promise<AsyncIterable<WatchEvent>> {
    await this.#call({ verb: 'watch', kind: kind.kind, options });
    return this.#api.open(kind, options);
  }

  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    await this.#call({ verb: 'create', kind: object.kind, name: object.metadata.name, options });
    if (this.#find(refOf(object)) !== undefined) throw conflict('AlreadyExists');
    return this.#api.put(object);
  }

  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    await this.#call({ verb: 'replace', kind: object.kind, name: object.metadata.name, options });
    const before = this.#find(refOf(object));
    if (before === undefined) throw new KubeError(parts(404, 'NotFound'));
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw conflict('Conflict');
    return this.#api.put(object);
  }

  async patch(ref: ObjectRef, patch: object, options: WriteOptions): Promise<KubeObject> {
    await this.#call({ verb: 'patch', kind: ref.kind, name: ref.name, options });
    const before = this.#find(ref);
    if (before === undefined) throw new KubeError(parts(404, 'NotFound'));
    return this.#api.put(merge(before, patch) as KubeObject);
  }

  async apply(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    await this.#call({ verb: 'apply', kind: object.kind, name: object.metadata.name, options });
    const before = this.#find(refOf(object));
    return this.#api.put(before === undefined ? object : (merge(before, object) as KubeObject));
  }

  #find({ kind, ...ref }: ObjectRef): KubeObject | undefined {
    return this.#api.find(kind, keyOf({ metadata: ref }));
  }

  async #call(call: ApiCall): Promise<void> {
    this.calls.push(call);
    const { signal } = call.options;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    aborted.catch(() => {});
    const stop = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      // Nothing is answered at once.
      await Promise.race([nextTurn(), aborted]);
      await Promise.race([this.before(call), aborted]);
      if (signal?.aborted) throw signal.reason;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
}

/** A response that is no success. */
export function refusal(status: number, reason: string, retryAfterMs?: number): KubeError {
  return new KubeError({ ...parts(status, reason), retryAfterMs });
}

function conflict(reason: string): KubeError {
  return new KubeError(parts(409, reason));
}

function gone(): KubeError {
  return new KubeError(parts(410, 'Expired'));
}

function parts(status: number, reason: string): ConstructorParameters<typeof KubeError>[0] {
  return { status, reason, message: `was answered ${status} ${reason}` };
}

function idOf(object: KubeObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function nameOf(object: KubeObject): string {
  return `metadata.name=${object.metadata.name}`;
}

/** RFC 7386, but that lists of objects with names are merged by name, as those of webhooks are when they are applied. */
function merge(before: unknown, patch: unknown): unknown {
  if (Array.isArray(patch) && Array.isArray(before) && patch.every(hasName))
    return before.map((each: unknown) =>
      hasName(each) ? merge(each, patch.find(({ name }) => name === each.name) ?? {}) : each,
    );
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(before) ? { ...before } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = merge(merged[field], value);
  }
  return merged;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasName(value: unknown): value is { readonly name: string } {
  return isRecord(value) && typeof value['name'] === 'string';
}
