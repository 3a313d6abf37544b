// Asks pods which plan they serve, beside the work of the queue: a pod takes a moment to load a plan, and no worker waits for it.
// What was answered is kept until the pod is gone.
import { get } from '../../lib/runtime/node-http.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { sleep } from '../../lib/kube/backoff.ts';
import { PORTS, STATUS_PATHS } from '../../cluster/names.ts';
import type { LivePlan, PlanQuestion } from './contract.ts';

/** Pods asked at a time. */
const MAX_ASKING = 64;
const TIMEOUT_MS = 1000;
/** A changed map is in the pod after 0.1 to 1 s: asked that often, that long. */
const POLL_MS = 100;
const GIVE_UP_MS = 2000;
const MAX_RESPONSE_CHARS = 4096;

export type AskPod = (address: string, signal: AbortSignal) => Promise<string | undefined>;

export interface PlanBookOptions {
  readonly ask?: AskPod;
  /** There is news about pods of this deployment. */
  readonly onNews: (key: string) => void;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export class PlanBook {
  readonly #options: PlanBookOptions;
  readonly #plans = new Map<string, LivePlan>();
  readonly #asking = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: PlanBookOptions) {
    this.#options = options;
  }

  get plans(): ReadonlyMap<string, LivePlan> {
    return this.#plans;
  }

  forget(uid: string): void {
    this.#plans.delete(uid);
  }

  /** Begins to ask, where this is not being asked already. */
  ask(key: string, questions: readonly PlanQuestion[], signal: AbortSignal): void {
    for (const question of questions) {
      const id = `${question.uid}/${question.expected}`;
      if (this.#asking.has(id)) continue;
      this.#asking.add(id);
      this.#askOne(question, signal)
        .then((plan) => {
          this.#asking.delete(id);
          if (signal.aborted) return;
          this.#plans.set(question.uid, plan);
          this.#options.onNews(key);
        })
        .catch((error: unknown) => {
          this.#asking.delete(id);
          this.#options.log.error({ key, error: String(error) }, 'asking a pod failed');
        });
    }
  }

  async #askOne({ address, expected }: PlanQuestion, signal: AbortSignal): Promise<LivePlan> {
    const { ask = askPod, now } = this.#options;
    await this.#enter();
    try {
      const until = now() + GIVE_UP_MS;
      for (;;) {
        const hash = await ask(address, signal);
        if (hash === expected || signal.aborted || now() >= until)
          return { hash, askedAtMs: now() };
        await sleep(POLL_MS, signal);
      }
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= MAX_ASKING)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

/**
 * The hash of the plan that a pod serves; undefined where it cannot be asked. Each on a connection of its own that ends with it: `fetch`
 * keeps one, and a pool, for every address that it ever asked, some 70 kB a pod.
 */
async function askPod(address: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const body = await readBody(
      address,
      AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    );
    const { hash } = JSON.parse(body) as { hash?: unknown };
    return typeof hash === 'string' && /^[0-9a-f]{16}$/.test(hash) ? hash : undefined;
  } catch {
    return undefined;
  }
}

function readBody(address: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = { host: address, port: PORTS.status, path: STATUS_PATHS.plan };
    const request = get({ ...where, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('end', () => resolve(body));
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MAX_RESPONSE_CHARS)
          request.destroy(new Error('the response is too long'));
      });
    });
    request.on('error', reject);
  });
}
