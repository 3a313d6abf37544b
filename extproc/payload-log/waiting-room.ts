// The room that all sinks of a process share. While there is enough each takes what it needs; when it is full, the sink that holds the
// most makes room for one that holds less, by its newest events, so that one which takes nothing costs the others nothing.
import { MAX_WAITING_EVENT_BYTES, MAX_WAITING_EVENTS } from './limits.ts';
import type { SinkQueue } from './sink-queue.ts';

export class WaitingRoom {
  readonly #queues: () => Iterable<SinkQueue>;

  constructor(queues: () => Iterable<SinkQueue>) {
    this.#queues = queues;
  }

  /** Whether an event of so many bytes may wait for a sink; others may lose events for it, which are counted as dropped. */
  admits(queue: SinkQueue, bytes: number): boolean {
    let events = 1;
    let held = bytes;
    let longest = queue;
    let largest = queue;
    for (const each of this.#queues()) {
      events += each.length;
      held += each.heldBytes;
      if (each.length > longest.length) longest = each;
      if (each.heldBytes > largest.heldBytes) largest = each;
    }
    const surplus = events - MAX_WAITING_EVENTS;
    const excess = held - MAX_WAITING_EVENT_BYTES;
    if (surplus > 0 && longest.length - surplus <= queue.length) return false;
    if (excess > 0) {
      // With what it keeps it still holds more than the other one will.
      const canGive =
        largest.waitingBytes >= excess && largest.heldBytes - excess > queue.heldBytes + bytes;
      if (!canGive) return false;
    }
    if (longest === largest) drop(longest, surplus, excess);
    else {
      drop(longest, surplus, 0);
      drop(largest, 0, excess);
    }
    return true;
  }
}

function drop(queue: SinkQueue, events: number, bytes: number): void {
  const { length, waitingBytes } = queue;
  while (length - queue.length < events || waitingBytes - queue.waitingBytes < bytes) {
    if (queue.dropNewest() === undefined) return;
    queue.counts.dropped++;
  }
}
