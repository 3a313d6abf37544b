// One Envoy on the stream: brings it, step by step, from what it has to what is desired. The order is what keeps requests
// whole: clusters and their pods, then the routes to them; pods that leave a cluster empty after the routes that left
// it; a cluster last of all, when the longest request that may use it is over.
import type { Desired } from './desired.ts';
import type { DeltaRequest, DeltaResponse } from './messages.ts';
import { resourceKindOf } from './messages.ts';
import type { DeploymentPart } from '../config/deployment-part.ts';
import { ROUTE_TABLE } from '../config/route-table.ts';
import { findRefused } from './find-refused.ts';
import { Refusals } from './refusals.ts';
import { Subscription, type Update } from './subscription.ts';

/** Removals that fall due close together go together. */
const REMOVAL_STEP_MS = 200;

export interface SessionOptions {
  readonly write: (response: DeltaResponse) => void;
  readonly desired: () => Desired | undefined;
  readonly refusals: Refusals;
  /** What some Envoy took, to begin with where this one has not taken a table yet. */
  readonly taken: () => ReadonlyMap<string, DeploymentPart>;
  /** Envoy refused the table of these desired resources for these deployments, by `namespace/name`, and runs the others. */
  readonly onLeftOut: (desired: Desired, refused: ReadonlyMap<string, string>) => void;
  /** Routes of these desired resources are what Envoy runs. */
  readonly onLive: (desired: Desired) => void;
  /** How long a cluster stays that this process has not seen in any snapshot, ms. */
  readonly unknownHoldMs: number;
  readonly now: () => number;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #clusters: Subscription;
  readonly #endpoints: Subscription;
  readonly #routes: Subscription;
  /** When a cluster that no snapshot has any more goes, by name. */
  readonly #leaving = new Map<string, number>();
  readonly #holdMs = new Map<string, number>();
  #wake = Promise.withResolvers<void>();
  #isClosed = false;
  #live: Desired | undefined;
  /** What the table is made of that this Envoy runs. */
  #taken: ReadonlyMap<string, DeploymentPart> | undefined;
  /** What was searched last for what is refused. */
  #searched: ReadonlyMap<string, DeploymentPart> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#clusters = new Subscription('clusters', options.write);
    this.#endpoints = new Subscription('endpoints', options.write);
    this.#routes = new Subscription('routes', options.write);
  }

  /** Clusters that stay only for requests under way. */
  get leaving(): readonly string[] {
    return [...this.#leaving.keys()];
  }

  take(request: DeltaRequest): void {
    const kind = resourceKindOf(request.type_url);
    if (kind === undefined) return;
    const all = { clusters: this.#clusters, endpoints: this.#endpoints, routes: this.#routes };
    all[kind].take(request);
    this.wake();
  }

  wake(): void {
    this.#wake.resolve();
  }

  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Until the stream ends. A send that the stream's end cuts off leaves the loop for good. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      this.#wake = Promise.withResolvers<void>();
      const desired = this.#options.desired();
      if (desired !== undefined && this.#clusters.isOpen) await this.#bring(desired);
      if (desired === this.#options.desired()) await this.#rest();
    }
  }

  async #bring(desired: Desired): Promise<void> {
    await this.#sendClusters(desired);
    await this.#sendEndpoints(desired, 'filled');
    if (!this.#routes.isOpen) return;
    const isLive = await this.#sendRoutes(desired);
    await this.#sendEndpoints(desired, 'all');
    if (!isLive) return;
    if (this.#live !== desired) this.#options.onLive(desired);
    this.#live = desired;
    await this.#removeClusters(desired);
  }

  /** Envoy answers only when the new clusters have their endpoints: those go out meanwhile, as it asks for them. */
  async #sendClusters(desired: Desired): Promise<void> {
    const updates: Update[] = [];
    for (const [name, { cluster, holdMs }] of desired.clusters) {
      this.#holdMs.set(name, holdMs);
      this.#leaving.delete(name);
      if (this.#clusters.has.get(name) === cluster.version) continue;
      updates.push({ name, encoded: cluster });
      // A cluster that is made anew warms until it is given its endpoints again.
      this.#endpoints.has.delete(name);
    }
    let isAnswered = false;
    const sent = this.#send(this.#clusters, updates).then(() => {
      isAnswered = true;
    });
    for (;;) {
      await this.#sendEndpoints(desired, 'filled');
      if (isAnswered || this.#isClosed) break;
      await Promise.race([this.#wake.promise, sent]);
      this.#wake = Promise.withResolvers<void>();
    }
  }

  async #sendEndpoints(desired: Desired, which: 'filled' | 'all'): Promise<void> {
    if (!this.#endpoints.isOpen) return;
    const updates: Update[] = [];
    for (const name of this.#endpoints.wanted) {
      const wanted = desired.clusters.get(name);
      if (wanted === undefined) continue;
      const has = this.#endpoints.has.get(name);
      if (has === wanted.endpoints.version) continue;
      if (which === 'filled' && wanted.isEmpty && has !== undefined) continue;
      updates.push({ name, encoded: wanted.endpoints });
    }
    await this.#send(this.#endpoints, updates);
  }

  async #sendRoutes(desired: Desired): Promise<boolean> {
    const { refusals } = this.#options;
    const { routes } = desired;
    if (this.#routes.has.get(ROUTE_TABLE) !== routes.version) {
      await this.#send(this.#routes, [{ name: ROUTE_TABLE, encoded: routes }]);
      if (refusals.has('routes', ROUTE_TABLE, routes) && desired.parts !== this.#searched)
        await this.#leaveOut(desired);
    }
    const isLive = this.#routes.has.get(ROUTE_TABLE) === routes.version;
    if (isLive) this.#taken = desired.parts;
    return isLive;
  }

  /** Which deployments it is, and the table of all others meanwhile. */
  async #leaveOut(desired: Desired): Promise<void> {
    this.#searched = desired.parts;
    const { refused, taken } = await findRefused({
      wanted: desired.parts,
      taken: this.#taken ?? this.#options.taken(),
      isTakenLive: this.#taken !== undefined,
      send: async (parts) => {
        const encoded = desired.routesOf(parts);
        const reply = await this.#routes.send([{ name: ROUTE_TABLE, encoded }], []);
        return reply.kind === 'taken' ? undefined : reply.reason;
      },
    });
    this.#taken = taken;
    if (refused.size > 0) this.#options.onLeftOut(desired, refused);
    else this.#options.refusals.forget('routes', ROUTE_TABLE);
  }

  async #removeClusters(desired: Desired): Promise<void> {
    const nowMs = this.#options.now();
    const due: string[] = [];
    for (const name of this.#clusters.has.keys()) {
      if (desired.clusters.has(name)) continue;
      const untilMs = this.#leaving.get(name);
      if (untilMs === undefined)
        this.#leaving.set(name, nowMs + (this.#holdMs.get(name) ?? this.#options.unknownHoldMs));
      else if (untilMs <= nowMs + REMOVAL_STEP_MS) due.push(name);
    }
    if (due.length === 0) return;
    const reply = await this.#clusters.send([], due);
    if (reply.kind === 'refused') return;
    for (const name of due) {
      this.#leaving.delete(name);
      this.#holdMs.delete(name);
    }
    // What waits for it to be gone is told.
    this.#options.onLive(desired);
  }

  /**
   * Sends updates. Of a response that Envoy refuses the halves are sent on their own, so that one bad resource keeps no
   * other back; a resource that was refused is not sent again until it changes.
   */
  async #send(subscription: Subscription, updates: readonly Update[]): Promise<void> {
    const { refusals } = this.#options;
    const { kind } = subscription;
    const open = updates.filter(({ name, encoded }) => !refusals.has(kind, name, encoded));
    if (open.length === 0 && !subscription.isOwed) return;
    const reply = await subscription.send(open, []);
    if (reply.kind === 'taken') {
      for (const { name } of open) refusals.forget(kind, name);
      return;
    }
    const [first, ...others] = open;
    if (first === undefined) return;
    if (others.length === 0) {
      refusals.add(kind, first.name, first.encoded, reply.reason);
      return;
    }
    const half = Math.ceil(open.length / 2);
    await this.#send(subscription, open.slice(0, half));
    await this.#send(subscription, open.slice(half));
  }

  /** Until something happens, or the next cluster may go. */
  async #rest(): Promise<void> {
    const next = Math.min(...this.#leaving.values());
    if (next === Number.POSITIVE_INFINITY) await this.#wake.promise;
    else await this.#sleep(Math.max(next - this.#options.now(), 0));
  }

  async #sleep(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, Math.min(ms, 2 ** 31 - 1));
    await Promise.race([this.#wake.promise, over.promise]);
    clearTimeout(timer);
  }
}
