// The operations of the API server on plain JSON objects. Thin on purpose: the library's generated models rename fields
// and turn times into Dates, and we apply what we rendered byte for byte. Failures are thrown as KubeError (error.ts);
// only "it is not there" is a value.
import type { PooledKubeConfig } from './config.ts';
import { KubeError } from './error.ts';
import {
  findKnownResource,
  groupPath,
  type KindRef,
  type ObjectRef,
  refOf,
  type Resource,
  resourcePath,
} from './kinds.ts';
import type { RestMetrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import { type KubeCall, Requester } from './request.ts';
import { readWatch, type WatchEvent } from './watch.ts';

/** Two bookmarks (about one a minute) may be late before a watch counts as dead. */
const DEFAULT_QUIET_MS = 150_000;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Selection extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection {
  readonly limit?: number;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** The token of the next page; undefined on the last. */
  readonly continue: string | undefined;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After that long without a byte the watch ends (as it does when the server ends it). */
  readonly quietMs?: number | undefined;
  /** When the server is to end it. */
  readonly timeoutSeconds?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The field manager. */
  readonly manager: string;
  readonly subresource?: 'status' | 'scale' | undefined;
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers instead of a conflict. */
  readonly force: boolean;
}

export type JsonPatch = readonly Readonly<Record<string, unknown>>[];

export type PatchOptions = WriteOptions & { readonly type: 'json' | 'merge' | 'strategic' };

export interface RemoveOptions extends CallOptions {
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Remove only this very object (409 else), not one of the same name that came after it. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number;
}

export interface KubeClientOptions {
  readonly userAgent?: string;
  readonly metrics?: RestMetrics | undefined;
}

export class KubeClient {
  readonly config: PooledKubeConfig;
  readonly #requester: Requester;
  readonly #discovered = new Map<string, Resource>();

  constructor(config: PooledKubeConfig, options: KubeClientOptions = {}) {
    this.config = config;
    this.#requester = new Requester(config, options.userAgent ?? 'sidegraph', options.metrics);
  }

  /** The object, or undefined where there is none. */
  async get(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      const path = await this.#pathOf(ref, undefined, options);
      return readObject(
        await this.#requester.json({ ...pick(options), method: 'GET', path, isIdempotent: true }),
        path,
      );
    } catch (error) {
      if (error instanceof KubeError && error.isNotFound && error.reason === 'NotFound')
        return undefined;
      throw error;
    }
  }

  /** One page. Items carry apiVersion and kind, which the server leaves out of lists of its own kinds. */
  async list(kind: KindRef | Resource, options: ListOptions = {}): Promise<KubeList> {
    const resource = await this.resolve(kind, options);
    const path = resourcePath(resource, { namespace: options.namespace });
    const body = await this.#requester.json({
      ...pick(options),
      method: 'GET',
      path,
      isIdempotent: true,
      query: {
        ...selectors(options),
        limit: options.limit === undefined ? undefined : String(options.limit),
        continue: options.continue,
        resourceVersion: options.resourceVersion,
      },
    });
    return parseList(resource, path, body);
  }

  /** All pages of one moment. A token that expires on the way (410) is thrown: begin again. */
  async listAll(kind: KindRef | Resource, options: ListOptions = {}): Promise<KubeList> {
    const items: KubeObject[] = [];
    let token = options.continue;
    for (;;) {
      const page = await this.list(kind, { limit: 500, ...options, continue: token });
      items.push(...page.items);
      token = page.continue;
      if (token === undefined)
        return { items, resourceVersion: page.resourceVersion, continue: undefined };
    }
  }

  /** Resolves once the server has answered 200; then yields until the server or silence ends the watch (see watch.ts). */
  async watch(kind: KindRef | Resource, options: WatchOptions): Promise<AsyncIterable<WatchEvent>> {
    const resource = await this.resolve(kind, options);
    const path = resourcePath(resource, { namespace: options.namespace });
    const call: KubeCall = {
      signal: options.signal,
      timeoutMs: options.quietMs ?? DEFAULT_QUIET_MS,
      method: 'GET',
      path,
      isIdempotent: true,
      query: {
        ...selectors(options),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.timeoutSeconds ?? 300),
      },
    };
    return readWatch(await this.#requester.stream(call), call);
  }

  /** Throws 409 `AlreadyExists` where the name is taken. */
  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const path = await this.#collectionOf(object, options);
    return this.#write('POST', path, object, options, {});
  }

  /**
   * Server-side apply: the whole intent of this manager each time; what it applied before and leaves out now is removed.
   * Creates the object where there is none.
   */
  async apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const path = await this.#pathOf(refOf(object), options.subresource, options);
    const contentType = 'application/apply-patch+yaml';
    return this.#write('PATCH', path, object, options, {
      contentType,
      force: options.force,
      isIdempotent: true,
    });
  }

  /** A JSON patch, a merge patch or a strategic merge patch. */
  async patch(
    ref: ObjectRef,
    patch: JsonPatch | object,
    options: PatchOptions,
  ): Promise<KubeObject> {
    const path = await this.#pathOf(ref, options.subresource, options);
    const contentType =
      options.type === 'strategic'
        ? 'application/strategic-merge-patch+json'
        : `application/${options.type}-patch+json`;
    return this.#write('PATCH', path, patch, options, { contentType });
  }

  /** PUT: the whole object; with metadata.resourceVersion it throws 409 when somebody wrote in between. */
  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const path = await this.#pathOf(refOf(object), options.subresource, options);
    return this.#write('PUT', path, object, options, {});
  }

  /** False where it was gone already. */
  async remove(ref: ObjectRef, options: RemoveOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, gracePeriodSeconds } = options;
    const path = await this.#pathOf(ref, undefined, options);
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    try {
      await this.#requester.json({
        ...pick(options),
        method: 'DELETE',
        path,
        isIdempotent: false,
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: options.propagation ?? 'Background',
          ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
          ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        },
      });
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.isNotFound) return false;
      throw error;
    }
  }

  /** Any path of the API, for what has no verb here: `/readyz`, `/version`, subresources such as `…/eviction`. */
  async raw(call: KubeCall): Promise<unknown> {
    return this.#requester.json(call);
  }

  /** The kind's place in the API; asks the server for kinds that are not in the table. Throws `NoKindMatch`. */
  async resolve(kind: KindRef | Resource, options: CallOptions = {}): Promise<Resource> {
    if ('plural' in kind) return kind;
    const { apiVersion } = kind;
    const id = `${apiVersion}/${kind.kind}`;
    const known = findKnownResource(kind) ?? this.#discovered.get(id);
    if (known !== undefined) return known;
    const path = groupPath(apiVersion);
    const entry = (await this.#discover(path, options)).find(
      (one) => one.kind === kind.kind && !one.name.includes('/'),
    );
    if (entry === undefined) throw noKindMatch(id);
    const found = { apiVersion, kind: kind.kind, plural: entry.name, namespaced: entry.namespaced };
    this.#discovered.set(id, found);
    return found;
  }

  async #discover(path: string, options: CallOptions): Promise<readonly DiscoveredKind[]> {
    try {
      const body = await this.#requester.json({
        ...pick(options),
        method: 'GET',
        path,
        isIdempotent: true,
      });
      return isRecord(body) && Array.isArray(body.resources)
        ? body.resources.filter(isDiscovered)
        : [];
    } catch (error) {
      if (error instanceof KubeError && error.isNotFound) return [];
      throw error;
    }
  }

  async #pathOf(
    ref: ObjectRef,
    subresource: string | undefined,
    options: CallOptions,
  ): Promise<string> {
    const resource = await this.resolve(ref, options);
    return resourcePath(resource, {
      namespace: this.#namespaceOf(resource, ref),
      name: ref.name,
      subresource,
    });
  }

  async #collectionOf(object: KubeObject, options: CallOptions): Promise<string> {
    const resource = await this.resolve(object, options);
    return resourcePath(resource, { namespace: this.#namespaceOf(resource, object.metadata) });
  }

  #namespaceOf(resource: Resource, of: { readonly namespace?: string }): string | undefined {
    return resource.namespaced ? (of.namespace ?? this.config.namespace()) : undefined;
  }

  async #write(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    options: WriteOptions,
    how: { contentType?: string; force?: boolean; isIdempotent?: boolean },
  ): Promise<KubeObject> {
    const answer = await this.#requester.json({
      ...pick(options),
      method,
      path,
      body,
      isIdempotent: how.isIdempotent ?? false,
      ...(how.contentType === undefined ? {} : { contentType: how.contentType }),
      query: {
        fieldManager: options.manager,
        force: how.force === undefined ? undefined : String(how.force),
        dryRun: options.dryRun === true ? 'All' : undefined,
      },
    });
    return readObject(answer, path);
  }
}

interface DiscoveredKind {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function parseList(resource: Resource, path: string, body: unknown): KubeList {
  const meta = isRecord(body) ? body.metadata : undefined;
  if (!isRecord(body) || !isRecord(meta)) throw badAnswer(path, 'a list');
  // A list without items is null in Go's JSON.
  const items = Array.isArray(body.items) ? body.items : [];
  const token =
    typeof meta.continue === 'string' && meta.continue !== '' ? meta.continue : undefined;
  const kind = resource.kind || String(body.kind).replace(/List$/, '');
  return {
    items: items
      .filter(isRecord)
      .map((item) => readObject({ apiVersion: resource.apiVersion, kind, ...item }, path)),
    resourceVersion: typeof meta.resourceVersion === 'string' ? meta.resourceVersion : '',
    continue: token,
  };
}

function readObject(body: unknown, path: string): KubeObject {
  if (isKubeObject(body)) return body;
  throw badAnswer(path, 'an object');
}

/** The parts that every object of the API has. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isRecord(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isRecord(value.metadata) &&
    typeof value.metadata.name === 'string'
  );
}

function selectors(options: Selection): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function pick({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDiscovered(value: unknown): value is DiscoveredKind {
  return isRecord(value) && typeof value.name === 'string' && typeof value.kind === 'string';
}

function badAnswer(path: string, wanted: string): KubeError {
  return new KubeError({
    status: 0,
    reason: 'BadAnswer',
    message: `${path} answered something that is not ${wanted}`,
  });
}

function noKindMatch(id: string): KubeError {
  return new KubeError({
    status: 404,
    reason: 'NoKindMatch',
    message: `the API server has no kind ${id}`,
  });
}
