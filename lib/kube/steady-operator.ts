// The life of @dot-i/k8s-operator's Operator (init, start, stop) on our own engine: a watch that breaks is resumed instead of ending
// the process, stopping is an AbortSignal, and what was begun is waited for.
import dotI from '@dot-i/k8s-operator';
import { CoreV1Api } from '@kubernetes/client-node';
import type { Log } from '../runtime/log.ts';
import { KubeClient } from './client.ts';
import { PooledKubeConfig } from './config.ts';
import type { KubeMetrics } from './metrics.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

export interface SteadyOptions {
  readonly log: Log;
  readonly config?: PooledKubeConfig;
  readonly metrics?: KubeMetrics | undefined;
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
}
