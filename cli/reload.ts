// `--watch`: each new text of the file goes the same way as the first one did. A bad text is told and changes nothing;
// a good one is taken over without dropping a request. One text is worked on at a time, the newest waits.
import type { Fleet } from './units/fleet.ts';
import { CommandFailure, textOf } from './failure.ts';
import type { Log } from './log.ts';
import { type PrepareContext, type Prepared, prepare } from './prepare.ts';
import type { DataPlane } from './serve/data-plane.ts';
import { findTaken } from './units/ports.ts';

export interface ReloadParts {
  readonly source: string;
  readonly context: PrepareContext;
  readonly dataPlane: DataPlane;
  readonly fleet: Fleet;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class Reloader {
  readonly #parts: ReloadParts;
  #serving: Prepared;
  #next: string | null = null;
  #busy = false;

  constructor(parts: ReloadParts, serving: Prepared) {
    this.#parts = parts;
    this.#serving = serving;
  }

  /** Hands in a new text. Failures are logged, never thrown. */
  offer(text: string): void {
    this.#next = text;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next !== null && !this.#parts.signal.aborted) {
      const text = this.#next;
      this.#next = null;
      try {
        await this.#take(text);
      } catch (thrown) {
        if (this.#parts.signal.aborted) break;
        const advice =
          thrown instanceof CommandFailure ? `\n  → ${thrown.advice} [${thrown.code}]` : '';
        this.#parts.log.error(
          `the change is not taken over, the old plan serves on: ${textOf(thrown)}${advice}`,
        );
      }
    }
    this.#busy = false;
  }

  async #take(text: string): Promise<void> {
    const { source, context, dataPlane, fleet, log, signal } = this.#parts;
    const next = await prepare(text, source, context, fleet.addresses());
    const fresh = fleet.listNew(next.units);
    const plansDiffer = hashesOf(next) !== hashesOf(this.#serving);
    if (fresh.length === 0 && !plansDiffer) {
      log.info('the file has changed, its meaning has not');
      return;
    }
    const held = new Set(
      [...fleet.addresses().values()].flatMap(({ httpPort, grpcPort }) => [httpPort, grpcPort]),
    );
    const freshPorts = new Set(
      fresh.flatMap(({ address }) => [address.httpPort, address.grpcPort]),
    );
    const taken = await findTaken(
      next.claims.filter((claim) => freshPorts.has(claim.port) && !held.has(claim.port)),
    );
    if (taken !== null) throw taken;
    for (const unit of fresh) log.info(`unit ${unit.name} is new or has changed and is started`);
    const retire = await fleet.start(next.units, signal);
    if (plansDiffer) {
      const { retired } = await dataPlane.swap(next.plan);
      log.info(`the change is live: ${describe(next)}`);
      // The last plan's requests may ask the units that it knew until their deadline.
      void retired.then(retire);
    } else {
      await retire();
      log.info('the change is live');
    }
    this.#serving = next;
  }
}

/** Everything of a plan that Envoy or the filter see. */
function hashesOf(prepared: Prepared): string {
  return JSON.stringify(
    prepared.plan.predictors.map(({ plan, traffic, shadow }) => [plan.hash, traffic, shadow]),
  );
}

function describe(prepared: Prepared): string {
  return prepared.plan.predictors
    .map(
      ({ plan, traffic, shadow }) =>
        `${plan.predictor} ${plan.hash} (${shadow ? 'shadow ' : ''}${traffic} %)`,
    )
    .join(', ');
}
