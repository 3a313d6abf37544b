// `--watch`: each new text of the file goes the same way as the first one did. A bad text is told and changes nothing;
// a good one is taken over without dropping a request. What failed for a
// reason outside the text (a full disk, a port in use, a unit that does not start) is tried again by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../../units/fleet.ts';
import { CommandFailure, type FailureCode } from '../../../lib/runtime/failure.ts';
import { describeThrown } from '../../../lib/runtime/thrown.ts';
import { LatestOnly } from '../../../lib/runtime/latest-only.ts';
import type { TextLog } from '../../../sidecar/supervisor/log.ts';
import { type PrepareContext, type Prepared, prepare } from './prepare.ts';
import type { DataPlane } from '../../../sidecar/supervisor/data-plane.ts';
import type { SwapRoom } from '../../../sidecar/supervisor/swap-room.ts';
import { findTaken } from '../../units/ports.ts';

export interface ReloadParts {
  readonly source: string;
  readonly context: PrepareContext;
  readonly dataPlane: DataPlane;
  readonly fleet: Fleet;
  readonly log: TextLog;
  readonly signal: AbortSignal;
  readonly room: SwapRoom;
}

/** Failures that the same text would have again. */
const OF_THE_TEXT: readonly FailureCode[] = [
  'FINDINGS',
  'ADDRESS_MISSING',
  'DEPLOYMENT_AMBIGUOUS',
  'DEPLOYMENT_UNKNOWN',
  'PREDICTOR_UNKNOWN',
  'IMAGE_WITHOUT_COMMAND',
  'SERVER_MISSING',
  'MODEL_MISSING',
  'UNIT_UNKNOWN',
  'VALUE_MISSING',
  'PORT_CLASH',
];
const ROOM_LOOK_MS = 200;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;

export class Reloader {
  readonly #parts: ReloadParts;
  #serving: Prepared;
  readonly #latest: LatestOnly<string>;
  /** The last text, when it was not taken over. */
  #failed: string | undefined;
  #attempts = 0;
  /** Whether it has been told that edits wait for room. */
  #isHeld = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ReloadParts, serving: Prepared) {
    this.#parts = parts;
    this.#serving = serving;
    this.#latest = new LatestOnly((text) => this.#work(text), parts.signal);
  }

  /** Hands in a new text. Failures are logged, never thrown. */
  offer(text: string): void {
    this.#attempts = 0;
    this.#start(text);
  }

  /** The last text once more, if it was not taken over. */
  tryAgain(): void {
    if (this.#failed !== undefined && !this.#latest.isBusy) this.#start(this.#failed);
  }

  #start(text: string): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#failed = undefined;
    this.#latest.offer(text);
  }

  async #work(text: string): Promise<void> {
    const { log, signal } = this.#parts;
    try {
      if (await this.#waitForRoom()) await this.#take(text);
    } catch (thrown) {
      if (signal.aborted) return;
      const advice =
        thrown instanceof CommandFailure ? `\n  → ${thrown.advice} [${thrown.code}]` : '';
      const again = this.#latest.hasNewer ? '' : this.#tryLater(text, thrown);
      log.error(
        `the change is not taken over, the old plan serves on${again}: ${describeThrown(thrown)}${advice}`,
      );
    }
  }

  /** False when a newer text came while it waited. */
  async #waitForRoom(): Promise<boolean> {
    const { room, log, signal } = this.#parts;
    const delayMs = room.delayMs(performance.now());
    if (delayMs === 0) {
      this.#isHeld = false;
      return true;
    }
    if (!this.#isHeld)
      log.warn(
        `edits come faster than Envoy can let go of what they replace (${room.max} within its drain): the last one is taken over in ${Math.ceil(delayMs / 1000)} s`,
      );
    this.#isHeld = true;
    const end = performance.now() + delayMs;
    while (!this.#latest.hasNewer && performance.now() < end)
      await sleep(ROOM_LOOK_MS, undefined, { signal });
    return !this.#latest.hasNewer;
  }

  /** Sets the next attempt, and says when; a text that is wrong in itself waits for another one. */
  #tryLater(text: string, thrown: unknown): string {
    this.#failed = text;
    if (thrown instanceof CommandFailure && OF_THE_TEXT.includes(thrown.code)) return '';
    const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.tryAgain(), delayMs);
    this.#timer.unref();
    return ` (tried again in ${delayMs / 1000} s)`;
  }

  async #take(text: string): Promise<void> {
    const { source, context, dataPlane, fleet, log, signal } = this.#parts;
    const next = await prepare(text, source, context, fleet.ports());
    const fresh = fleet.listNew(next.units);
    const plansDiffer = hashesOf(next) !== hashesOf(this.#serving);
    if (fresh.length === 0 && !plansDiffer) {
      log.info('the file has changed, its meaning has not');
      return;
    }
    const held = new Set([...fleet.ports().values()].flatMap(({ http, grpc }) => [http, grpc]));
    const freshPorts = new Set(
      fresh.flatMap(({ address }) => [address.httpPort, address.grpcPort]),
    );
    const taken = await findTaken(
      next.claims.filter((claim) => freshPorts.has(claim.port) && !held.has(claim.port)),
    );
    if (taken !== undefined) throw taken;
    for (const unit of fresh) log.info(`unit ${unit.name} is new or has changed and is started`);
    const retire = await fleet.start(next.units, signal);
    if (plansDiffer) {
      this.#parts.room.note(performance.now());
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
    prepared.plan.predictors.map(({ plan, traffic, shadow, explainer }) => [
      plan.hash,
      traffic,
      shadow,
      explainer,
    ]),
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
