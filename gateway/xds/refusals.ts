// What Envoy refused, and why, until it takes something newer under the same name.
import type { Encoded, ResourceKind } from './messages.ts';

export interface ResourceRejection {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly version: string;
  /** Envoy's own words. */
  readonly reason: string;
}

export class Refusals {
  readonly #byName = new Map<string, ResourceRejection>();
  readonly #onRefused: (refusal: ResourceRejection) => void;

  constructor(onRefused: (refusal: ResourceRejection) => void) {
    this.#onRefused = onRefused;
  }

  list(): readonly ResourceRejection[] {
    return [...this.#byName.values()];
  }

  has(kind: ResourceKind, name: string, encoded: Encoded): boolean {
    return this.#byName.get(`${kind} ${name}`)?.version === encoded.version;
  }

  add(kind: ResourceKind, name: string, encoded: Encoded, reason: string): void {
    const refusal = { kind, name, version: encoded.version, reason };
    this.#byName.set(`${kind} ${name}`, refusal);
    this.#onRefused(refusal);
  }

  forget(kind: ResourceKind, name: string): void {
    this.#byName.delete(`${kind} ${name}`);
  }

  /** Of resources that are no longer desired nothing is remembered. */
  keepOnly(isDesired: (refusal: ResourceRejection) => boolean): void {
    for (const [key, refusal] of this.#byName) if (!isDesired(refusal)) this.#byName.delete(key);
  }
}
