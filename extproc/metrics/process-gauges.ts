// What the filter's process says of itself: memory, requests in flight, delay of the event loop, bugs met. Of several
// workers one page tells the sum, or the worst where a sum would mean nothing.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Family } from './prometheus-text.ts';

/** How often the delay of the event loop is sampled; an idle process wakes up this often. */
const DELAY_RESOLUTION_MS = 100;

interface Gauge {
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly of: 'sum' | 'worst';
}

const GAUGES = {
  sidegraph_filter_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of the filter.',
    of: 'sum',
  },
  sidegraph_filter_heap_used_bytes: { type: 'gauge', help: 'JavaScript heap in use.', of: 'sum' },
  sidegraph_filter_external_bytes: { type: 'gauge', help: 'Memory outside the heap.', of: 'sum' },
  sidegraph_filter_streams: {
    type: 'gauge',
    help: 'Requests in flight in the filter.',
    of: 'sum',
  },
  sidegraph_filter_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'Delay of the event loop since the last scrape, 99th percentile.',
    of: 'worst',
  },
  sidegraph_filter_cpu_seconds_total: {
    type: 'counter',
    help: 'Processor time of the filter.',
    of: 'sum',
  },
  sidegraph_filter_faults_total: {
    type: 'counter',
    help: 'Bugs met outside of any request.',
    of: 'sum',
  },
  sidegraph_filter_held_bytes: { type: 'gauge', help: 'Bytes of messages held.', of: 'sum' },
  sidegraph_filter_held_bytes_limit: {
    type: 'gauge',
    help: 'Bytes of messages that may be held; requests that need more are answered OVERLOADED.',
    of: 'sum',
  },
  sidegraph_filter_overloaded_total: {
    type: 'counter',
    help: 'Requests answered OVERLOADED by the filter, for want of room for their bytes.',
    of: 'sum',
  },
  sidegraph_payload_log_sent_total: {
    type: 'counter',
    help: 'Payloads that a sink has taken.',
    of: 'sum',
  },
  sidegraph_payload_log_dropped_total: {
    type: 'counter',
    help: 'Payloads that were not sent, since too many waited for their sinks.',
    of: 'sum',
  },
  sidegraph_payload_log_failed_total: {
    type: 'counter',
    help: 'Payloads that a sink did not take: not there, another status than 2xx, no response in time.',
    of: 'sum',
  },
  sidegraph_payload_log_withheld_total: {
    type: 'counter',
    help: 'Payloads that were not sent, since what has to be left out of them could not be.',
    of: 'sum',
  },
  sidegraph_payload_log_waiting: {
    type: 'gauge',
    help: 'Payloads that wait to be sent or are being sent.',
    of: 'sum',
  },
  sidegraph_filter_workers: {
    type: 'gauge',
    help: 'Processes that these numbers are of.',
    of: 'sum',
  },
} as const satisfies Record<string, Gauge>;

export type ProcessValues = Readonly<Record<keyof typeof GAUGES, number>>;

export interface HeldNow {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly refusals: number;
}

export interface EventsNow {
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly withheld: number;
  readonly waiting: number;
}

export const NO_EVENTS: EventsNow = { sent: 0, dropped: 0, failed: 0, withheld: 0, waiting: 0 };
const NOTHING_HELD: HeldNow = { bytes: 0, maxBytes: 0, refusals: 0 };

export class ProcessGauges {
  /** Exceptions that no request was there to answer with. */
  faults = 0;
  /** Set when the ext_proc server can tell how many bytes it holds. */
  held: () => HeldNow = () => NOTHING_HELD;
  /** Set when payloads can be logged. */
  events: () => EventsNow = () => NO_EVENTS;
  readonly #streams: () => number;
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });

  constructor(streams: () => number) {
    this.#streams = streams;
    this.#delay.enable();
  }

  /** The values as they are now; the delay is that since the last time that it was asked for. */
  read(): ProcessValues {
    const held = this.held();
    const events = this.events();
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const delaySeconds = this.#delay.percentile(99) / 1e9 - DELAY_RESOLUTION_MS / 1000;
    this.#delay.reset();
    return {
      sidegraph_filter_resident_memory_bytes: memory.rss,
      sidegraph_filter_heap_used_bytes: memory.heapUsed,
      sidegraph_filter_external_bytes: memory.external,
      sidegraph_filter_streams: this.#streams(),
      sidegraph_filter_event_loop_delay_seconds: Math.max(0, delaySeconds),
      sidegraph_filter_cpu_seconds_total: (cpu.user + cpu.system) / 1e6,
      sidegraph_filter_faults_total: this.faults,
      sidegraph_filter_held_bytes: held.bytes,
      sidegraph_filter_held_bytes_limit: held.maxBytes,
      sidegraph_filter_overloaded_total: held.refusals,
      sidegraph_payload_log_sent_total: events.sent,
      sidegraph_payload_log_dropped_total: events.dropped,
      sidegraph_payload_log_failed_total: events.failed,
      sidegraph_payload_log_withheld_total: events.withheld,
      sidegraph_payload_log_waiting: events.waiting,
      sidegraph_filter_workers: 1,
    };
  }
}

/** The families of several processes together; of none, all values are 0. */
export function processFamilies(processes: readonly ProcessValues[]): Family[] {
  const names = Object.keys(GAUGES) as (keyof typeof GAUGES)[];
  return names.map((name) => {
    const { type, help, of } = GAUGES[name];
    const values = processes.map((each) => each[name]);
    const value =
      of === 'worst' ? Math.max(0, ...values) : values.reduce((sum, each) => sum + each, 0);
    return { name, type, help, samples: [{ name, labels: {}, value }] };
  });
}
