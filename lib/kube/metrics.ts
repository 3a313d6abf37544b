// The metrics of a controller under the names that controller-runtime and client-go gave them, so that dashboards and
// alerts made for any other operator work here; those of the watches, which these have no names for, are ours.
import type { Counter, Gauge, Histogram, Registry } from './registry.ts';

const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const QUEUE_SECONDS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 600];

export interface RestMetrics {
  /** Labels: code, method, host. */
  readonly requests: Counter;
}

/** Label of all: kind. */
export interface WatchMetrics {
  readonly age: Gauge;
  readonly lists: Counter;
  readonly watches: Counter;
  readonly failures: Counter;
  /** Labels: kind, type. */
  readonly events: Counter;
}

/** Label of the first group: controller; of the second: name and controller, which are the same here. */
export interface QueueMetrics {
  /** Labels: controller, result. */
  readonly reconciles: Counter;
  readonly errors: Counter;
  readonly terminalErrors: Counter;
  readonly seconds: Histogram;
  readonly maxWorkers: Gauge;
  readonly activeWorkers: Gauge;
  readonly depth: Gauge;
  readonly adds: Counter;
  readonly retries: Counter;
  readonly waitSeconds: Histogram;
  readonly workSeconds: Histogram;
  readonly unfinishedSeconds: Gauge;
  readonly longestSeconds: Gauge;
}

export interface KubeMetrics {
  readonly rest: RestMetrics;
  readonly watch: WatchMetrics;
  readonly queue: QueueMetrics;
  /** Label: name. 1 on the replica that leads. */
  readonly leader: Gauge;
}

export function registerKubeMetrics(registry: Registry): KubeMetrics {
  return {
    rest: {
      requests: registry.counter(
        'rest_client_requests_total',
        'HTTP requests to the API server.',
        'code',
        'method',
        'host',
      ),
    },
    watch: {
      age: registry.gauge(
        'sidegraph_watch_age_seconds',
        'Time since the API server was last heard on a watch.',
        'kind',
      ),
      lists: registry.counter('sidegraph_watch_lists_total', 'Whole lists that were made.', 'kind'),
      watches: registry.counter(
        'sidegraph_watch_opened_total',
        'Watches that were opened.',
        'kind',
      ),
      failures: registry.counter(
        'sidegraph_watch_failures_total',
        'Lists and watches that failed.',
        'kind',
      ),
      events: registry.counter(
        'sidegraph_watch_events_total',
        'Events that were received.',
        'kind',
        'type',
      ),
    },
    queue: registerQueueMetrics(registry),
    leader: registry.gauge(
      'leader_election_master_status',
      'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
      'name',
    ),
  };
}

function registerQueueMetrics(registry: Registry): QueueMetrics {
  const queue = ['name', 'controller'];
  return {
    reconciles: registry.counter(
      'controller_runtime_reconcile_total',
      'Reconciliations per controller.',
      'controller',
      'result',
    ),
    errors: registry.counter(
      'controller_runtime_reconcile_errors_total',
      'Reconciliation errors per controller.',
      'controller',
    ),
    terminalErrors: registry.counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Terminal reconciliation errors per controller.',
      'controller',
    ),
    seconds: registry.histogram(
      'controller_runtime_reconcile_time_seconds',
      'Length of time per reconciliation per controller.',
      LATENCY_SECONDS,
      'controller',
    ),
    maxWorkers: registry.gauge(
      'controller_runtime_max_concurrent_reconciles',
      'Maximum number of concurrent reconciles per controller.',
      'controller',
    ),
    activeWorkers: registry.gauge(
      'controller_runtime_active_workers',
      'Number of currently used workers per controller.',
      'controller',
    ),
    depth: registry.gauge('workqueue_depth', 'Current depth of workqueue.', ...queue),
    adds: registry.counter(
      'workqueue_adds_total',
      'Total number of adds handled by workqueue.',
      ...queue,
    ),
    retries: registry.counter(
      'workqueue_retries_total',
      'Total number of retries handled by workqueue.',
      ...queue,
    ),
    waitSeconds: registry.histogram(
      'workqueue_queue_duration_seconds',
      'How long an item stays in workqueue before being requested.',
      QUEUE_SECONDS,
      ...queue,
    ),
    workSeconds: registry.histogram(
      'workqueue_work_duration_seconds',
      'How long processing an item from workqueue takes.',
      QUEUE_SECONDS,
      ...queue,
    ),
    unfinishedSeconds: registry.gauge(
      'workqueue_unfinished_work_seconds',
      'Seconds of work in progress that work_duration has not observed yet.',
      ...queue,
    ),
    longestSeconds: registry.gauge(
      'workqueue_longest_running_processor_seconds',
      'How long the longest running worker has been at its item.',
      ...queue,
    ),
  };
}
