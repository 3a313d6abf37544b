// The bytes of all reviews that are being sent and judged, within one bound. Where a new one finds no room, the one that has been
// sending longest gives way: a caller that sends slowly must not keep out the API server.
import type { IncomingMessage } from 'node:http';

export interface BodyBounds {
  readonly maxBytes: number;
  /** Of all bodies together, until their reviews are answered. */
  readonly maxHeldBytes: number;
}

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly release: () => void }
  | { readonly kind: 'too-long' }
  /** There is no room, and nobody else to give way. */
  | { readonly kind: 'no-room' };

interface Holder {
  readonly request: IncomingMessage;
  bytes: number;
  isSending: boolean;
}

export class Bodies {
  readonly #bounds: BodyBounds;
  /** Oldest first. */
  readonly #holders = new Set<Holder>();
  #held = 0;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  /** Rejects where the caller goes away, or has to give way. Of a body that is too long the rest is not read. */
  async read(request: IncomingMessage): Promise<Body> {
    const { maxBytes } = this.#bounds;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { kind: 'too-long' };
    const holder: Holder = { request, bytes: 0, isSending: true };
    this.#holders.add(holder);
    const chunks: Buffer[] = [];
    let outcome: Body['kind'] | undefined;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const bytes = chunk as Buffer;
        if (holder.bytes + bytes.length > maxBytes) return { kind: 'too-long' };
        if (!this.#take(holder, bytes.length)) return { kind: 'no-room' };
        chunks.push(bytes);
      }
      holder.isSending = false;
      outcome = 'whole';
      const whole = Buffer.concat(chunks, holder.bytes);
      return { kind: 'whole', bytes: whole, release: () => this.#release(holder) };
    } finally {
      if (outcome !== 'whole') this.#release(holder);
    }
  }

  #take(holder: Holder, bytes: number): boolean {
    while (this.#held + bytes > this.#bounds.maxHeldBytes) {
      const slowest = [...this.#holders].find((each) => each !== holder && each.isSending);
      if (slowest === undefined) return false;
      slowest.request.destroy();
      this.#release(slowest);
    }
    // It may have had to give way itself.
    if (!this.#holders.has(holder)) return false;
    holder.bytes += bytes;
    this.#held += bytes;
    return true;
  }

  #release(holder: Holder): void {
    if (!this.#holders.delete(holder)) return;
    this.#held -= holder.bytes;
  }
}
