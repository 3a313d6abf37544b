// Envoy as a child: its output goes to `envoy.log` in the state directory, a death is reported with the log's last
// words, and it is started again on the same files.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { TextLog } from './log.ts';
import { waitForEnvoy } from './admin.ts';
import { ENVOY_BACKOFF } from '../../lib/runtime/backoff.ts';
import { Child } from './child.ts';
import type { Watchdog } from './watchdog.ts';

export interface EnvoyProcessOptions {
  readonly argv: readonly string[];
  readonly adminSocket: string;
  readonly logPath: string;
  readonly log: TextLog;
  readonly watchdog: Watchdog;
}

const READY_LIMIT_MS = 30_000;

export class EnvoyProcess {
  readonly #options: EnvoyProcessOptions;
  readonly #child: Child;
  readonly #logFd: number;
  readonly #giveUp = new AbortController();
  #ready = false;

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.#logFd = openSync(options.logPath, 'a', 0o600);
    this.#child = new Child(
      {
        name: 'Envoy',
        argv: options.argv,
        cwd: process.cwd(),
        env: process.env,
        stdio: ['ignore', this.#logFd, this.#logFd],
        backoff: ENVOY_BACKOFF,
      },
      options.watchdog,
      {
        onStart: () => {},
        onDeath: (how, quickDeaths, delayMs) => this.#died(how, quickDeaths, delayMs),
      },
    );
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  start(): void {
    this.#child.start();
  }

  /** Resolves when Envoy serves; throws ENVOY_FAILED with its last words when it does not come up. */
  async waitUntilReady(signal: AbortSignal): Promise<void> {
    const both = AbortSignal.any([signal, this.#giveUp.signal]);
    let ready: boolean;
    try {
      ready = await waitForEnvoy(this.#options.adminSocket, READY_LIMIT_MS, both);
    } catch (thrown) {
      if (this.#giveUp.signal.aborted) throw this.#giveUp.signal.reason;
      throw thrown;
    }
    if (!ready) throw this.failure(`Envoy is not ready after ${READY_LIMIT_MS / 1000} s`);
    this.#ready = true;
  }

  async stop(limitMs: number): Promise<void> {
    await this.#child.stop(limitMs);
    closeSync(this.#logFd);
  }

  kill(): void {
    this.#child.kill();
  }

  #died(how: string, quickDeaths: number, delayMs: number): void {
    if (!this.#ready) {
      this.#child.disarm();
      this.#giveUp.abort(this.failure(`Envoy ${how} at its start`));
      return;
    }
    const times = quickDeaths > 1 ? ` (${quickDeaths} times in a row)` : '';
    this.#options.log.error(
      `Envoy ${how}${times}; starting it again ${delayMs === 0 ? 'at once' : `in ${delayMs} ms`}`,
    );
  }

  /** What went wrong, with Envoy's last words on it. */
  failure(what: string): CommandFailure {
    const words = lastWords(this.#options.logPath);
    const said = words === '' ? '' : `; its last words:\n${words}`;
    return new CommandFailure('ENVOY_FAILED', `${what}${said}`, `see ${this.#options.logPath}`);
  }
}

const TROUBLE = /\]\[(error|critical)\]|config update failure/;
const MAX_LINE_LENGTH = 500;

/** The last lines of Envoy's log that report trouble. */
function lastWords(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const trouble = lines.filter((line) => TROUBLE.test(line));
    const last = (trouble.length > 0 ? trouble : lines).slice(-5);
    return last.map((line) => line.slice(0, MAX_LINE_LENGTH)).join('\n');
  } catch {
    return '';
  }
}
