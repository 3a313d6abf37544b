// The programs that this process can run, by the hash of their plans. Several plans live at once: Envoy re-matches a
// request in the route table that its stream began with, so an old plan's program stays until it was dropped and its
// last stream has ended.
import { ROUTE_KINDS, routeName } from '../../graph/plan/names.ts';
import {
  type DeploymentPlan,
  PLAN_VERSION,
  type Plan,
  type RouteKind,
} from '../../graph/plan/plan.ts';
import type { BoundRoute, Exchange, Router } from '../contract/exchange.ts';
import type { Log } from '../../lib/runtime/log.ts';

/** A plan made runnable. */
export interface RunnableProgram {
  readonly hash: string;
  /** undefined for a kind of request that Envoy serves alone. */
  route(kind: RouteKind): BoundRoute | undefined;
  /** Called once, when no stream uses the program any more. */
  close(): void;
}

export interface ProgramTableOptions {
  /** Throws when the plan cannot be run. */
  readonly compile: (plan: Plan) => RunnableProgram;
  readonly log: Log;
}

export type LoadResult =
  | { readonly kind: 'loaded'; readonly hashes: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

interface Entry {
  readonly program: RunnableProgram;
  streams: number;
  dropped: boolean;
}

interface CountedRoute {
  readonly entry: Entry;
  readonly route: BoundRoute;
}

export class ProgramTable implements Router {
  readonly #options: ProgramTableOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #routes = new Map<string, CountedRoute>();
  #streams = 0;

  constructor(options: ProgramTableOptions) {
    this.#options = options;
  }

  /** Streams open now, over all programs. */
  get streams(): number {
    return this.#streams;
  }

  /** Adds the programs of a deployment, all of them or none. A plan that is already here keeps its program. */
  load(deployment: DeploymentPlan): LoadResult {
    const added = new Map<string, RunnableProgram>();
    try {
      if (deployment.predictors.length === 0) throw new Error('a deployment has no predictor');
      for (const { plan } of deployment.predictors) {
        if (plan.version !== PLAN_VERSION) {
          throw new Error(`plan ${plan.hash} has version ${plan.version}, not ${PLAN_VERSION}`);
        }
        if (!this.#entries.has(plan.hash) && !added.has(plan.hash)) {
          added.set(plan.hash, this.#options.compile(plan));
        }
      }
    } catch (error) {
      for (const program of added.values()) program.close();
      return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) };
    }
    for (const [hash, program] of added) this.#add(hash, program);
    return { kind: 'loaded', hashes: deployment.predictors.map(({ plan }) => plan.hash) };
  }

  /** Forgets plans: their names are unknown from now on, what is in flight ends as it began. */
  drop(hashes: readonly string[]): void {
    for (const hash of hashes) {
      const entry = this.#entries.get(hash);
      if (entry === undefined) continue;
      this.#entries.delete(hash);
      for (const kind of ROUTE_KINDS) this.#routes.delete(routeName(hash, kind));
      entry.dropped = true;
      this.#closeIfUnused(entry);
    }
  }

  open(name: string): BoundRoute | undefined {
    const counted = this.#routes.get(name);
    if (counted === undefined) return undefined;
    counted.entry.streams++;
    this.#streams++;
    return counted.route;
  }

  #add(hash: string, program: RunnableProgram): void {
    const entry: Entry = { program, streams: 0, dropped: false };
    this.#entries.set(hash, entry);
    for (const kind of ROUTE_KINDS) {
      const route = program.route(kind);
      if (route === undefined) continue;
      this.#routes.set(routeName(hash, kind), { entry, route: this.#bind(entry, route) });
    }
  }

  /** One object for all streams of a route, made here so that opening a stream makes none. */
  #bind(entry: Entry, inner: BoundRoute): BoundRoute {
    return {
      grpc: inner.grpc,
      maxBodyBytes: inner.maxBodyBytes,
      handle: (exchange) => this.#handle(inner, exchange),
      release: () => {
        entry.streams--;
        this.#streams--;
        inner.release();
        this.#closeIfUnused(entry);
      },
    };
  }

  #handle(inner: BoundRoute, exchange: Exchange): void {
    try {
      inner.handle(exchange);
    } catch (error) {
      this.#options.log.error({ code: 'INTERNAL', err: error }, 'the walk failed');
      exchange.reply({ kind: 'error', code: 'INTERNAL', info: 'the walk failed', routing: '' });
    }
  }

  #closeIfUnused(entry: Entry): void {
    if (entry.dropped && entry.streams === 0) entry.program.close();
  }
}
