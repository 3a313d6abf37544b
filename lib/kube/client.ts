// The operations of the API server on plain JSON objects. Thin on purpose: the library's generated models rename fields
// and turn times into Dates, and we apply what we rendered byte for byte. Failures are thrown as KubeError (error.ts);
// only "it is not there" is a value.
import { type DiscoveredKind, parseKinds, parseList, readKubeObject } from './responses.ts';
import type {
  ApplyOptions,
  CallOptions,
  JsonPatch,
  KubeList,
  ListOptions,
  PatchOptions,
  RemoveOptions,
  ObjectSelection,
  WatchOptions,
  WriteOptions,
} from './call-options.ts';
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

export type * from './call-options.ts';

/** Two bookmarks (about one a minute) may be late before a watch counts as dead. */
const DEFAULT_QUIET_MS = 150_000;

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
      return readKubeObject(
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
      return parseKinds(body);
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
    const response = await this.#requester.json({
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
    return readKubeObject(response, path);
  }
}

function selectors(options: ObjectSelection): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function pick({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

function noKindMatch(id: string): KubeError {
  return new KubeError({
    status: 404,
    reason: 'NoKindMatch',
    message: `the API server has no kind ${id}`,
  });
}
