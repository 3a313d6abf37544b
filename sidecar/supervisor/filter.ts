// One worker of the filter as the supervisor sees it. It is started when a plan needs it or when a connection comes, whichever is
// first, and ended when the last plan that needed it goes. The supervisor listens for it and hands connections over, so those
// made while a worker is started, or started again, wait instead of failing; so do those that a worker was handed as it died. A
// worker that died gets every live deployment again before it is given a connection.
import type { ChildProcess } from 'node:child_process';
import type { Server, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { workerEnvironment, workerExecArgv } from '../../lib/runtime/exec-argv.ts';
import { DOORS, type Door } from '../../extproc/process/ipc.ts';
import type { Recalled } from '../../extproc/feedback/branch-memory.ts';
import { RECALL_LIMIT_MS, RELEASE_LIMIT_MS } from '../../extproc/feedback/limits.ts';
import type { RecallOutcome } from '../../extproc/feedback/recaller.ts';
import type { WalkRecord } from '../../extproc/live/walk-record.ts';
import type { Lesson } from '../../extproc/policies/state-store.ts';
import type { WorkerCounts } from '../../extproc/metrics/worker-counts.ts';
import { type DeploymentPlan, needsFilter } from '../../graph/plan/plan.ts';
import type { TextLog } from './log.ts';
import { FILTER_BACKOFF } from '../../lib/runtime/backoff.ts';
import { OpenQuestions } from '../../lib/runtime/open-questions.ts';
import { Child } from './child.ts';
import { openGate } from './gate.ts';
import type { RemembersRequests } from './recalls.ts';
import type { Watchdog } from './watchdog.ts';

const ENTRY = fileURLToPath(new URL('../../extproc/process/main.ts', import.meta.url));
/** Connections that may wait for a worker, one that is being started or one that takes none; Envoy has one for each of its threads. */
export const MAX_WAITING_CONNECTIONS = 1024;
/** How long a worker may take to tell its counts, ms. */
const COUNTS_LIMIT_MS = 2000;
/** How long a worker that no plan needs any more has to end what is in flight, ms. */
const RETIRE_LIMIT_MS = 20_000;

export interface FilterOptions {
  /** Where Envoy connects to; off the path only for the worker that serves it. */
  readonly sockets: Readonly<Partial<Record<Door, string>>>;
  /** Further arguments of the worker: paths of other sockets, its log level. */
  readonly argv: readonly string[];
  readonly log: TextLog;
  /** Attaches the worker's output. */
  readonly output: (stream: Readable | null) => void;
  /** Takes what `askWalks` asked for. */
  readonly onWalks: (walks: readonly WalkRecord[]) => void;
  /** The worker asks what others remember of a request; undefined where there are none. */
  readonly recalls: RecallsOfOthers | undefined;
  /** Takes what the worker's routers have learned. */
  readonly onLessons: (lessons: readonly Lesson[]) => void;
  /** All that they know, for a worker that is started. */
  readonly lessons: () => readonly Lesson[];
  readonly watchdog: Watchdog;
  readonly env: NodeJS.ProcessEnv;
}

/** The other workers, as one asks them. */
export interface RecallsOfOthers {
  recall(puid: string): Promise<RecallOutcome>;
  /** Resolves when the one that gave the request out has it back, or has gone. */
  release(puid: string): Promise<void>;
}

export type FilterLoad =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'refused'; readonly reason: string };

interface WaitingLoad {
  readonly id: number;
  readonly deployment: DeploymentPlan;
  readonly resolve: (result: FilterLoad) => void;
}

interface WaitingConnection {
  readonly to: Door;
  readonly socket: Socket;
}

interface HandedConnection extends WaitingConnection {
  readonly worker: ChildProcess;
}

export class Filter implements RemembersRequests {
  readonly #options: FilterOptions;
  readonly #gates: Server[] = [];
  /** undefined while nothing needs the worker. */
  #child: Child | undefined;
  #process: ChildProcess | undefined;
  /** Whether the process that runs has a deployment, and may be given connections. */
  #serving = false;
  /** What the worker holds, oldest first; sent again after a restart. */
  #live: DeploymentPlan[] = [];
  #nextId = 1;
  #loads: WaitingLoad[] = [];
  #connections: WaitingConnection[] = [];
  /** Connections that a worker was sent and has not said to hold. */
  readonly #handed = new Map<number, HandedConnection>();
  readonly #counts = new OpenQuestions<WorkerCounts | undefined>(COUNTS_LIMIT_MS, undefined);
  readonly #finds = new OpenQuestions<RecallOutcome>(RECALL_LIMIT_MS, { kind: 'unavailable' });
  readonly #releases = new OpenQuestions<boolean>(RELEASE_LIMIT_MS, false);
  /** Whether a load ever succeeded; a worker that dies before is not coming up. */
  #proven = false;
  #restarts = 0;
  #stopped = false;

  constructor(options: FilterOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often the worker died and was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether requests that need the worker would be served, or none does. */
  get isUp(): boolean {
    return this.#serving || !this.#isNeeded;
  }

  get #isNeeded(): boolean {
    return this.#live.some(needsFilter);
  }

  /** Takes connections from now on. */
  async listen(): Promise<void> {
    for (const to of DOORS) {
      const path = this.#options.sockets[to];
      if (path !== undefined)
        this.#gates.push(await openGate(path, (socket) => this.#take(to, socket)));
    }
  }

  /** Gives the worker a further deployment; those that it holds stay. Whoever is refused calls `forget`. */
  async load(deployment: DeploymentPlan): Promise<FilterLoad> {
    this.#live.push(deployment);
    if (this.#child === undefined && !needsFilter(deployment)) return { kind: 'loaded' };
    const id = this.#nextId++;
    const result = new Promise<FilterLoad>((resolve) =>
      this.#loads.push({ id, deployment, resolve }),
    );
    if (this.#child === undefined) this.#start();
    else this.#send({ type: 'load', id, deployment });
    return result;
  }

  /** Lets go of a deployment; plans that another live one has too stay. */
  forget(deployment: DeploymentPlan): void {
    const wasNeeded = this.#isNeeded;
    const before = this.#live.length;
    this.#live = this.#live.filter((held) => held !== deployment);
    if (this.#live.length === before) return;
    if (wasNeeded && !this.#isNeeded) {
      this.#retire();
      return;
    }
    const kept = new Set(this.#live.flatMap(hashesOf));
    const hashes = hashesOf(deployment).filter((hash) => !kept.has(hash));
    if (hashes.length > 0) this.#send({ type: 'drop', hashes });
  }

  /** What the worker has counted; undefined when none runs, or does not tell in time. */
  counts(): Promise<WorkerCounts | undefined> {
    if (!this.#serving) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#send({ type: 'counts', id: this.#counts.add(resolve) }));
  }

  /** What the worker remembers of a request, which is then given out; one that does not run remembers nothing. */
  find(puid: string): Promise<RecallOutcome> {
    if (!this.#serving) return Promise.resolve({ kind: 'unknown' });
    return new Promise((resolve) =>
      this.#send({ type: 'find', id: this.#finds.add(resolve), puid }),
    );
  }

  /** The worker may give a request out again: true where it remembers that request, false where it does not, or says nothing in time. */
  release(puid: string): Promise<boolean> {
    if (!this.#serving) return Promise.resolve(false);
    return new Promise((resolve) =>
      this.#send({ type: 'release', id: this.#releases.add(resolve), puid }),
    );
  }

  /** What routers have learned in other workers; one that does not run gets it when it is started. */
  learn(lessons: readonly Lesson[]): void {
    if (lessons.length > 0) this.#send({ type: 'learned', lessons });
  }

  /** Asks for the walks since the last ask; while it is asked, the worker writes them down, with their payloads where these are captured. */
  askWalks(payloads: boolean): void {
    if (this.#serving) this.#send({ type: 'walks', payloads });
  }

  /** Asks the worker by SIGTERM to end what is in flight and then itself. */
  async stop(limitMs: number): Promise<void> {
    this.#close();
    await this.#child?.stop(limitMs);
  }

  kill(): void {
    this.#close();
    this.#child?.kill();
  }

  #close(): void {
    this.#stopped = true;
    for (const gate of this.#gates.splice(0)) gate.close();
    for (const { socket } of this.#connections.splice(0)) socket.destroy();
    for (const { socket } of this.#handed.values()) socket.destroy();
    this.#handed.clear();
  }

  /** The connections that it has end with it; one that comes later starts another. */
  #retire(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#process = undefined;
    this.#serving = false;
    this.#endQuestions();
    void child?.stop(RETIRE_LIMIT_MS);
  }

  #take(to: Door, socket: Socket): void {
    socket.on('error', () => {});
    this.#place({ to, socket });
  }

  #place(connection: WaitingConnection): void {
    const waiting = this.#connections.length + this.#handed.size;
    if (this.#stopped || waiting >= MAX_WAITING_CONNECTIONS) connection.socket.destroy();
    else if (this.#serving) this.#hand(connection);
    else {
      this.#connections.push(connection);
      if (this.#child === undefined && this.#live.length > 0) this.#start();
    }
  }

  /**
   * The connection stays open here until the worker says `taken`. What is sent to a process that has just died is lost without an
   * error, and Envoy would wait on such a connection for good.
   */
  #hand({ to, socket }: WaitingConnection): void {
    const worker = this.#process;
    if (worker === undefined) {
      socket.destroy();
      return;
    }
    const id = this.#nextId++;
    this.#handed.set(id, { to, socket, worker });
    worker.send({ type: 'connection', id, to }, socket, { keepOpen: true }, () => {});
  }

  /** The worker's end lives as long as the worker. */
  #taken(id: number): void {
    this.#handed.get(id)?.socket.destroy();
    this.#handed.delete(id);
  }

  /** All that the worker ever said was read: what it has not taken nobody has read from, and goes to the next one. */
  #placeAgain(worker: ChildProcess): void {
    for (const [id, handed] of this.#handed) {
      if (handed.worker !== worker) continue;
      this.#handed.delete(id);
      this.#place(handed);
    }
  }

  #send(message: object): void {
    if (this.#process?.connected === true) this.#process.send(message, () => {});
  }

  #start(): void {
    if (this.#stopped) return;
    const { argv, env, watchdog } = this.#options;
    const child: Child = new Child(
      {
        name: 'the filter',
        argv: [process.execPath, ...workerExecArgv, ENTRY, ...argv],
        cwd: process.cwd(),
        env: { ...env, ...workerEnvironment },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        backoff: FILTER_BACKOFF,
      },
      watchdog,
      {
        onStart: (started) => this.#started(started),
        onDeath: (how, quickDeaths, delayMs) => this.#died(how, quickDeaths, delayMs),
      },
    );
    this.#child = child;
    child.start();
  }

  #started(child: ChildProcess): void {
    this.#process = child;
    this.#options.output(child.stdout);
    this.#options.output(child.stderr);
    child.on('message', (message) => {
      if (isTaken(message)) this.#taken(message.id);
      else if (child === this.#process) this.#receive(message);
    });
    child.once('close', () => this.#placeAgain(child));
    for (const deployment of this.#live) {
      const waiting = this.#loads.find((load) => load.deployment === deployment);
      this.#send({ type: 'load', id: waiting?.id ?? this.#nextId++, deployment });
    }
    this.learn(this.#options.lessons());
  }

  #died(how: string, quickDeaths: number, delayMs: number): void {
    this.#restarts++;
    this.#serving = false;
    this.#endQuestions();
    const wait = delayMs === 0 ? 'starting it again at once' : `starting it again in ${delayMs} ms`;
    this.#options.log.error(
      `the filter ${how}${quickDeaths > 1 ? ` (${quickDeaths} times in a row)` : ''}; ${wait}`,
    );
    // The next worker is given what this one was asked to load, and answers for it; dies it too, the plan is to blame.
    if (this.#proven && quickDeaths < 2) return;
    for (const load of this.#loads.splice(0)) {
      load.resolve({ kind: 'refused', reason: `the filter ${how}` });
    }
  }

  /** What a worker remembered and counted went with it. */
  #endQuestions(): void {
    this.#counts.end(undefined);
    this.#finds.end({ kind: 'unknown' });
    this.#releases.end(false);
  }

  #receive(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    const id = 'id' in message ? message.id : undefined;
    if (message.type === 'counts' && 'counts' in message && typeof id === 'number') {
      // A worker of this very version: its shape is ours.
      this.#counts.answer(id, message.counts as WorkerCounts);
      return;
    }
    if (message.type === 'walks' && 'walks' in message) {
      this.#options.onWalks(message.walks as readonly WalkRecord[]);
      return;
    }
    if (message.type === 'learned' && 'lessons' in message) {
      this.#options.onLessons(message.lessons as readonly Lesson[]);
      return;
    }
    if ('puid' in message && typeof message.puid === 'string' && typeof id === 'number') {
      if (message.type === 'release') void this.#releaseElsewhere(id, message.puid);
      else if (message.type === 'recall') void this.#recallElsewhere(id, message.puid);
      return;
    }
    if (message.type === 'released' && 'isHere' in message && typeof id === 'number') {
      this.#releases.answer(id, message.isHere === true);
      return;
    }
    if (message.type === 'found' && 'recalled' in message && typeof id === 'number') {
      this.#found(id, message.recalled as Recalled);
      return;
    }
    if (message.type !== 'loaded' && message.type !== 'refused') return;
    const reason = 'reason' in message ? String(message.reason) : '';
    if (message.type === 'loaded') {
      this.#proven = true;
      this.#serving = true;
      for (const connection of this.#connections.splice(0)) this.#hand(connection);
    }
    const at = this.#loads.findIndex((load) => load.id === id);
    const [load] = at < 0 ? [] : this.#loads.splice(at, 1);
    if (load !== undefined) {
      load.resolve(message.type === 'loaded' ? { kind: 'loaded' } : { kind: 'refused', reason });
    } else if (message.type === 'refused') {
      this.#options.log.error(`the restarted filter refused a plan: ${reason}`);
    }
  }

  #found(id: number, recalled: Recalled): void {
    // Too late for whoever asked.
    if (!this.#finds.answer(id, recalled) && recalled.kind === 'found')
      void this.release(recalled.puid);
  }

  async #recallElsewhere(id: number, puid: string): Promise<void> {
    const asker = this.#process;
    const answer: RecallOutcome = (await this.#options.recalls?.recall(puid)) ?? {
      kind: 'unknown',
    };
    if (asker === this.#process) this.#send({ type: 'recalled', id, answer });
    else if (answer.kind === 'found') void this.#options.recalls?.release(answer.puid);
  }

  async #releaseElsewhere(id: number, puid: string): Promise<void> {
    const asker = this.#process;
    await this.#options.recalls?.release(puid);
    if (asker === this.#process) this.#send({ type: 'released', id });
  }
}

function isTaken(message: unknown): message is { readonly id: number } {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return message.type === 'taken' && 'id' in message && typeof message.id === 'number';
}

function hashesOf(deployment: DeploymentPlan): string[] {
  return deployment.predictors.map((predictor) => predictor.plan.hash);
}
