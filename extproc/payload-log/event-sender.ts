// Sends events to their sinks, a few at a time, off the way of every request. What does not fit into the queue is dropped, and what a
// sink does not take is lost: both are counted, and said in the log once a while.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { Agent, RequestOptions } from 'node:http';
import { gunzip, inflate } from 'node:zlib';
import type { Log } from '../../lib/runtime/log.ts';
import type { EventQueue, PayloadEvent } from './events.ts';
import {
  EVENT_TIMEOUT_MS,
  MAX_EVENTS_IN_FLIGHT,
  MAX_SINK_RESPONSE_BYTES,
  MAX_UNPACKED_EVENT_BYTES,
  MAX_WAITING_EVENT_BYTES,
  MAX_WAITING_EVENTS,
} from './limits.ts';

export interface EventCounts {
  /** A sink answered with 2xx. */
  readonly sent: number;
  /** There was no room for them. */
  readonly dropped: number;
  /** A sink was not there, answered otherwise or not in time. */
  readonly failed: number;
  readonly waiting: number;
}

/** Of its kind at most one line in this time. */
const LOG_EVERY_MS = 10_000;
const UNPACK = { gzip: gunzip, deflate: inflate } as const;

export class EventSender implements EventQueue {
  readonly #log: Log;
  readonly #waiting: PayloadEvent[] = [];
  #first = 0;
  #heldBytes = 0;
  #inFlight = 0;
  #agents: { readonly http: Agent; readonly https: Agent } | null = null;
  #counts = { sent: 0, dropped: 0, failed: 0 };
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
          this.#counts.failed++;
          this.#say('PAYLOAD_LOG_FAILED', failure, event.url);
        }
        this.#next();
      });
    }
  }

  /** Resolves with what went wrong, null for nothing. */
  async #send(event: PayloadEvent): Promise<string | null> {
    const { body, encoding } = await plainBody(event);
    try {
      const url = new URL(event.url);
      const options: RequestOptions = {
        method: 'POST',
        agent: this.#agentFor(url),
        signal: AbortSignal.timeout(EVENT_TIMEOUT_MS),
        headers: {
          ...event.headers,
          ...(encoding === null ? {} : { 'content-encoding': encoding }),
          'content-length': body.length,
        },
      };
      const status = await post(url, options, body);
      return status >= 200 && status < 300 ? null : `the sink answered ${status}`;
    } catch (error) {
      return describeThrown(error);
    }
  }

  #agentFor(url: URL): Agent {
    this.#agents ??= openAgents();
    return url.protocol === 'https:' ? this.#agents.https : this.#agents.http;
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

/** As Seldon sends them: gzip and deflate are taken off; what cannot be unpacked goes as it is. */
function plainBody({
  body,
  contentEncoding,
}: PayloadEvent): Promise<{ body: Buffer; encoding: string | null }> {
  const unpack =
    contentEncoding === 'gzip' || contentEncoding === 'deflate' ? UNPACK[contentEncoding] : null;
  if (unpack === null) return Promise.resolve({ body, encoding: contentEncoding });
  return new Promise((resolve) => {
    unpack(body, { maxOutputLength: MAX_UNPACKED_EVENT_BYTES }, (error, plain) =>
      resolve(
        error === null ? { body: plain, encoding: null } : { body, encoding: contentEncoding },
      ),
    );
  });
}

// Not by `import`, which loads more than is used (lib/runtime/node-http.ts); and only where something is logged.
function openAgents(): { readonly http: Agent; readonly https: Agent } {
  const options = { keepAlive: true, maxSockets: MAX_EVENTS_IN_FLIGHT };
  return {
    http: new (process.getBuiltinModule('node:http').Agent)(options),
    https: new (process.getBuiltinModule('node:https').Agent)(options),
  };
}

function post(url: URL, options: RequestOptions, body: Buffer): Promise<number> {
  const { request } = process.getBuiltinModule(
    url.protocol === 'https:' ? 'node:https' : 'node:http',
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming) => {
      const status = incoming.statusCode ?? 0;
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_SINK_RESPONSE_BYTES) return;
        resolve(status);
        incoming.destroy();
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve(status));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function withoutSecrets(url: string | null): string | null {
  return url === null ? null : url.replace(/\/\/[^/@]{0,1000}@/, '//…@');
}
