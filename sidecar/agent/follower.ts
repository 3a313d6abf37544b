// Follows the mounted plan: each new text is checked, given to the filter and to Envoy, and reported in the status. What is rejected
// changes nothing, and of what comes while one text is worked on, only the newest counts.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { parsePlanFile, type PlanExpectation } from '../../cluster/plan-file.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { LatestOnly } from '../../lib/runtime/latest-only.ts';
import type { TextLog } from '../supervisor/log.ts';
import { waitForEnvoy } from '../supervisor/admin.ts';
import type { DataPlane } from '../supervisor/data-plane.ts';
import type { SidecarState } from './state.ts';

export interface FollowerParts {
  readonly dataPlane: DataPlane;
  readonly state: SidecarState;
  readonly expected: PlanExpectation;
  /** Where the live plan's text is kept for an agent that comes after this one. */
  readonly livePlan: string;
  readonly log: TextLog;
  readonly signal: AbortSignal;
  /** Called when there is no plan to serve and none can be: the process has to end. */
  readonly fail: (failure: unknown) => void;
}

interface Offer {
  readonly text: string;
  readonly at: number;
}

interface Live {
  readonly hash: string;
  readonly deployment: DeploymentPlan;
}

const ENVOY_LOOK_MS = 1_000;
/** A plan that Envoy did not take may have met an Envoy that was starting or starved. */
const RETRY_MS = 30_000;

export class PlanFollower {
  readonly #parts: FollowerParts;
  #live: Live | undefined;
  readonly #latest: LatestOnly<Offer>;
  #retry: NodeJS.Timeout | undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#latest = new LatestOnly((offer) => this.#work(offer), parts.signal);
    parts.signal.addEventListener('abort', () => this.#stopRetry(), { once: true });
  }

  /** The longest that a request of the live plan may take, ms; 0 before there is one. */
  get longestMs(): number {
    const plans = this.#live?.deployment.predictors ?? [];
    return Math.max(0, ...plans.map(({ plan }) => plan.policy.deadlineMs));
  }

  /** Hands in the file's text. */
  offer(text: string): void {
    this.#stopRetry();
    this.#latest.offer({ text, at: performance.now() });
  }

  async #work(offer: Offer): Promise<void> {
    const { signal, log, state, fail } = this.#parts;
    try {
      await this.#take(offer);
    } catch (thrown) {
      if (signal.aborted) return;
      const code = thrown instanceof CommandFailure ? thrown.code : 'INTERNAL';
      state.noteRefused(code, describeThrown(thrown));
      if (this.#live === undefined) {
        fail(thrown);
        return;
      }
      log.error(
        `the plan is refused, ${this.#live.hash} serves on: ${describeThrown(thrown)} [${code}]`,
      );
      this.#retryLater(offer.text);
    }
  }

  async #take({ text, at }: Offer): Promise<void> {
    const { expected, state, log } = this.#parts;
    const parsed = parsePlanFile(text, expected);
    if (parsed.kind === 'rejected') {
      state.noteRefused(parsed.code, parsed.reason);
      const serving = this.#live === undefined ? 'nothing is served yet' : 'the old one serves on';
      log.error(`the mounted plan is refused, ${serving}: ${parsed.reason} [${parsed.code}]`);
      return;
    }
    const { deployment, revision } = parsed;
    const hash = hashOf(deployment);
    if (this.#live === undefined) await this.#start(deployment);
    // Starting may have taken up what an agent before this one had made live.
    if (this.#live?.hash === hash && state.hash === hash) {
      state.noteSame();
      return;
    }
    if (this.#live?.hash !== hash) {
      if (!(await this.#waitForEnvoy())) return;
      await this.#parts.dataPlane.swap(deployment);
    }
    this.#live = { hash, deployment };
    this.#keep(text);
    const tookMs = performance.now() - at;
    state.noteLive(hash, revision, tookMs);
    log.info(`plan ${hash} is live after ${Math.round(tookMs)} ms`);
  }

  /**
   * The first plan. Where Envoy runs already, an agent was here before: its last plan is taken up as it was, so that the
   * step to this one is a swap like any other and costs no request.
   */
  async #start(first: DeploymentPlan): Promise<void> {
    const { dataPlane, signal, state, log } = this.#parts;
    const before = await this.#readLeft();
    const deployment = before ?? first;
    await dataPlane.start(deployment, signal);
    this.#live = { hash: hashOf(deployment), deployment };
    if (before === undefined) return;
    log.info(`took up plan ${this.#live.hash}, which Envoy serves`);
    state.noteLive(this.#live.hash, undefined, 0);
  }

  async #readLeft(): Promise<DeploymentPlan | undefined> {
    const { dataPlane, livePlan, expected, signal } = this.#parts;
    let text: string;
    try {
      text = readFileSync(livePlan, 'utf8');
    } catch {
      return undefined;
    }
    const parsed = parsePlanFile(text, expected);
    if (parsed.kind === 'rejected') return undefined;
    const runs = await waitForEnvoy(dataPlane.layout.adminSocket, ENVOY_LOOK_MS, signal);
    return runs ? parsed.deployment : undefined;
  }

  /** Envoy's container starts after this one, and may be starting again. False when a newer plan came meanwhile. */
  async #waitForEnvoy(): Promise<boolean> {
    const { dataPlane, signal } = this.#parts;
    while (!this.#latest.hasNewer)
      if (await waitForEnvoy(dataPlane.layout.adminSocket, ENVOY_LOOK_MS, signal)) return true;
    return false;
  }

  #keep(text: string): void {
    const { livePlan, log } = this.#parts;
    try {
      writeFileSync(`${livePlan}.new`, text, { mode: 0o600 });
      renameSync(`${livePlan}.new`, livePlan);
    } catch (thrown) {
      log.warn(`the live plan cannot be kept for the next agent: ${describeThrown(thrown)}`);
    }
  }

  #retryLater(text: string): void {
    this.#retry = setTimeout(() => this.offer(text), RETRY_MS);
  }

  #stopRetry(): void {
    if (this.#retry !== undefined) clearTimeout(this.#retry);
    this.#retry = undefined;
  }
}

function hashOf(deployment: DeploymentPlan): string {
  return deployment.predictors.map(({ plan }) => plan.hash).join('+');
}
