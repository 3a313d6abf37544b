// A process with a life: started in a process group of its own, watched, started again with back-off when it dies,
// ended as a group. Units, Envoy and the filter's workers are all such children.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, restartDelayMs } from '../../lib/runtime/backoff.ts';
import { dieWithParent } from './watchdog.ts';
import type { DeathSignal, Watchdog } from './watchdog.ts';

export interface ChildSpec {
  /** In messages: `unit scaler`, `Envoy`, `the filter`. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  readonly backoff: Backoff;
  /** What the kernel sends it when we are killed; KILL by default. */
  readonly deathSignal?: DeathSignal;
}

export interface ChildEvents {
  /** After each start; the place to attach pipes and IPC. */
  onStart(child: ChildProcess): void;
  /** The process died without being told to. `delayMs` is the time until it is started again;
   * `started` is false when there was no such program to start. */
  onDeath(how: string, quickDeaths: number, delayMs: number, started: boolean): void;
}

/** How long the output of an ended group is waited for, ms. */
const LAST_WORDS_MS = 500;

export class Child {
  readonly #spec: ChildSpec;
  readonly #events: ChildEvents;
  readonly #watchdog: Watchdog;
  #process: ChildProcess | undefined;
  #startedAt = 0;
  #quickDeaths = 0;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;
  #gone: (() => void)[] = [];
  /** The ends of pipes that a process of ours, or one that it started, may still write to. */
  readonly #output = new Set<Readable>();

  constructor(spec: ChildSpec, watchdog: Watchdog, events: ChildEvents) {
    this.#spec = spec;
    this.#events = events;
    this.#watchdog = watchdog;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#stopping) return;
    const { argv, env, cwd, deathSignal } = this.#spec;
    const [command = '', ...args] = dieWithParent(argv, deathSignal ?? 'KILL', env, cwd);
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: this.#spec.stdio,
      detached: true,
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) this.#keep(stream);
    this.#startedAt = performance.now();
    if (child.pid !== undefined) this.#watchdog.guard(child.pid);
    let over = false;
    const end = (how: string): void => {
      if (over) return;
      over = true;
      this.#ended(child, how);
    };
    child.once('exit', (code, signal) => end(describeExit(code, signal)));
    child.once('error', (error) => {
      if (child.pid === undefined) end(`could not be started: ${error.message}`);
    });
    this.#events.onStart(child);
  }

  #ended(child: ChildProcess, how: string): void {
    this.#process = undefined;
    if (this.#stopping) {
      for (const resolve of this.#gone.splice(0)) resolve();
      return;
    }
    if (child.pid !== undefined) {
      // What the process left behind in its group (a server's workers) would keep its port.
      signalGroup(child.pid, 'SIGKILL');
      this.#watchdog.release(child.pid);
    }
    const lifeMs = performance.now() - this.#startedAt;
    this.#quickDeaths = lifeMs >= this.#spec.backoff.steadyMs ? 0 : this.#quickDeaths + 1;
    const delayMs = restartDelayMs(this.#spec.backoff, this.#quickDeaths);
    this.#events.onDeath(how, this.#quickDeaths, delayMs, child.pid !== undefined);
    this.#timer = setTimeout(() => this.start(), delayMs);
  }

  /** From now on the process may end by itself: it is neither reported nor started again. */
  disarm(): void {
    this.#stopping = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  /** Ends the group: SIGTERM, and SIGKILL when it is not gone within the limit. Resolves when it is gone. */
  async stop(limitMs: number): Promise<void> {
    this.disarm();
    const child = this.#process;
    if (child?.pid === undefined) return this.#closeOutput();
    const group = child.pid;
    const gone = new Promise<void>((resolve) => this.#gone.push(resolve));
    signalGroup(group, 'SIGTERM');
    const kill = setTimeout(() => signalGroup(group, 'SIGKILL'), limitMs);
    await gone;
    clearTimeout(kill);
    signalGroup(group, 'SIGKILL');
    this.#watchdog.release(group);
    await this.#closeOutput();
  }

  #keep(stream: Readable | null): void {
    if (stream === null) return;
    this.#output.add(stream);
    stream.once('close', () => this.#output.delete(stream));
  }

  /** Reads what was still said. Whoever left the group may hold our end of a pipe; it does not hold us. */
  async #closeOutput(): Promise<void> {
    const closed = [...this.#output].map((stream) => once(stream, 'close'));
    await Promise.race([
      Promise.allSettled(closed),
      sleep(LAST_WORDS_MS, undefined, { ref: false }),
    ]);
    for (const stream of this.#output) stream.destroy();
  }

  /** At once and without waiting: the last resort. */
  kill(): void {
    this.disarm();
    if (this.#process?.pid !== undefined) signalGroup(this.#process.pid, 'SIGKILL');
  }
}

export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code ?? 0}` : `was ended by signal ${signal}`;
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already, which is what we want.
  }
}
