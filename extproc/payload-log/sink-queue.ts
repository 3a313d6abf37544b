// What waits for one sink and is being sent to it, oldest first, with the bytes of both and what became of the events so far.
import type { PayloadEvent } from './events.ts';
import { MAX_KAFKA_BATCH_BYTES, MAX_KAFKA_BATCH_EVENTS } from './limits.ts';
import { isKafka } from './sinks.ts';

/** So many places at the front are left empty before the others move up. */
const MAX_EMPTY = 1024;

export class SinkQueue {
  /** How the sink is called in logs and metrics; no credentials, no query. */
  readonly name: string;
  /** Plans' units that log to it. */
  users = 0;
  readonly counts = { sent: 0, dropped: 0, failed: 0, withheld: 0 };
  /** Empty up to `#first`: what was taken is not kept. */
  readonly #waiting: (PayloadEvent | undefined)[] = [];
  #first = 0;
  #waitingBytes = 0;
  #sendingBytes = 0;
  #sending = 0;
  #batches = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Events that wait. */
  get length(): number {
    return this.#waiting.length - this.#first;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Of what waits and of what is being sent. */
  get heldBytes(): number {
    return this.#waitingBytes + this.#sendingBytes;
  }

  /** Events that are being sent. */
  get sending(): number {
    return this.#sending;
  }

  push(event: PayloadEvent): void {
    this.#waiting.push(event);
    this.#waitingBytes += bytesOf(event);
  }

  /** The newest leaves, without having been sent; undefined where none waits. */
  dropNewest(): PayloadEvent | undefined {
    if (this.length === 0) return undefined;
    const event = this.#waiting.pop();
    if (event !== undefined) this.#waitingBytes -= bytesOf(event);
    this.#moveUp();
    return event;
  }

  /**
   * What is sent next: one event, or for Kafka those behind it too. Undefined where nothing waits, or where so many batches or bytes are
   * being sent already; the first one always may, however large it is.
   */
  takeBatch(maxBatches: number, maxBytes: number): readonly PayloadEvent[] | undefined {
    const first = this.#waiting[this.#first];
    if (first === undefined || this.#batches >= maxBatches) return undefined;
    let bytes = bytesOf(first);
    if (this.#batches > 0 && this.#sendingBytes + bytes > maxBytes) return undefined;
    const batch = [first];
    let end = this.#first + 1;
    if (isBatched(first))
      for (; end < this.#waiting.length && end - this.#first < MAX_KAFKA_BATCH_EVENTS; end++) {
        const event = this.#waiting[end];
        if (event === undefined || !isBatched(event)) break;
        const more = bytes + bytesOf(event);
        if (more > MAX_KAFKA_BATCH_BYTES) break;
        bytes = more;
        batch.push(event);
      }
    this.#waiting.fill(undefined, this.#first, end);
    this.#first = end;
    this.#waitingBytes -= bytes;
    this.#sendingBytes += bytes;
    this.#sending += batch.length;
    this.#batches++;
    this.#moveUp();
    return batch;
  }

  /** Whatever became of it. */
  release(batch: readonly PayloadEvent[]): void {
    this.#batches--;
    this.#sending -= batch.length;
    for (const event of batch) this.#sendingBytes -= bytesOf(event);
  }

  #moveUp(): void {
    if (this.#first <= MAX_EMPTY && this.length > 0) return;
    this.#waiting.splice(0, this.#first);
    this.#first = 0;
  }
}

/** How long a compressed one becomes nobody knows: it goes by itself. */
function isBatched({ url, contentEncoding }: PayloadEvent): boolean {
  return contentEncoding === undefined && isKafka(url);
}

/** Its headers count too: a client writes some of them. */
export function bytesOf({ body, headers }: PayloadEvent): number {
  return Object.values(headers).reduce((sum, value) => sum + value.length, body.length);
}
