// What the agent knows about itself, as the status port tells it. Written by the follower and the drain, read by the server.
import type { PodFacts } from './options.ts';

export interface PlanRejection {
  readonly code: string;
  readonly reason: string;
  readonly since: string;
}

export interface SidecarStatus {
  readonly state: 'starting' | 'serving' | 'draining';
  /** Plan that is served, null before the first. */
  readonly hash: string | null;
  /** Since when, in RFC 3339. */
  readonly since: string | null;
  readonly revision: string | null;
  /** Why the mounted plan is not the one that is served; null when it is. */
  readonly refused: PlanRejection | null;
  readonly swaps: { readonly live: number; readonly refused: number };
  /** From the notice of the last change to its being live, ms. */
  readonly lastSwapMs: number | null;
  readonly pids: { readonly agent: number; readonly filters: readonly (number | null)[] };
  readonly filterRestarts: number;
  readonly pod: PodFacts;
}

/** What the data plane tells; nothing before it was made. */
export interface Processes {
  readonly pids: { readonly filters: readonly (number | undefined)[] };
  readonly restarts: number;
  /** Why requests would fail though Envoy answers; undefined where they would not. */
  readonly fault: string | undefined;
  /** Whether Envoy can be started. */
  readonly hasFiles: boolean;
}

export class SidecarState {
  readonly #pod: PodFacts;
  readonly #processes: Processes;
  readonly #now: () => Date;
  #live: { readonly hash: string; readonly since: string } | undefined;
  #revision: string | undefined;
  #refused: PlanRejection | undefined;
  #liveCount = 0;
  #refusedCount = 0;
  #lastSwapMs: number | undefined;
  #draining = false;

  constructor(
    pod: PodFacts,
    revision: string | undefined,
    processes: Processes,
    now: () => Date = () => new Date(),
  ) {
    this.#pod = pod;
    this.#revision = revision;
    this.#processes = processes;
    this.#now = now;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Envoy's container can be started: its files are there. The filter may still be starting. */
  get hasFiles(): boolean {
    return this.#processes.hasFiles;
  }

  /** Why requests would fail though Envoy answers; undefined where they would not. */
  get fault(): string | undefined {
    return this.#processes.fault;
  }

  get hash(): string | undefined {
    return this.#live?.hash;
  }

  noteLive(hash: string, revision: string | undefined, tookMs: number): void {
    this.#live = { hash, since: this.#now().toISOString() };
    this.#revision = revision ?? this.#revision;
    this.#refused = undefined;
    this.#liveCount++;
    this.#lastSwapMs = Math.round(tookMs);
  }

  noteRefused(code: string, reason: string): void {
    this.#refused = { code, reason, since: this.#now().toISOString() };
    this.#refusedCount++;
  }

  /** The mounted plan is the one that is served. */
  noteSame(): void {
    this.#refused = undefined;
  }

  noteDraining(): void {
    this.#draining = true;
  }

  status(): SidecarStatus {
    const { pids, restarts } = this.#processes;
    return {
      state: this.#draining ? 'draining' : this.#live === undefined ? 'starting' : 'serving',
      hash: this.#live?.hash ?? null,
      since: this.#live?.since ?? null,
      revision: this.#revision ?? null,
      refused: this.#refused ?? null,
      swaps: { live: this.#liveCount, refused: this.#refusedCount },
      lastSwapMs: this.#lastSwapMs ?? null,
      pids: { agent: process.pid, filters: pids.filters.map((pid) => pid ?? null) },
      filterRestarts: restarts,
      pod: this.#pod,
    };
  }
}
