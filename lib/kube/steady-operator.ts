// The life of @dot-i/k8s-operator's Operator (init, start, stop; watchResource with ResourceEvents; the flow of finalizers) on
// our own engine: a watch that breaks is resumed instead of ending the process, a handler that fails is called again with
// growing waits, events of one object come one at a time and those of several side by side, and stopping is an AbortSignal.
import dotI, {
  type ResourceEvent,
  ResourceEventType,
  type ResourceMeta,
  ResourceMetaImpl,
} from '@dot-i/k8s-operator';
import { CoreV1Api, type KubernetesObject } from '@kubernetes/client-node';
import type { Log } from '../runtime/log.ts';
import { KubeClient } from './client.ts';
import { PooledKubeConfig } from './config.ts';
import { type ObjectRef, type Resource, resourcePath } from './kinds.ts';
import type { KubeMetrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import { DONE, KeyedQueue, type Outcome } from './queue.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

export { ResourceEventType } from '@dot-i/k8s-operator';
export type { ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator';

const MANAGER = 'sidegraph';

export interface SteadyOptions {
  readonly log: Log;
  readonly config?: PooledKubeConfig;
  readonly metrics?: KubeMetrics | undefined;
  /** Of each watched resource. */
  readonly workers?: number;
}

export abstract class SteadyOperator extends dotI.default {
  protected readonly client: KubeClient;
  protected readonly log: Log;
  readonly #config: PooledKubeConfig;
  readonly #options: SteadyOptions;
  readonly #stop = new AbortController();
  readonly #reflectors: Reflector[] = [];
  readonly #tasks: Promise<void>[] = [];

  constructor(options: SteadyOptions) {
    const { log } = options;
    super({
      debug: (message) => log.debug({}, message),
      info: (message) => log.info({}, message),
      warn: (message) => log.warn({}, message),
      error: (message) => log.error({}, message),
    });
    this.log = log;
    this.#options = options;
    this.#config = options.config ?? PooledKubeConfig.load();
    this.kubeConfig = this.#config;
    this.k8sApi = this.#config.makeApiClient(CoreV1Api);
    this.client = new KubeClient(this.#config, { metrics: options.metrics?.rest });
  }

  /** Fires when the operator is to stop. */
  protected get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get hasSynced(): boolean {
    return this.#reflectors.every((reflector) => reflector.hasSynced);
  }

  /** The age of the watch that was heard of least lately; 0 without watches. */
  get oldestWatchMs(): number {
    return Math.max(0, ...this.#reflectors.map((reflector) => reflector.ageMs));
  }

  /** Starts, works until the signal fires, and resolves when everything in hand has ended: the process then ends with 0. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.stop();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      await this.start();
      if (!this.signal.aborted)
        await new Promise((resolve) =>
          this.signal.addEventListener('abort', resolve, { once: true }),
        );
    } catch (error) {
      // Stopped while it waited for its first lists.
      if (!this.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.stop();
      await this.stopped();
    }
  }

  override stop(): void {
    this.#stop.abort(new Error('the operator stops'));
  }

  /** Resolves when all background work has ended and the connections are closed. */
  async stopped(): Promise<void> {
    await Promise.all(this.#tasks);
    await this.#config.close();
  }

  /** Begins a reflector that ends with the operator. */
  protected reflect(options: Omit<ReflectorOptions, 'client' | 'log' | 'metrics'>): Reflector {
    const { log, metrics } = this.#options;
    const reflector = new Reflector({
      ...options,
      client: this.client,
      log,
      metrics: metrics?.watch,
    });
    this.#reflectors.push(reflector);
    this.background(reflector.run(this.signal));
    return reflector;
  }

  /** Background work that ends with the operator's signal and is waited for. */
  protected background(task: Promise<void>): void {
    this.#tasks.push(task);
  }

  protected override getCustomResourceApiUri(
    group: string,
    version: string,
    plural: string,
    namespace?: string,
  ): string {
    return (
      this.#config.serverUrl() + resourcePath(resourceOf(group, version, plural), { namespace })
    );
  }

  /** `onEvent` is called anew, with growing waits and the newest state, until it does not reject. Resolves when all is listed. */
  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const { log, metrics, workers = 4 } = this.#options;
    const gone = new Map<string, KubeObject>();
    const told = new Set<string>();
    const kind = resourceOf(group, version, plural);
    const queue = new KeyedQueue({
      name: plural,
      workers,
      log,
      metrics: metrics?.queue,
      work: (key) => work(key),
    });
    const reflector = this.reflect({
      kind,
      namespace,
      onChange: (change) => {
        if (change.type === 'deleted') gone.set(change.key, change.object);
        queue.add(change.key);
      },
    });
    const work = async (key: string): Promise<Outcome> => {
      const last = gone.get(key);
      if (last !== undefined) {
        if (told.has(key)) await onEvent(eventOf(ResourceEventType.Deleted, plural, last));
        told.delete(key);
        if (gone.get(key) === last) gone.delete(key);
      }
      const object = reflector.store.get(key);
      if (object === undefined) return DONE;
      const type = told.has(key) ? ResourceEventType.Modified : ResourceEventType.Added;
      told.add(key);
      await onEvent(eventOf(type, plural, object));
      return DONE;
    };
    this.background(queue.run(this.signal));
    await reflector.synced;
    log.info({ kind: plural, objects: reflector.store.size }, 'watching');
  }

  /** Refused (409) where the object was changed since the event, so that nobody else's finalizer is lost. */
  protected override async setResourceFinalizers(
    meta: ResourceMeta,
    finalizers: string[],
  ): Promise<void> {
    const patch = { metadata: { resourceVersion: meta.resourceVersion, finalizers } };
    await this.client.patch(refOfMeta(meta), patch, { type: 'merge', manager: MANAGER });
  }

  protected override async setResourceStatus(
    meta: ResourceMeta,
    status: unknown,
  ): Promise<ResourceMeta | null> {
    const object = await this.client.get(refOfMeta(meta));
    if (object === undefined) return null;
    const metadata = { ...object.metadata, resourceVersion: meta.resourceVersion };
    const body = { ...object, metadata, status };
    return metaOf(
      meta,
      await this.client.replace(body, { subresource: 'status', manager: MANAGER }),
    );
  }

  protected override async patchResourceStatus(
    meta: ResourceMeta,
    status: unknown,
  ): Promise<ResourceMeta | null> {
    const patch = { metadata: { resourceVersion: meta.resourceVersion }, status };
    const written = await this.client.patch(refOfMeta(meta), patch, {
      type: 'merge',
      subresource: 'status',
      manager: MANAGER,
    });
    return metaOf(meta, written);
  }
}

function resourceOf(group: string, version: string, plural: string): Resource {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  // The kind is read from the objects; a path of a resource without namespaces never gets one here.
  return { apiVersion, kind: '', plural, namespaced: true };
}

/** The handler may change what it gets, as the base class itself does with finalizers: a copy, not the store's own. */
function eventOf(type: ResourceEventType, plural: string, object: KubeObject): ResourceEvent {
  const copy = copyOf(object);
  return { type, object: copy, meta: ResourceMetaImpl.createWithPlural(plural, copy) };
}

function metaOf(meta: ResourceMeta, object: KubeObject): ResourceMeta {
  return ResourceMetaImpl.createWithId(meta.id, copyOf(object));
}

/** Objects of the API are JSON through and through; the library's type differs by not being readonly. */
function copyOf(object: KubeObject): KubernetesObject {
  return JSON.parse(JSON.stringify(object)) as KubernetesObject;
}

function refOfMeta({ apiVersion, kind, name, namespace }: ResourceMeta): ObjectRef {
  return namespace === undefined
    ? { apiVersion, kind, name }
    : { apiVersion, kind, namespace, name };
}
