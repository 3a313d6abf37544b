// Envoy and the filter as one thing with a life: started with a plan, given further plans while they serve, drained,
// stopped. The order in which a plan is swapped is the one rule here: the filter holds the next plan before Envoy names
// it, and holds the last one until nothing can name it any more.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvoyLayout } from '../../envoy/kit/layout.ts';
import { EnvoyWriter } from '../../envoy/process/writer.ts';
import { renderMetricsPage } from '../../extproc/metrics/page.ts';
import { heldShare } from '../../extproc/contract/memory-shares.ts';
import type { WalkRecord } from '../../extproc/live/walk-record.ts';
import type { WorkerCounts } from '../../extproc/metrics/worker-counts.ts';
import { startProbeServer } from '../../extproc/control/probe-server.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { fieldLog, type TextLog } from './log.ts';
import { forwardLines } from './lines.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { countInFlight } from './admin.ts';
import type { EnvoyProcess } from './envoy-process.ts';
import { Filter } from './filter.ts';
import { Learned } from './learned.ts';
import { recallFrom, releaseTo } from './recalls.ts';
import type { Watchdog } from './watchdog.ts';
import type { LogLevel } from '../../lib/runtime/log.ts';

export interface DataPlaneOptions {
  readonly layout: EnvoyLayout;
  /** Envoy as a child; undefined where it runs elsewhere on the same files and sockets (in a pod: in its own container). */
  readonly envoy: EnvoyProcess | undefined;
  /** What the filter logs. */
  readonly filterLevel: LogLevel;
  /** What this process and the filter's may take of memory; undefined for no bound. */
  readonly memoryBytes: number | undefined;
  readonly watchdog: Watchdog;
  readonly log: TextLog;
  /** Takes the walks that `askWalks` asked for; absent where nobody may look at them. */
  readonly onWalks?: (walks: readonly WalkRecord[]) => void;
  /** Takes the filter's output, line by line. */
  readonly filterLine: (line: string) => void;
}

export interface DrainLimits {
  /** How long new requests are still taken, each response saying `connection: close`, ms. */
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
  readonly #learned = new Learned();
  readonly #envoy: EnvoyProcess | undefined;
  /** Ends the waits of swaps that are under way when everything stops. */
  readonly #stopped = new AbortController();
  #current: DeploymentPlan | undefined;
  /** What requests may still be for, oldest first. */
  #held: readonly DeploymentPlan[] = [];
  #probes: { close(): void } | undefined;
  #hasFiles = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.layout = options.layout;
    this.#writer = new EnvoyWriter(this.layout, {
      log: fieldLog(options.log),
      // Validating costs a start of Envoy, which tells the same in its log.
      envoyBin: undefined,
    });
    this.#filters = this.layout.filterSockets.map((socketPath, index) =>
      this.#createFilter(socketPath, index),
    );
    this.#envoy = options.envoy;
  }

  get pids(): {
    readonly envoy: number | undefined;
    readonly filters: readonly (number | undefined)[];
  } {
    return { envoy: this.#envoy?.pid, filters: this.#filters.map((filter) => filter.pid) };
  }

  /** Whether Envoy can be started. */
  get hasFiles(): boolean {
    return this.#hasFiles;
  }

  /** Why requests would fail though units answer; undefined where they would not. */
  get fault(): string | undefined {
    return this.#filters.every((filter) => filter.isUp) ? undefined : 'the filter is being started';
  }

  /** What is served; undefined before the start. */
  get plan(): DeploymentPlan | undefined {
    return this.#current;
  }

  /** Asks all workers for the walks since the last ask. */
  askWalks(payloads = false): void {
    for (const filter of this.#filters) filter.askWalks(payloads);
  }

  /** Calls of the filter under way, by `predictor/unit`, over all workers. */
  async activeCalls(): Promise<ReadonlyMap<string, number>> {
    const active = new Map<string, number>();
    for (const counts of await this.#countAll())
      for (const [unit, count] of Object.entries(counts.active))
        active.set(unit, (active.get(unit) ?? 0) + count);
    return active;
  }

  /** The text of the metrics page. */
  metrics(): Promise<string> {
    return renderMetricsPage({
      admin: this.layout.adminSocket,
      workers: () => this.#countAll(),
      learned: () => this.#learned.branches(),
      log: fieldLog(this.#options.log),
    });
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
    if (this.#envoy !== undefined) closeSync(openSync(this.layout.accessLogPath, 'a', 0o600));
    await this.#listen();
    const written = await this.#writer.start(deployment);
    if (written.kind === 'refused')
      throw new CommandFailure('ENVOY_FAILED', written.reason, REPORT);
    this.#hasFiles = true;
    this.#envoy?.start();
    this.#learned.hold(deployment);
    const loads = Promise.all(this.#filters.map((filter) => filter.load(deployment)));
    this.#held = [deployment];
    const [results] = await Promise.all([loads, this.#envoy?.waitUntilReady(signal)]);
    for (const result of results) {
      if (result.kind === 'loaded') continue;
      throw new CommandFailure(
        'FILTER_FAILED',
        `the filter does not start: ${result.reason}`,
        'see its output above',
      );
    }
    if (this.#envoy !== undefined) {
      // An Envoy that refuses its files says that it is ready all the same.
      const fault = await this.#writer.awaitStart(signal);
      signal.throwIfAborted();
      if (fault !== undefined)
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
    this.#learned.hold(next);
    for (const filter of this.#filters) {
      const result = await filter.load(next);
      if (result.kind === 'loaded') continue;
      this.#forget(next);
      throw new CommandFailure(
        'PLAN_REFUSED',
        `the filter refused the new plan: ${result.reason}`,
        REPORT,
      );
    }
    const outcome = await this.#writer
      .swap(next, { signal: this.#stopped.signal })
      .catch((thrown: unknown) => {
        // A full disk: nothing was changed, and the same plan may come again.
        this.#forget(next);
        throw thrown;
      });
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
    this.#held = [...this.#held, next];
    const retired = outcome.retired.then((whole) => {
      if (whole && replaced !== undefined) this.#forget(replaced);
      return whole;
    });
    return { retired };
  }

  /** The sockets of the filter and of what is asked all the time; nothing has to run behind the filter's. */
  async #listen(): Promise<void> {
    for (const filter of this.#filters) await filter.listen();
    const log = fieldLog(this.#options.log);
    this.#probes = await startProbeServer({
      path: this.layout.probeSocket,
      live: {
        current: () => this.#held.at(-1),
        plan: (hash) => this.#findPlan(hash),
      },
      fault: () => this.fault,
      metrics: () => this.metrics(),
      log,
    });
  }

  #findPlan(hash: string | undefined): Plan | undefined {
    if (hash === undefined) return this.#held.at(-1)?.predictors[0]?.plan;
    for (const { predictors } of this.#held)
      for (const { plan } of predictors) if (plan.hash === hash) return plan;
    return undefined;
  }

  async #countAll(): Promise<WorkerCounts[]> {
    const counts = await Promise.all(this.#filters.map((filter) => filter.counts()));
    return counts.filter((each) => each !== undefined);
  }

  #others(index: number): Filter[] {
    return this.#filters.filter((_, at) => at !== index);
  }

  #forget(deployment: DeploymentPlan): void {
    this.#held = this.#held.filter((each) => each !== deployment);
    this.#learned.forget(deployment);
    for (const filter of this.#filters) filter.forget(deployment);
  }

  /**
   * Lets requests in flight end. Every response says `connection: close` from now on; new connections are taken for
   * `acceptMs`, or for as long as anything is in flight when that is 0.
   */
  async drain({ acceptMs, limitMs }: DrainLimits): Promise<void> {
    const end = performance.now() + acceptMs + limitMs;
    const socket = this.layout.adminSocket;
    try {
      await requestSocket(socket, '/healthcheck/fail', { method: 'POST' });
      if (acceptMs > 0) await sleep(acceptMs);
      else {
        await requestSocket(socket, '/drain_listeners?graceful&skip_exit', { method: 'POST' });
        await this.#waitUntilQuiet(end);
      }
      await requestSocket(socket, '/drain_listeners', { method: 'POST' });
      await this.#waitUntilQuiet(end);
    } catch (thrown) {
      this.#options.log.debug(`draining Envoy: ${describeThrown(thrown)}`);
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
    this.#probes?.close();
    await Promise.all(this.#filters.map((filter) => filter.stop(STOP_LIMIT_MS)));
  }

  kill(): void {
    this.#envoy?.kill();
    for (const filter of this.#filters) filter.kill();
  }

  #createFilter(socketPath: string, index: number): Filter {
    const { layout } = this;
    // What is off the path is asked seldom: the first worker serves it for all.
    const control =
      index === 0 ? { http: layout.controlHttpSocket, grpc: layout.controlGrpcSocket } : {};
    return new Filter({
      sockets: { filter: socketPath, ...control },
      argv: [
        '--egress',
        layout.egressSocket,
        '--source',
        `http://:${layout.httpPort}/`,
        '--log-level',
        this.#options.filterLevel,
        '--max-held-bytes',
        String(heldShare(this.#options.memoryBytes, layout.filterSockets.length)),
        '--workers',
        String(layout.filterSockets.length),
        ...(this.#options.onWalks === undefined ? [] : ['--live']),
      ],
      recalls:
        layout.filterSockets.length < 2
          ? undefined
          : {
              recall: (puid) => recallFrom(this.#others(index), puid),
              release: (puid) => releaseTo(this.#others(index), puid),
            },
      onLessons: (lessons) => {
        this.#learned.add(lessons);
        for (const filter of this.#others(index)) filter.learn(lessons);
      },
      lessons: () => this.#learned.lessons(),
      log: this.#options.log,
      onWalks: this.#options.onWalks ?? (() => {}),
      output: (stream) => {
        if (stream !== null)
          forwardLines(stream, '', (line) => this.#options.filterLine(line.trimEnd()));
      },
      watchdog: this.#options.watchdog,
      env: process.env,
    });
  }
}
