// Produces events to topics of one Kafka cluster, as CloudEvents in binary mode, with the headers of Seldon's executor beside them. In: a batch
// of events for one topic; out: what went wrong with it, or nothing. A batch is tried again until its time is over, so that a broker may
// restart; a client that has not answered by then is thrown away with its connections, and so is one without work.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, findErrorBy, Producer, stringSerializer } from '@platformatic/kafka';
import type { BrokerAddress } from '../../graph/plan/sink-url.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { OpenEvent } from './event-body.ts';
import type { KafkaSecurity } from './kafka-settings.ts';
import {
  EVENT_TIMEOUT_MS,
  KAFKA_ATTEMPT_TIMEOUT_MS,
  KAFKA_IDLE_MS,
  KAFKA_RETRY_DELAY_MS,
  MAX_BROKER_RESPONSE_BYTES,
} from './limits.ts';

type Client = Producer<Buffer, Buffer, string, string>;

interface KafkaMessage {
  readonly topic: string;
  readonly partition: number;
  readonly value: Buffer;
  readonly headers: Map<string, string>;
}

/** All replicas in sync have it. */
const ACKS_ALL = -1;
const CLIENT_ID = 'sidegraph';

/** Milliseconds. */
export interface KafkaTimes {
  /** For a batch, with all its attempts. */
  readonly batch: number;
  /** For a connection, and for each response. */
  readonly attempt: number;
  readonly betweenAttempts: number;
  readonly idle: number;
}

const TIMES: KafkaTimes = {
  batch: EVENT_TIMEOUT_MS,
  attempt: KAFKA_ATTEMPT_TIMEOUT_MS,
  betweenAttempts: KAFKA_RETRY_DELAY_MS,
  idle: KAFKA_IDLE_MS,
};

export class KafkaSink {
  readonly #brokers: readonly BrokerAddress[];
  readonly #security: () => KafkaSecurity;
  readonly #times: KafkaTimes;
  #client: Client | undefined;
  #idle: NodeJS.Timeout | undefined;
  #underWay = 0;
  #isClosed = false;
  /** What each connection has brought since a batch was last taken. */
  readonly #received = new Map<Socket, number>();
  /** Batches go around; the client takes it modulo the topic's partitions. */
  #batch = 0;

  /** `security` is asked for each client, since certificates change. */
  constructor(
    brokers: readonly BrokerAddress[],
    security: () => KafkaSecurity,
    times: KafkaTimes = TIMES,
  ) {
    this.#brokers = brokers;
    this.#security = security;
    this.#times = times;
  }

  /** Resolves with what went wrong with each event, undefined for nothing. Never rejects. */
  async send(topic: string, events: readonly OpenEvent[]): Promise<(string | undefined)[]> {
    const failure = await this.#sendInTime(topic, events);
    if (failure === undefined) return events.map(() => undefined);
    if (!failure.isTooLarge || events.length === 1) return events.map(() => failure.why);
    // A topic may take less than a batch has: each by itself.
    const results = [];
    for (const event of events) results.push(...(await this.send(topic, [event])));
    return results;
  }

  /** For good: what is under way ends without another attempt. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#idle !== undefined) clearTimeout(this.#idle);
    if (this.#client !== undefined) await this.#discard(this.#client);
  }

  async #sendInTime(topic: string, events: readonly OpenEvent[]): Promise<Failure | undefined> {
    const partition = this.#batch++;
    const messages = events.map((event) => messageOf(topic, partition, event));
    const deadline = performance.now() + this.#times.batch;
    let before: Failure | undefined;
    this.#underWay++;
    try {
      for (;;) {
        const failure = await this.#attempt(messages, deadline - performance.now());
        const isLate = performance.now() + this.#times.betweenAttempts >= deadline;
        // An attempt that was cut short says less than the one before it.
        if (failure === LATE) return before ?? LATE;
        if (failure === undefined || failure.isFinal || isLate || this.#isClosed) return failure;
        before = failure;
        await sleep(this.#times.betweenAttempts);
      }
    } finally {
      this.#underWay--;
      this.#closeWhenIdle();
    }
  }

  async #attempt(messages: KafkaMessage[], timeoutMs: number): Promise<Failure | undefined> {
    if (this.#isClosed) return CLOSED;
    let client: Client;
    try {
      client = this.#open();
    } catch (error) {
      return { why: describeThrown(error), isFinal: true, isTooLarge: false };
    }
    const stop = new AbortController();
    const late = sleep(timeoutMs, LATE, { signal: stop.signal }).catch(() => LATE);
    try {
      const sent = client.send({ messages, acks: ACKS_ALL });
      const ended = await Promise.race([sent, late]);
      if (ended !== LATE) {
        this.#received.clear();
        return undefined;
      }
      sent.catch(() => {});
      void this.#discard(client);
      return LATE;
    } catch (error) {
      return failureOf(error);
    } finally {
      stop.abort();
    }
  }

  #open(): Client {
    if (this.#client !== undefined) return this.#client;
    const { tls, sasl } = this.#security();
    const client: Client = new Producer({
      clientId: CLIENT_ID,
      bootstrapBrokers: this.#brokers.map((broker) => ({ ...broker })),
      serializers: { headerKey: stringSerializer, headerValue: stringSerializer },
      autocreateTopics: true,
      // What is tried again is decided here: the client would hold on to it without end.
      retries: 0,
      connectTimeout: this.#times.attempt,
      requestTimeout: this.#times.attempt,
      timeout: this.#times.attempt,
      ...(tls === undefined ? {} : { tls: definedOf(tls), tlsServerName: true }),
      ...(sasl === undefined ? {} : { sasl }),
    });
    client.connections.on('connect', ({ connection }: { connection: Connection }) =>
      this.#boundResponses(connection),
    );
    this.#client = client;
    return client;
  }

  /** A broker that answers without end is left. */
  #boundResponses({ socket }: Connection): void {
    const received = this.#received;
    socket.on('data', (chunk: Buffer) => {
      const bytes = (received.get(socket) ?? 0) + chunk.length;
      received.set(socket, bytes);
      if (bytes > MAX_BROKER_RESPONSE_BYTES) socket.destroy();
    });
    socket.on('close', () => received.delete(socket));
  }

  /** Its calls under way end with errors. */
  async #discard(client: Client): Promise<void> {
    if (this.#client === client) this.#client = undefined;
    for (const [, connection] of client.connections) connection.socket?.destroy();
    await client.close(true).catch(() => {});
  }

  #closeWhenIdle(): void {
    if (this.#idle !== undefined) clearTimeout(this.#idle);
    this.#idle = undefined;
    if (this.#underWay > 0 || this.#isClosed) return;
    this.#idle = setTimeout(() => {
      if (this.#client !== undefined) void this.#discard(this.#client);
    }, this.#times.idle);
    this.#idle.unref();
  }
}

interface Failure {
  readonly why: string;
  /** Another attempt would end the same. */
  readonly isFinal: boolean;
  readonly isTooLarge: boolean;
}

const LATE: Failure = {
  why: 'the broker did not answer in time',
  isFinal: true,
  isTooLarge: false,
};
const CLOSED: Failure = { why: 'the process ends', isFinal: true, isTooLarge: false };
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];
/** Of these nothing changes in some seconds. */
const FINAL = [
  ...TOO_LARGE,
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
];

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error))
    return { why: describeThrown(error), isFinal: false, isTooLarge: false };
  const is = (id: string): boolean => findErrorBy(error, 'apiId', id) !== null;
  const isAuthentication = findErrorBy(error, 'code', 'PLT_KFK_AUTHENTICATION') !== null;
  return {
    why: wordsOf(error),
    isFinal: isAuthentication || FINAL.some(is),
    isTooLarge: TOO_LARGE.some(is),
  };
}

/** An error, what it is made of and what it comes from. */
function wordsOf(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  const words = inner.flatMap((each) => (each instanceof Error ? [wordsOf(each)] : []));
  return [error.message.replace(/\.$/, ''), ...new Set(words)].join(': ');
}

function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Attributes by the names of CloudEvents' binding for Kafka, and those that Seldon's executor sends by its own. */
function messageOf(topic: string, partition: number, opened: OpenEvent): KafkaMessage {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(opened.event.headers)) {
    if (!name.startsWith('ce-')) {
      headers.set(name, value);
      continue;
    }
    const attribute = name.slice('ce-'.length);
    headers.set(`ce_${attribute}`, value);
    if (SELDON_HEADERS.has(attribute)) headers.set(attribute, value);
  }
  if (opened.contentEncoding !== undefined) headers.set('content-encoding', opened.contentEncoding);
  return { topic, partition, value: opened.body, headers };
}

const SELDON_HEADERS = new Set([
  'type',
  'modelid',
  'requestid',
  'inferenceservicename',
  'namespace',
  'endpoint',
  'protocol',
]);
