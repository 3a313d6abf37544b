// Time that passes only when a test says so: timers and Date of the test are Node's mocks, sockets and threads are not. In: a
// test's context; out: a clock that moves on in small steps and lets everything that is due happen at each.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

const STEP_MS = 50;
/** Turns of the event loop in which what a timer began comes to rest. */
const TURNS = 4;
/** Of real time: what takes longer hangs. */
const MAX_WAIT_MS = 10_000;

export class FakeClock {
  readonly #context: TestContext;

  constructor(context: TestContext, now = Date.UTC(2026, 0, 1)) {
    this.#context = context;
    context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now });
  }

  /** Epoch milliseconds. */
  readonly now = (): number => Date.now();

  /** Lets time pass; in larger steps where hours are to pass. */
  async pass(ms: number, stepMs = STEP_MS): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.#context.mock.timers.tick(Math.min(stepMs, left));
      await settle();
    }
  }

  /**
   * Waits for work that takes real time, threads for instance. The clock stands still meanwhile, or passes that much each time it
   * is looked.
   */
  async until(isThere: () => boolean, what: string, passMs = 0): Promise<void> {
    const beganAt = performance.now();
    while (!isThere()) {
      assert.ok(performance.now() - beganAt < MAX_WAIT_MS, `${what}: not there`);
      await this.pass(passMs);
    }
  }
}

/** Until nothing is left to do but to wait. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise(setImmediate);
}
