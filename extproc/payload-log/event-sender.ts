// Sends events to their sinks, a few at a time, off the way of every request. What does not fit into the queue is dropped, and what a
// sink does not take is lost: both are counted, and said in the log once a while.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { openBody, type OpenEvent } from './event-body.ts';
import type { EventQueue, PayloadEvent } from './events.ts';
import {
  FLUSH_LIMIT_MS,
  MAX_EVENTS_IN_FLIGHT,
  MAX_KAFKA_BATCH_BYTES,
  MAX_KAFKA_BATCH_EVENTS,
  MAX_WAITING_EVENT_BYTES,
  MAX_WAITING_EVENTS,
} from './limits.ts';
import { isKafka, Sinks } from './sinks.ts';

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

/** Of its kind at most one line in this time. */
const LOG_EVERY_MS = 10_000;
const CODES = { failed: 'PAYLOAD_LOG_FAILED', withheld: 'PAYLOAD_LOG_WITHHELD' } as const;

type Outcome =
  | { readonly count: 'sent' }
  | { readonly count: keyof typeof CODES; readonly why: string };

const SENT: Outcome = { count: 'sent' };

export class EventSender implements EventQueue {
  readonly #log: Log;
  readonly #waiting: PayloadEvent[] = [];
  #first = 0;
  #heldBytes = 0;
  /** Events that are being sent, and batches of them. */
  #inFlight = 0;
  #batches = 0;
  #emptied: (() => void) | undefined;
  readonly #sinks: Sinks;
  #counts = { sent: 0, dropped: 0, failed: 0, withheld: 0 };
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
    if (this.#length + this.#inFlight > 0)
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
        setTimeout(resolve, FLUSH_LIMIT_MS);
      });
    const dropped = this.#length;
    this.#waiting.length = 0;
    this.#first = 0;
    this.#counts.dropped += dropped;
    if (dropped > 0) this.#say('PAYLOAD_LOG_DROPPED', 'the process ends', undefined);
    await this.#sinks.close();
  }

  counts(): EventCounts {
    return { ...this.#counts, waiting: this.#length + this.#inFlight };
  }

  get #length(): number {
    return this.#waiting.length - this.#first;
  }

  admits(bytes: number): boolean {
    if (this.#length < MAX_WAITING_EVENTS && this.#heldBytes + bytes <= MAX_WAITING_EVENT_BYTES)
      return true;
    this.#counts.dropped++;
    this.#say(
      'PAYLOAD_LOG_DROPPED',
      'payload logs are dropped: their sinks are too slow',
      undefined,
    );
    return false;
  }

  withhold(why: string): void {
    this.#counts.withheld++;
    this.#say(CODES.withheld, why, undefined);
  }

  offer(event: PayloadEvent): void {
    this.#heldBytes += bytesOf(event);
    this.#waiting.push(event);
    this.#next();
  }

  #next(): void {
    while (this.#batches < MAX_EVENTS_IN_FLIGHT && this.#length > 0) {
      const batch = this.#takeBatch();
      this.#batches++;
      this.#inFlight += batch.length;
      void this.#send(batch).then((outcomes) => {
        this.#batches--;
        this.#inFlight -= batch.length;
        for (const [at, event] of batch.entries()) {
          this.#heldBytes -= bytesOf(event);
          const outcome = outcomes[at] ?? SENT;
          this.#counts[outcome.count]++;
          if (outcome.count !== 'sent') this.#say(CODES[outcome.count], outcome.why, event.url);
        }
        this.#next();
      });
    }
    if (this.#length + this.#inFlight === 0) this.#emptied?.();
  }

  /** The first event, and for Kafka those behind it that go to the same topic. */
  #takeBatch(): readonly PayloadEvent[] {
    const first = this.#waiting[this.#first] as PayloadEvent;
    let end = this.#first + 1;
    if (isBatched(first)) {
      let bytes = bytesOf(first);
      for (; end < this.#waiting.length && end - this.#first < MAX_KAFKA_BATCH_EVENTS; end++) {
        const event = this.#waiting[end] as PayloadEvent;
        bytes += bytesOf(event);
        if (event.url !== first.url || !isBatched(event) || bytes > MAX_KAFKA_BATCH_BYTES) break;
      }
    }
    const batch = this.#waiting.slice(this.#first, end);
    this.#first = end;
    if (this.#first > 1024 || this.#length === 0) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    return batch;
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

  #say(code: string, reason: string, url: string | undefined): void {
    const now = performance.now();
    if (now - (this.#said.get(code) ?? -LOG_EVERY_MS) < LOG_EVERY_MS) return;
    this.#said.set(code, now);
    this.#log.warn({ code, url: withoutSecrets(url), reason, ...this.counts() }, 'payload log');
  }
}

/** How long a compressed one becomes nobody knows: it goes by itself. */
function isBatched({ url, contentEncoding }: PayloadEvent): boolean {
  return contentEncoding === undefined && isKafka(url);
}

/** Its headers count too: a client writes some of them. */
function bytesOf({ body, headers }: PayloadEvent): number {
  return Object.values(headers).reduce((sum, value) => sum + value.length, body.length);
}

function withoutSecrets(url: string | undefined): string | undefined {
  return url?.replace(/\/\/[^/@]{0,1000}@/, '//…@');
}
