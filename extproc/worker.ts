// The life of the filter's process: take deployments from the supervisor, serve from the first one on, swap programs
// without touching streams in flight, drain and end. Messages are handled one after the other, in the order sent.
import type { DeploymentPlan, Plan } from '../graph/plan.ts';
import { type ParentMessage, parseParentMessage, type WorkerMessage } from './ipc.ts';
import type { LiveDeployment } from './live-deployment.ts';
import type { Log } from './log.ts';
import type { ProgramTable } from './programs.ts';

export interface Closable {
  /** Stops accepting, lets what is in flight end, then resolves. */
  close(): Promise<void>;
}

export interface WorkerParts {
  readonly table: ProgramTable;
  /** Starts all that listens; called once, when the first deployment is loaded. */
  readonly listen: () => Promise<readonly Closable[]>;
  readonly send: (message: WorkerMessage) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly drainLimitMs: number;
  readonly log: Log;
}

export class Worker implements LiveDeployment {
  readonly #parts: WorkerParts;
  #deployment: DeploymentPlan | null = null;
  readonly #plans = new Map<string, Plan>();
  #servers: readonly Closable[] | null = null;
  #draining = false;
  #queue: Promise<void>;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#queue = parts.send({ type: 'ready', pid: process.pid });
  }

  current(): DeploymentPlan | null {
    return this.#deployment;
  }

  plan(hash: string | null): Plan | undefined {
    return hash === null ? this.#deployment?.predictors[0]?.plan : this.#plans.get(hash);
  }

  /** Takes a message of the parent; what is no message is logged and passed over. */
  receive(value: unknown): void {
    const message = parseParentMessage(value);
    if (message === undefined) {
      this.#parts.log.warn({ code: 'BAD_MESSAGE' }, 'passed over a message that is none of ours');
      return;
    }
    if (message.type === 'drain') this.drain();
    else this.#enqueue(() => this.#handle(message));
  }

  /** Ends the process when what is in flight has ended, or when the limit is reached. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#enqueue(() => this.#drain());
  }

  #enqueue(step: () => Promise<void>): void {
    this.#queue = this.#queue.then(step).catch((error: unknown) => {
      this.#parts.log.error({ code: 'WORKER_STEP', err: error }, 'the process cannot go on');
      this.#parts.exit(1);
    });
  }

  async #handle(message: Exclude<ParentMessage, { type: 'drain' }>): Promise<void> {
    const { table, send, log } = this.#parts;
    if (message.type === 'drop') {
      table.drop(message.hashes);
      for (const hash of message.hashes) this.#plans.delete(hash);
      log.info({ hashes: message.hashes }, 'plans dropped');
      return;
    }
    const result = table.load(message.deployment);
    if (result.kind === 'refused') {
      log.error({ code: 'PLAN_REFUSED', reason: result.reason }, 'a deployment was refused');
      await send({ type: 'refused', id: message.id, reason: result.reason });
      return;
    }
    this.#deployment = message.deployment;
    for (const { plan } of message.deployment.predictors) this.#plans.set(plan.hash, plan);
    this.#servers ??= await this.#parts.listen();
    log.info({ hashes: result.hashes }, 'plans loaded');
    await send({ type: 'loaded', id: message.id, hashes: result.hashes });
  }

  async #drain(): Promise<void> {
    const { send, exit, log, drainLimitMs, table } = this.#parts;
    log.info({ streams: table.streams }, 'draining');
    const closed = Promise.all((this.#servers ?? []).map((server) => server.close()));
    const inTime = await settledWithin(closed, drainLimitMs);
    if (!inTime) log.warn({ code: 'DRAIN_LIMIT', streams: table.streams }, 'drain limit reached');
    await send({ type: 'drained' });
    exit(inTime ? 0 : 1);
  }
}

/** True when the promise settled within the time; a rejection is passed on. */
async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), limitMs);
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
