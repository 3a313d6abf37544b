// Envoy and the filter as one thing with a life: started with a plan, given further plans while they serve, drained,
// stopped. The order in which a plan is swapped is the one rule here: the filter holds the next plan before Envoy names
// it, and holds the last one until nothing can name it any more.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvoyLayout } from '../../envoy/layout.ts';
import { EnvoyWriter } from '../../envoy/writer.ts';
import type { DeploymentPlan } from '../../graph/plan.ts';
import { CommandFailure, textOf } from '../failure.ts';
import type { Log, LogLevel } from '../log.ts';
import { forwardLines } from '../units/lines.ts';
import { askAdmin, countInFlight } from './admin.ts';
import type { EnvoyProcess } from './envoy-process.ts';
import { Filter } from './filter.ts';
import type { Watchdog } from './watchdog.ts';

export interface DataPlaneOptions {
  readonly layout: EnvoyLayout;
  /** Envoy as a child; null where it runs elsewhere on the same files and sockets (in a pod: in its own container). */
  readonly envoy: EnvoyProcess | null;
  /** What the filter logs. */
  readonly filterLevel: LogLevel;
  readonly watchdog: Watchdog;
  readonly log: Log;
  /** Takes the filter's output, line by line. */
  readonly filterLine: (line: string) => void;
}

export interface DrainLimits {
  /** How long new requests are still taken, each answer saying `connection: close`, ms. */
  readonly acceptMs: number;
  /** How long requests in flight have to end after that, ms. */
  readonly limitMs: number;
}

const REPORT = 'this is a fault of sidegraph: report it with the file';
const STOP_LIMIT_MS = 3_000;
const IN_FLIGHT_POLL_MS = 50;

export class DataPlane {
  readonly layout: EnvoyLayout;
  readonly #options: DataPlaneOptions;
  readonly #writer: EnvoyWriter;
  readonly #filters: readonly Filter[];
  readonly #envoy: EnvoyProcess | null;
  /** Ends the waits of swaps that are under way when everything stops. */
  readonly #stopped = new AbortController();
  #current: DeploymentPlan | null = null;
  #hasFiles = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.layout = options.layout;
    this.#writer = new EnvoyWriter(this.layout, {
      log: {
        info: (fields, message) => options.log.debug(`${message} ${JSON.stringify(fields)}`),
        warn: (fields, message) => options.log.warn(`${message} ${JSON.stringify(fields)}`),
      },
      // Validating costs a start of Envoy, which tells the same in its log.
      envoyBin: null,
    });
    this.#filters = this.layout.filterSockets.map((socketPath, index) =>
      this.#createFilter(socketPath, index),
    );
    this.#envoy = options.envoy;
  }

  get pids(): { readonly envoy: number | null; readonly filters: readonly (number | null)[] } {
    return { envoy: this.#envoy?.pid ?? null, filters: this.#filters.map((filter) => filter.pid) };
  }

  /** Whether Envoy can be started. */
  get hasFiles(): boolean {
    return this.#hasFiles;
  }

  get restarts(): number {
    return this.#filters.reduce((total, filter) => total + filter.restarts, 0);
  }

  /**
   * Resolves when requests are served, or will be as soon as an Envoy elsewhere runs; throws a CommandFailure when that
   * cannot be.
   */
  async start(deployment: DeploymentPlan, signal: AbortSignal): Promise<void> {
    // Made here, so that it has our rights and mode.
    if (this.#envoy !== null) closeSync(openSync(this.layout.accessLogPath, 'a', 0o600));
    const written = await this.#writer.start(deployment);
    if (written.kind === 'refused')
      throw new CommandFailure('ENVOY_FAILED', written.reason, REPORT);
    this.#hasFiles = true;
    for (const filter of this.#filters) filter.start();
    this.#envoy?.start();
    const loads = Promise.all(this.#filters.map((filter) => filter.load(deployment)));
    const [results] = await Promise.all([loads, this.#envoy?.waitUntilReady(signal)]);
    for (const result of results) {
      if (result.ok) continue;
      throw new CommandFailure(
        'FILTER_FAILED',
        `the filter does not start: ${result.reason}`,
        'see its output above',
      );
    }
    if (this.#envoy !== null) {
      // An Envoy that refuses its files says that it is ready all the same.
      const fault = await this.#writer.awaitStart(signal);
      signal.throwIfAborted();
      if (fault !== null)
        throw this.#envoy.failure(`Envoy does not run its configuration: ${fault}`);
    }
    this.#current = deployment;
  }

  /**
   * Takes over the next plan without dropping a request. Resolves when it is live, with a promise that resolves when
   * nothing can ask for what it replaced any more; throws PLAN_REFUSED, the old plan serving on.
   */
  async swap(next: DeploymentPlan): Promise<{ readonly retired: Promise<boolean> }> {
    const replaced = this.#current;
    for (const filter of this.#filters) {
      const result = await filter.load(next);
      if (result.ok) continue;
      this.#forget(next);
      throw new CommandFailure(
        'PLAN_REFUSED',
        `the filter refused the new plan: ${result.reason}`,
        REPORT,
      );
    }
    const outcome = await this.#writer.swap(next, { signal: this.#stopped.signal });
    if (outcome.kind === 'refused') {
      this.#forget(next);
      throw new CommandFailure(
        'PLAN_REFUSED',
        // A file that Envoy refuses whole leaves no words but in its log.
        outcome.reason.replace(/: $/, ": the reason is in Envoy's log"),
        REPORT,
      );
    }
    this.#current = next;
    const retired = outcome.retired.then((whole) => {
      if (whole && replaced !== null) this.#forget(replaced);
      return whole;
    });
    return { retired };
  }

  #forget(deployment: DeploymentPlan): void {
    for (const filter of this.#filters) filter.forget(deployment);
  }

  /**
   * Lets requests in flight end. Every answer says `connection: close` from now on; new connections are taken for
   * `acceptMs`, or for as long as anything is in flight when that is 0.
   */
  async drain({ acceptMs, limitMs }: DrainLimits): Promise<void> {
    const end = performance.now() + acceptMs + limitMs;
    const socket = this.layout.adminSocket;
    try {
      await askAdmin(socket, 'POST', '/healthcheck/fail');
      if (acceptMs > 0) await sleep(acceptMs);
      else {
        await askAdmin(socket, 'POST', '/drain_listeners?graceful&skip_exit');
        await this.#waitUntilQuiet(end);
      }
      await askAdmin(socket, 'POST', '/drain_listeners');
      await this.#waitUntilQuiet(end);
    } catch (thrown) {
      this.#options.log.debug(`draining Envoy: ${textOf(thrown)}`);
    }
  }

  async #waitUntilQuiet(end: number): Promise<void> {
    while ((await countInFlight(this.layout.adminSocket)) > 0 && performance.now() < end)
      await sleep(IN_FLIGHT_POLL_MS);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#writer.close();
    await this.#envoy?.stop(STOP_LIMIT_MS);
    await Promise.all(this.#filters.map((filter) => filter.stop(STOP_LIMIT_MS)));
  }

  kill(): void {
    this.#envoy?.kill();
    for (const filter of this.#filters) filter.kill();
  }

  #createFilter(socketPath: string, index: number): Filter {
    const { layout } = this;
    // What is off the path is asked seldom: the first worker serves it for all, and asks the others what they count.
    const peers = layout.filterSockets.slice(1).map(countsSocket);
    const own =
      index === 0
        ? [
            '--offpath-http',
            layout.offpathHttpSocket,
            '--offpath-grpc',
            layout.offpathGrpcSocket,
            ...(peers.length === 0 ? [] : ['--peers', peers.join(',')]),
          ]
        : ['--counts', countsSocket(socketPath)];
    return new Filter({
      socketPath,
      argv: [
        ...own,
        '--egress',
        layout.egressSocket,
        '--admin',
        layout.adminSocket,
        '--log-level',
        this.#options.filterLevel,
      ],
      log: this.#options.log,
      output: (stream) => {
        if (stream !== null)
          forwardLines(stream, '', (line) => this.#options.filterLine(line.trimEnd()));
      },
      watchdog: this.#options.watchdog,
      env: process.env,
    });
  }
}

/** Beside the worker's own socket. */
function countsSocket(filterSocket: string): string {
  return `${filterSocket.replace(/\.sock$/, '')}.counts`;
}
