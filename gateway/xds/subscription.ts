// One kind of resource on one stream: what Envoy asked for, what it has, and the response that it has not answered yet.
import {
  type DeltaRequest,
  type DeltaResponse,
  type Encoded,
  type ResourceKind,
  urlOf,
} from './messages.ts';

export type Reply =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Update {
  readonly name: string;
  readonly encoded: Encoded;
}

export class Subscription {
  readonly kind: ResourceKind;
  /** Versions by name, as far as is known: what Envoy said it has, and what it took since. */
  readonly has = new Map<string, string>();
  readonly wanted = new Set<string>();
  /** Envoy asked at all. */
  isOpen = false;
  /** Envoy waits for a response, be it an empty one. */
  isOwed = false;
  #pending: { readonly nonce: string; readonly settle: (reply: Reply) => void } | undefined;
  #sent = 0;
  readonly #write: (response: DeltaResponse) => void;

  constructor(kind: ResourceKind, write: (response: DeltaResponse) => void) {
    this.kind = kind;
    this.#write = write;
  }

  take(request: DeltaRequest): void {
    if (!this.isOpen) {
      this.isOpen = true;
      const versions = Object.entries(request.initial_resource_versions ?? {});
      for (const [name, version] of versions) {
        this.has.set(name, version);
        if (name !== '*') this.wanted.add(name);
      }
      this.isOwed = versions.length === 0;
    }
    for (const name of request.resource_names_subscribe ?? []) {
      // Asked for again means not at hand, but in the request that says what is.
      if (request.initial_resource_versions?.[name] === undefined) this.has.delete(name);
      this.wanted.add(name);
    }
    for (const name of request.resource_names_unsubscribe ?? []) {
      this.wanted.delete(name);
      this.has.delete(name);
    }
    const nonce = request.response_nonce ?? '';
    if (nonce === '' || this.#pending?.nonce !== nonce) return;
    const { settle } = this.#pending;
    this.#pending = undefined;
    const refusal = request.error_detail;
    settle(
      refusal === undefined
        ? { kind: 'taken' }
        : { kind: 'refused', reason: refusal.message ?? 'no reason given' },
    );
  }

  /** Sends one response and waits for Envoy's response; never settles when the stream ends before. */
  send(updates: readonly Update[], removed: readonly string[]): Promise<Reply> {
    this.#sent += 1;
    const nonce = `${this.kind}-${this.#sent}`;
    this.isOwed = false;
    const answered = new Promise<Reply>((resolve) => {
      this.#pending = { nonce, settle: resolve };
    });
    this.#write({
      type_url: urlOf(this.kind),
      nonce,
      resources: updates.map(({ name, encoded }) => ({
        name,
        version: encoded.version,
        resource: { type_url: urlOf(this.kind), value: encoded.bytes },
      })),
      removed_resources: removed,
    });
    return answered.then((reply) => {
      if (reply.kind === 'taken') {
        for (const { name, encoded } of updates) this.has.set(name, encoded.version);
        for (const name of removed) this.has.delete(name);
      }
      return reply;
    });
  }
}
