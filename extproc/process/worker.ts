// The life of the filter's process: take deployments from the supervisor, serve from the first one on, swap programs
// without touching streams in flight, drain and end. Messages are handled one after the other, in the order sent.
import { Socket } from 'node:net';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import { type Door, type ParentMessage, parseParentMessage, type WorkerMessage } from './ipc.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { Recalled } from '../feedback/branch-memory.ts';
import type { RecallOutcome } from '../feedback/recaller.ts';
import type { WalkRecord } from '../live/walk-record.ts';
import type { WorkerCounts } from '../metrics/worker-counts.ts';
import type { Lesson } from '../policies/state-store.ts';
import type { ProgramTable } from './programs.ts';

/** For what is sent after the last request. */
const FINISH_LIMIT_MS = 2000;

/** What the workers of a filter ask each other about requests that they remember. */
export interface Recalls {
  find(puid: string): Recalled;
  answered(id: number, outcome: RecallOutcome): void;
  /** Whether that request is remembered here. */
  release(puid: string): boolean;
  released(id: number): void;
}

export interface WorkerParts {
  readonly table: ProgramTable;
  /** Opens what serves; called once, when the first deployment is loaded. */
  readonly open: () => Readonly<Record<Door, ConnectionServer>>;
  /** Before the programs of plans are compiled. */
  readonly prepare: (plans: readonly Plan[]) => Promise<void>;
  /** After the last request: what is still to be sent, before the process ends. */
  readonly finish: () => Promise<void>;
  readonly counts: () => WorkerCounts;
  /** Before requests of a deployment come: the bounds of what is remembered of them. */
  readonly limit: (deployment: DeploymentPlan) => void;
  readonly recalls: Recalls;
  /** Takes what routers have learned in other workers. */
  readonly learn: (lessons: readonly Lesson[]) => void;
  /** Those since the last ask. */
  readonly walks: (wantsPayloads: boolean) => readonly WalkRecord[];
  readonly send: (message: WorkerMessage) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly drainLimitMs: number;
  readonly log: Log;
}

export class Worker implements LiveDeployment {
  readonly #parts: WorkerParts;
  #deployment: DeploymentPlan | undefined;
  readonly #plans = new Map<string, Plan>();
  #servers: Readonly<Record<Door, ConnectionServer>> | undefined;
  #draining = false;
  #queue: Promise<void>;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#queue = parts.send({ type: 'ready', pid: process.pid });
  }

  current(): DeploymentPlan | undefined {
    return this.#deployment;
  }

  plan(hash: string | undefined): Plan | undefined {
    return hash === undefined ? this.#deployment?.predictors[0]?.plan : this.#plans.get(hash);
  }

  /** Takes a message of the parent; what is not a message is logged and ignored. */
  receive(value: unknown, socket?: unknown): void {
    const message = parseParentMessage(value);
    if (message === undefined) {
      this.#parts.log.warn({ code: 'BAD_MESSAGE' }, 'ignored a message that is not one of ours');
      return;
    }
    if (message.type === 'drain') this.drain();
    else if (message.type === 'connection') {
      void this.#parts.send({ type: 'taken', id: message.id });
      this.#takeLater(message.to, socket);
    } else if (message.type === 'counts')
      void this.#parts.send({ type: 'counts', id: message.id, counts: this.#parts.counts() });
    else if (message.type === 'walks')
      void this.#parts.send({ type: 'walks', walks: this.#parts.walks(message.payloads) });
    else if (message.type === 'find')
      void this.#parts.send({
        type: 'found',
        id: message.id,
        recalled: this.#parts.recalls.find(message.puid),
      });
    else if (message.type === 'recalled') this.#parts.recalls.answered(message.id, message.answer);
    else if (message.type === 'release')
      void this.#parts.send({
        type: 'released',
        id: message.id,
        isHere: this.#parts.recalls.release(message.puid),
      });
    else if (message.type === 'released') this.#parts.recalls.released(message.id);
    else this.#enqueue(() => this.#handle(message));
  }

  /** Ends the process when what is in flight has ended, or when the limit is reached. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#enqueue(() => this.#drain());
  }

  /** In its turn: what was loaded before the connection came is there when it is served. */
  #takeLater(to: Door, socket: unknown): void {
    if (!(socket instanceof Socket)) return;
    // A peer that is gone before its turn is no fault.
    socket.on('error', () => {});
    this.#enqueue(() => {
      if (this.#servers === undefined || this.#draining) socket.destroy();
      else this.#servers[to].take(socket);
      return Promise.resolve();
    });
  }

  #enqueue(step: () => Promise<void>): void {
    this.#queue = this.#queue.then(step).catch((error: unknown) => {
      this.#parts.log.error({ code: 'WORKER_STEP', err: error }, 'the process cannot go on');
      this.#parts.exit(1);
    });
  }

  async #handle(
    message: Extract<ParentMessage, { type: 'load' | 'drop' | 'learned' }>,
  ): Promise<void> {
    const { table, send, log } = this.#parts;
    if (message.type === 'drop') {
      table.drop(message.hashes);
      for (const hash of message.hashes) this.#plans.delete(hash);
      log.info({ hashes: message.hashes }, 'plans dropped');
      return;
    }
    if (message.type === 'learned') {
      this.#parts.learn(message.lessons);
      return;
    }
    await this.#parts.prepare(message.deployment.predictors.map(({ plan }) => plan));
    const result = table.load(message.deployment);
    if (result.kind === 'refused') {
      log.error({ code: 'PLAN_REFUSED', reason: result.reason }, 'a deployment was refused');
      await send({ type: 'refused', id: message.id, reason: result.reason });
      return;
    }
    this.#parts.limit(message.deployment);
    this.#deployment = message.deployment;
    for (const { plan } of message.deployment.predictors) this.#plans.set(plan.hash, plan);
    this.#servers ??= this.#parts.open();
    log.info({ hashes: result.hashes }, 'plans loaded');
    await send({ type: 'loaded', id: message.id, hashes: result.hashes });
  }

  async #drain(): Promise<void> {
    const { send, exit, log, drainLimitMs, table, finish } = this.#parts;
    log.info({ streams: table.streams }, 'draining');
    const closed = Promise.all(Object.values(this.#servers ?? {}).map((server) => server.close()));
    const inTime = await settledWithin(closed, drainLimitMs);
    if (!inTime) log.warn({ code: 'DRAIN_LIMIT', streams: table.streams }, 'drain limit reached');
    await settledWithin(finish(), FINISH_LIMIT_MS);
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
