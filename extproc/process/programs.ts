// The programs that this process can run, by the hash of their plans. Several plans live at once: Envoy re-matches a
// request in the route table that its stream began with, so an old plan's program stays until it was dropped and its
// last stream has ended.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { ROUTE_KINDS, routeName } from '../../graph/plan/names.ts';
import { type DeploymentPlan, PLAN_VERSION, type Plan } from '../../graph/plan/plan.ts';
import type { BoundRoute, Program, Route, Router } from '../contract/program.ts';

export interface ProgramTableOptions {
  /** Throws when the plan cannot be run. */
  readonly compile: (plan: Plan) => Program;
}

export type ProgramLoad =
  | { readonly kind: 'loaded'; readonly hashes: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

interface Entry {
  readonly program: Program;
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
  load(deployment: DeploymentPlan): ProgramLoad {
    const added = new Map<string, Program>();
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
      return { kind: 'refused', reason: describeThrown(error) };
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

  #add(hash: string, program: Program): void {
    const entry: Entry = { program, streams: 0, dropped: false };
    this.#entries.set(hash, entry);
    for (const kind of ROUTE_KINDS) {
      const route = program.route(kind);
      this.#routes.set(routeName(hash, kind), { entry, route: this.#bind(entry, route) });
    }
  }

  /** One object for all streams of a route, made here so that opening a stream makes none. */
  #bind(entry: Entry, inner: Route): BoundRoute {
    return {
      grpc: inner.grpc,
      maxBodyBytes: inner.maxBodyBytes,
      dialect: inner.dialect,
      handle: (exchange) => inner.handle(exchange),
      release: () => {
        entry.streams--;
        this.#streams--;
        this.#closeIfUnused(entry);
      },
    };
  }

  #closeIfUnused(entry: Entry): void {
    if (entry.dropped && entry.streams === 0) entry.program.close();
  }
}
