// A unit that `run` starts itself: its container's command as a local process, watched until it answers on its port and
// started again whenever it dies.
import { Child } from '../../sidecar/supervisor/child.ts';
import { UNIT_BACKOFF } from '../../lib/runtime/backoff.ts';
import type { Watchdog } from '../../sidecar/supervisor/watchdog.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { TextLog } from '../../sidecar/supervisor/log.ts';
import { forwardLines } from '../../sidecar/supervisor/lines.ts';
import { waitForTcp } from './probe.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

/** What a local unit is started with. Two equal ones need no restart. */
export interface UnitProcessSpec {
  /** Name for messages and the prefix of its output: the unit's, with its predictor where needed. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Ports that must answer before the unit is ready: the HTTP one, and the gRPC one where calls use it. */
  readonly ports: readonly number[];
  /** Ports on which it may answer as well, which nothing says for sure: they have a moment more. */
  readonly otherPorts: readonly number[];
  /** Where its server shows its own metrics, if it has any; the environment says it too. */
  readonly metricsPort: number;
}

export interface UnitDeps {
  readonly log: TextLog;
  readonly watchdog: Watchdog;
  readonly prefix: string;
  readonly write: (line: string) => void;
}

/** A unit that dies this often in a row before it ever answered is not coming up. */
const MAX_DEATHS_AT_START = 3;
/** Time for the other transport once the unit answers on the first: servers of both open them one after the other. */
const OTHER_PORTS_MS = 1000;

export class LocalUnit {
  readonly spec: UnitProcessSpec;
  readonly #log: TextLog;
  readonly #child: Child;
  readonly #giveUp = new AbortController();
  #answered = false;

  constructor(spec: UnitProcessSpec, deps: UnitDeps) {
    this.spec = spec;
    this.#log = deps.log;
    this.#child = new Child(
      {
        name: `unit ${spec.name}`,
        argv: spec.argv,
        cwd: spec.cwd,
        env: spec.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        backoff: UNIT_BACKOFF,
        deathSignal: 'TERM',
      },
      deps.watchdog,
      {
        onStart: (child) => {
          if (child.stdout !== null) forwardLines(child.stdout, deps.prefix, deps.write);
          if (child.stderr !== null) forwardLines(child.stderr, deps.prefix, deps.write);
        },
        onDeath: (how, quickDeaths, delayMs, started) =>
          started || this.#answered ? this.#died(how, quickDeaths, delayMs) : this.#notStarted(how),
      },
    );
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  start(): void {
    this.#child.start();
  }

  /** Resolves when the unit answers on all its ports, and on the others or a moment later; throws UNIT_EXITED or UNIT_SILENT otherwise. */
  async waitUntilReady(limitMs: number, signal: AbortSignal): Promise<void> {
    const both = AbortSignal.any([signal, this.#giveUp.signal]);
    let answered: boolean;
    try {
      answered = await waitForTcp(LOCAL_HOST, this.spec.ports, limitMs, both);
    } catch (thrown) {
      if (this.#giveUp.signal.aborted) throw this.#giveUp.signal.reason;
      throw thrown;
    }
    if (!answered) {
      throw new CommandFailure(
        'UNIT_SILENT',
        `unit ${this.spec.name} was started (${this.spec.argv.join(' ')}) but does not answer on port ${this.spec.ports.join(' or ')} after ${Math.round(limitMs / 1000)} s`,
        'make it listen on the port that PREDICTIVE_UNIT_HTTP_SERVICE_PORT names, or give it more time with --unit-timeout',
      );
    }
    this.#answered = true;
    await waitForTcp(LOCAL_HOST, this.spec.otherPorts, OTHER_PORTS_MS, signal);
  }

  stop(limitMs: number): Promise<void> {
    return this.#child.stop(limitMs);
  }

  kill(): void {
    this.#child.kill();
  }

  #notStarted(how: string): void {
    this.#child.disarm();
    const words = `unit ${this.spec.name} ${how}`;
    this.#giveUp.abort(
      new CommandFailure(
        'UNIT_NOT_STARTED',
        words,
        `the command ${this.spec.argv[0] ?? ''} has to be on PATH, or a path from ${this.spec.cwd}`,
      ),
    );
  }

  #died(how: string, quickDeaths: number, delayMs: number): void {
    if (!this.#answered && quickDeaths >= MAX_DEATHS_AT_START) {
      this.#child.disarm();
      this.#giveUp.abort(
        new CommandFailure(
          'UNIT_EXITED',
          `unit ${this.spec.name} ends at its start: ${this.spec.argv.join(' ')} ${how}, ${quickDeaths} times in a row`,
          'see its output above; try the command by hand',
        ),
      );
      return;
    }
    this.#log.error(`unit ${this.spec.name} ${how}; starting it again in ${delayMs} ms`);
  }
}
