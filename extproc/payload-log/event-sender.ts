// Sends events to their sinks, a few at a time, off the way of every request. Each sink has a queue of its own, so that one which takes
// nothing delays no other; the room for all of them is one. What does not fit is dropped, and what a sink does not take is lost: both are
// counted for each sink, and said in the log once a while.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { openBody, type OpenEvent } from './event-body.ts';
import type { EventQueue, EventSink, PayloadEvent } from './events.ts';
import {
  FLUSH_LIMIT_MS,
  MAX_EVENTS_IN_FLIGHT,
  MAX_SENDING_SHARE,
  MAX_WAITING_EVENT_BYTES,
} from './limits.ts';
import { SinkQueue } from './sink-queue.ts';
import { sinkName, Sinks } from './sinks.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface EventCounts {
  /** A sink has taken them. */
  readonly sent: number;
  /** There was no room for them. */
  readonly dropped: number;
  /** A sink was not there, did not take them or did not answer in time. */
  readonly failed: number;
  /** What had to be left out of them could not be. */
  readonly withheld: number;
  readonly waiting: number;
}

export interface SinkCounts extends EventCounts {
  /** Origin of an HTTP sink, brokers and topic of one in Kafka. */
  readonly sink: string;
}

/** Of its kind and sink at most one line in this time. */
const LOG_EVERY_MS = 10_000;
const DROPPED = 'PAYLOAD_LOG_DROPPED';
const CODES = { failed: 'PAYLOAD_LOG_FAILED', withheld: 'PAYLOAD_LOG_WITHHELD' } as const;

type Outcome =
  | { readonly count: 'sent' }
  | { readonly count: keyof typeof CODES; readonly why: string };

const SENT: Outcome = { count: 'sent' };

export class EventSender implements EventQueue {
  readonly #log: Log;
  /** By the names of the sinks: what does not respond is mostly a host, whatever the path. */
  readonly #queues = new Map<string, SinkQueue>();
  /** Of the sinks that no plan logs to any more, so that the sums of all never fall. */
  readonly #past = { sent: 0, dropped: 0, failed: 0, withheld: 0, waiting: 0 };
  readonly #room = new WaitingRoom(() => this.#queues.values());
  #emptied: (() => void) | undefined;
  readonly #sinks: Sinks;
  readonly #said = new Map<string, number>();

  /** `variables`: the environment, which says how brokers of Kafka are spoken to. */
  constructor(log: Log, variables: Readonly<Record<string, string | undefined>> = {}) {
    this.#log = log;
    this.#sinks = new Sinks(variables);
  }

  /** Before the programs of plans are compiled. */
  load(plans: readonly Plan[]): Promise<void> {
    return this.#sinks.load(plans);
  }

  /** After the last request: once nothing waits any more, or when the time for that is over, which drops what does. */
  async close(): Promise<void> {
    if (this.counts().waiting > 0)
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
        setTimeout(resolve, FLUSH_LIMIT_MS);
      });
    for (const queue of this.#queues.values()) {
      if (queue.length + queue.sending === 0) continue;
      while (queue.dropNewest() !== undefined) queue.counts.dropped++;
      this.#say(DROPPED, 'the process ends', queue);
    }
    await this.#sinks.close();
  }

  /** Of all sinks together, past ones too. */
  counts(): EventCounts {
    const total = { ...this.#past };
    for (const queue of this.#queues.values()) addCounts(total, countsOf(queue));
    return total;
  }

  /** Of the sinks that a plan logs to, or that events still wait for. */
  sinkCounts(): SinkCounts[] {
    return [...this.#queues.values()].map((queue) => ({ sink: queue.name, ...countsOf(queue) }));
  }

  sinkAt(url: string): EventSink {
    const name = sinkName(url);
    let queue = this.#queues.get(name);
    if (queue === undefined) this.#queues.set(name, (queue = new SinkQueue(name)));
    const own = queue;
    own.users++;
    return {
      admits: (bytes) => {
        if (this.#room.admits(own, bytes)) return true;
        own.counts.dropped++;
        this.#say(DROPPED, 'payload logs are dropped: their sink is too slow', own);
        return false;
      },
      withhold: (why) => {
        own.counts.withheld++;
        this.#say(CODES.withheld, why, own);
      },
      offer: (event) => {
        own.push(event);
        this.#next(own);
      },
      close: () => {
        own.users--;
        this.#forgetUnused(own);
      },
    };
  }

  #next(queue: SinkQueue): void {
    const sinks = this.#queues.size;
    const maxBatches = Math.max(1, Math.floor(MAX_EVENTS_IN_FLIGHT / sinks));
    const maxBytes = (MAX_SENDING_SHARE * MAX_WAITING_EVENT_BYTES) / sinks;
    for (;;) {
      const batch = queue.takeBatch(maxBatches, maxBytes);
      if (batch === undefined) break;
      void this.#send(batch).then((outcomes) => {
        queue.release(batch);
        for (const at of batch.keys()) {
          const outcome = outcomes[at] ?? SENT;
          queue.counts[outcome.count]++;
          if (outcome.count !== 'sent') this.#say(CODES[outcome.count], outcome.why, queue);
        }
        this.#next(queue);
      });
    }
    this.#forgetUnused(queue);
    if (this.#emptied !== undefined && this.counts().waiting === 0) this.#emptied();
  }

  /** A sink of no plan takes no part of what the others share, and is no series of the metrics. */
  #forgetUnused(queue: SinkQueue): void {
    if (queue.users > 0 || queue.length + queue.sending > 0) return;
    if (this.#queues.get(queue.name) !== queue) return;
    this.#queues.delete(queue.name);
    for (const code of [DROPPED, ...Object.values(CODES)]) this.#said.delete(keyOf(code, queue));
    addCounts(this.#past, countsOf(queue));
  }

  /** What became of each event. Never rejects. */
  async #send(batch: readonly PayloadEvent[]): Promise<Outcome[]> {
    const bodies = await Promise.all(batch.map(openBody));
    const open = bodies.filter((body) => body.kind === 'open');
    const sent = await this.#deliver(batch[0]?.url ?? '', open);
    return bodies.map((body) => {
      if (body.kind === 'withheld') return { count: 'withheld', why: body.why };
      const why = sent.shift();
      return why === undefined ? SENT : { count: 'failed', why };
    });
  }

  /** What went wrong with each, undefined for nothing. */
  async #deliver(url: string, events: readonly OpenEvent[]): Promise<(string | undefined)[]> {
    if (events.length === 0) return [];
    try {
      return await this.#sinks.send(url, events);
    } catch (error) {
      return events.map(() => describeThrown(error));
    }
  }

  #say(code: string, reason: string, queue: SinkQueue): void {
    const key = keyOf(code, queue);
    const now = performance.now();
    if (now - (this.#said.get(key) ?? -LOG_EVERY_MS) < LOG_EVERY_MS) return;
    this.#said.set(key, now);
    this.#log.warn({ code, sink: queue.name, reason, ...countsOf(queue) }, 'payload log');
  }
}

function keyOf(code: string, queue: SinkQueue): string {
  return `${code} ${queue.name}`;
}

function countsOf(queue: SinkQueue): EventCounts {
  return { ...queue.counts, waiting: queue.length + queue.sending };
}

function addCounts(
  total: { -readonly [Name in keyof EventCounts]: number },
  counts: EventCounts,
): void {
  total.sent += counts.sent;
  total.dropped += counts.dropped;
  total.failed += counts.failed;
  total.withheld += counts.withheld;
  total.waiting += counts.waiting;
}
