// What the filter's process says of itself: memory, requests in flight, delay of the event loop, bugs met.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Family } from './prometheus-text.ts';

/** How often the delay of the event loop is sampled; an idle process wakes up this often. */
const DELAY_RESOLUTION_MS = 100;

export class ProcessGauges {
  /** Exceptions that no request was there to answer with. */
  faults = 0;
  /** Set when the ext_proc server can tell how many bytes it holds. */
  held: (() => number) | null = null;
  readonly #streams: () => number;
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  constructor(streams: () => number) {
    this.#streams = streams;
    this.#delay.enable();
  }

  /** The families as they are now; the delay is that since the last time that it was asked for. */
  collect(): Family[] {
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const delayP99Seconds = Math.max(
      0,
      this.#delay.percentile(99) / 1e9 - DELAY_RESOLUTION_MS / 1000,
    );
    this.#delay.reset();
    const families = [
      gauge('sidegraph_filter_resident_memory_bytes', 'Resident memory of the filter.', memory.rss),
      gauge('sidegraph_filter_heap_used_bytes', 'JavaScript heap in use.', memory.heapUsed),
      gauge('sidegraph_filter_external_bytes', 'Memory outside the heap.', memory.external),
      gauge('sidegraph_filter_streams', 'Requests in flight in the filter.', this.#streams()),
      gauge(
        'sidegraph_filter_event_loop_delay_seconds',
        'Delay of the event loop since the last scrape, 99th percentile.',
        delayP99Seconds,
      ),
      counter(
        'sidegraph_filter_cpu_seconds_total',
        'Processor time of the filter.',
        (cpu.user + cpu.system) / 1e6,
      ),
      counter('sidegraph_filter_faults_total', 'Bugs met outside of any request.', this.faults),
    ];
    if (this.held !== null) {
      families.push(gauge('sidegraph_filter_held_bytes', 'Bytes of messages held.', this.held()));
    }
    return families;
  }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, type: 'gauge', help, samples: [{ name, labels: {}, value }] };
}

function counter(name: string, help: string, value: number): Family {
  return { name, type: 'counter', help, samples: [{ name, labels: {}, value }] };
}
