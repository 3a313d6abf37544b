// The operator: watches what there is on every replica, and on the one that leads turns each SeldonDeployment that is touched into
// a reconcile. Caches stay warm on the others, so that a change of leaders costs no list.
import { textOf } from '../../graph/plan/json-value.ts';
import { statusOf } from '../observe/fields.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { startHealthServer } from '../../lib/kube/health.ts';
import type { HealthServer } from '../../lib/kube/health.ts';
import { EventRecorder } from '../../lib/kube/events.ts';
import { LeaseElector } from '../../lib/kube/lease.ts';
import type { KubeMetrics } from '../../lib/kube/metrics.ts';
import { registerKubeMetrics } from '../../lib/kube/metrics.ts';
import { keyOf } from '../../lib/kube/object.ts';
import type { PooledKubeConfig } from '../../lib/kube/config.ts';
import { KeyedQueue } from '../../lib/kube/queue.ts';
import { type Gauge, Registry } from '../../lib/kube/registry.ts';
import { SteadyOperator } from '../../lib/kube/steady-operator.ts';
import type { OperatorOptions } from '../config/config.ts';
import { otherKinds } from '../config/other-kinds.ts';
import type { AskPod } from '../observe/ask-plans.ts';
import { PlanBook } from '../observe/ask-plans.ts';
import type { ReconcileConfig } from '../observe/contract.ts';
import { ThreadReader } from '../read/thread-reader.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import { Sources } from '../observe/sources.ts';

const NAME = 'seldondeployment';
/** Watches are heard of at least once a minute; after this the kubelet is to start us anew. */
const SILENT_MS = 15 * 60_000;
/** Of one object. The clock's part is long: on a starved machine an ordinary object waits for a processor. */
const READING = { cpuMs: 3_000, wallMs: 60_000 };
const STATES = ['Available', 'Creating', 'Failed'];

export interface SidegraphOperatorOptions {
  readonly options: OperatorOptions;
  readonly config: ReconcileConfig;
  readonly kube: PooledKubeConfig;
  readonly log: Log;
  readonly ask?: AskPod;
  /** Milliseconds of the Lease, for tests: the defaults are those of lease.ts. */
  readonly leaseMs?: { readonly lease: number; readonly deadline: number; readonly retry: number };
  /** Told when the caches are filled and /readyz answers. */
  readonly onReady?: (ports: { readonly healthPort: number }) => void;
}

export function registerDeploymentStates(registry: Registry): Gauge {
  return registry.gauge(
    'sidegraph_deployments',
    'SeldonDeployments by the state in their status.',
    'state',
  );
}

export class SidegraphOperator extends SteadyOperator {
  readonly #settings: SidegraphOperatorOptions;
  readonly #registry: Registry;
  readonly #metrics: KubeMetrics;
  #queue: KeyedQueue | undefined;
  #health: HealthServer | undefined;

  constructor(settings: SidegraphOperatorOptions) {
    const registry = new Registry();
    const metrics = registerKubeMetrics(registry);
    super({ log: settings.log, config: settings.kube, metrics });
    this.#settings = settings;
    this.#registry = registry;
    this.#metrics = metrics;
  }

  protected override async init(): Promise<void> {
    const { options, config, log, ask, onReady } = this.#settings;
    const events = new EventRecorder({
      client: this.client,
      controller: 'sidegraph.io/operator',
      instance: options.replica,
      log,
    });
    const touch = (key: string): void => this.#queue?.add(key);
    const plans = new PlanBook({
      ...(ask === undefined ? {} : { ask }),
      onNews: touch,
      log,
      now: () => Date.now(),
    });
    const sources = new Sources({
      reflect: (options_) => this.reflect(options_),
      namespaces: options.watchNamespaces,
      otherKinds: otherKinds(config),
      gatewayNamespace: options.gatewayNamespace,
      touch,
      onGateway: () => {
        for (const key of reconciler.waitingForGateways) touch(key);
      },
      onPodGone: (uid) => plans.forget(uid),
    });
    const reader = new ThreadReader({ ...READING, maxWaiting: options.workers, log });
    const reconciler = new Reconciler({
      client: this.client,
      sources,
      reader,
      plans,
      events,
      config,
      log,
      now: () => Date.now(),
    });
    this.#countStates(sources);
    this.#health = await this.#serveHealth();
    this.background(this.#closeAtEnd(events, reader));
    await sources.synced;
    this.background(this.#elect(sources, reconciler));
    log.info({ health: this.#health.port, replica: options.replica }, 'watching');
    onReady?.({ healthPort: this.#health.port });
  }

  async #elect(sources: Sources, reconciler: Reconciler): Promise<void> {
    const { options, log, leaseMs } = this.#settings;
    const elector = new LeaseElector({
      client: this.client,
      namespace: options.namespace,
      name: options.lease,
      identity: options.replica,
      log,
      leader: this.#metrics.leader,
      ...(leaseMs === undefined
        ? {}
        : { leaseMs: leaseMs.lease, deadlineMs: leaseMs.deadline, retryMs: leaseMs.retry }),
    });
    await elector.run(this.signal, (term) => this.#lead(sources, reconciler, term));
  }

  /** One term: everything is looked at once, then what is touched. */
  async #lead(sources: Sources, reconciler: Reconciler, term: AbortSignal): Promise<void> {
    const { options, log } = this.#settings;
    const queue = new KeyedQueue({
      name: NAME,
      workers: options.workers,
      log,
      metrics: this.#metrics.queue,
      work: (key, signal) => reconciler.work(key, signal),
    });
    this.#queue = queue;
    for (const object of sources.deployments()) queue.add(keyOf(object));
    try {
      await queue.run(term);
    } finally {
      this.#queue = undefined;
    }
  }

  async #serveHealth(): Promise<HealthServer> {
    const { options } = this.#settings;
    return await startHealthServer({
      host: options.host,
      port: options.healthPort,
      registry: this.#registry,
      healthy: {
        watches: () =>
          this.oldestWatchMs < SILENT_MS
            ? undefined
            : `nothing was heard for ${Math.round(this.oldestWatchMs / 1000)} s`,
      },
      ready: {
        caches: () => (this.hasSynced ? undefined : 'the caches are not filled yet'),
        life: () => (this.signal.aborted ? 'going' : undefined),
      },
    });
  }

  #countStates(sources: Sources): void {
    const gauge = registerDeploymentStates(this.#registry);
    for (const state of STATES)
      gauge.read(() => {
        let count = 0;
        for (const object of sources.deployments())
          if (textOf(statusOf(object)['state']) === state) count += 1;
        return count;
      }, state);
  }

  async #closeAtEnd(events: EventRecorder, reader: ThreadReader): Promise<void> {
    await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
    await events.flush();
    await reader.close();
    await this.#health?.close();
  }
}
