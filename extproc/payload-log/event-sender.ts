// Sends events to their sinks, a few at a time, off the way of every request. What does not fit into the queue is dropped, and what a
// sink does not take is lost: both are counted, and said in the log once a while.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { openBody } from './event-body.ts';
import type { EventQueue, PayloadEvent } from './events.ts';
import { HttpSink } from './http-sink.ts';
import { MAX_EVENTS_IN_FLIGHT, MAX_WAITING_EVENT_BYTES, MAX_WAITING_EVENTS } from './limits.ts';

export interface EventCounts {
  /** A sink answered with 2xx. */
  readonly sent: number;
  /** There was no room for them. */
  readonly dropped: number;
  /** A sink was not there, answered otherwise or not in time. */
  readonly failed: number;
  /** What had to be left out of them could not be. */
  readonly withheld: number;
  readonly waiting: number;
}

/** Of its kind at most one line in this time. */
const LOG_EVERY_MS = 10_000;
const CODES = { failed: 'PAYLOAD_LOG_FAILED', withheld: 'PAYLOAD_LOG_WITHHELD' } as const;

interface Failure {
  readonly count: keyof typeof CODES;
  readonly why: string;
}

export class EventSender implements EventQueue {
  readonly #log: Log;
  readonly #waiting: PayloadEvent[] = [];
  #first = 0;
  #heldBytes = 0;
  #inFlight = 0;
  readonly #http = new HttpSink();
  #counts = { sent: 0, dropped: 0, failed: 0, withheld: 0 };
  readonly #said = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
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
    this.#say('PAYLOAD_LOG_DROPPED', 'payload logs are dropped: their sinks are too slow', null);
    return false;
  }

  withhold(why: string): void {
    this.#counts.withheld++;
    this.#say(CODES.withheld, why, null);
  }

  offer(event: PayloadEvent): void {
    this.#heldBytes += bytesOf(event);
    this.#waiting.push(event);
    this.#next();
  }

  #next(): void {
    while (this.#inFlight < MAX_EVENTS_IN_FLIGHT && this.#length > 0) {
      const event = this.#waiting[this.#first++] as PayloadEvent;
      if (this.#first > 1024 || this.#length === 0) {
        this.#waiting.splice(0, this.#first);
        this.#first = 0;
      }
      this.#inFlight++;
      void this.#send(event).then((failure) => {
        this.#inFlight--;
        this.#heldBytes -= bytesOf(event);
        if (failure === null) this.#counts.sent++;
        else {
          this.#counts[failure.count]++;
          this.#say(CODES[failure.count], failure.why, event.url);
        }
        this.#next();
      });
    }
  }

  /** Resolves with what went wrong, null for nothing. */
  async #send(event: PayloadEvent): Promise<Failure | null> {
    try {
      const opened = await openBody(event);
      if (opened.kind === 'withheld') return { count: 'withheld', why: opened.why };
      const why = await this.#http.send(opened);
      return why === null ? null : { count: 'failed', why };
    } catch (error) {
      return { count: 'failed', why: describeThrown(error) };
    }
  }

  #say(code: string, reason: string, url: string | null): void {
    const now = performance.now();
    if (now - (this.#said.get(code) ?? -LOG_EVERY_MS) < LOG_EVERY_MS) return;
    this.#said.set(code, now);
    this.#log.warn({ code, url: withoutSecrets(url), reason, ...this.counts() }, 'payload log');
  }
}

/** Its headers count too: a client writes some of them. */
function bytesOf({ body, headers }: PayloadEvent): number {
  return Object.values(headers).reduce((sum, value) => sum + value.length, body.length);
}

function withoutSecrets(url: string | null): string | null {
  return url === null ? null : url.replace(/\/\/[^/@]{0,1000}@/, '//…@');
}
