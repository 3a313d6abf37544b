// `sidegraph run FILE`: the whole life of one served graph. Read and prepare, start units, filter and Envoy side by
// side, say when they answer, follow the file, and end in the reverse order with nothing left behind.
import { dirname, join, resolve } from 'node:path';
import { envoyWorkers } from '../../../envoy/kit/concurrency.ts';
import { envoyCommand } from '../../../envoy/kit/command.ts';
import { locateEnvoy } from '../../../envoy/process/locate.ts';
import { readOpenFileLimit } from '../../../envoy/kit/open-files.ts';
import { announce } from './announce.ts';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import { decode, describeUnreadable, readSource, readText } from '../../manifests/files.ts';
import { filterLines } from '../../../sidecar/supervisor/filter-lines.ts';
import { renderFindings } from '../../manifests/findings.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { createLog } from '../../../sidecar/supervisor/log.ts';
import type { RunningLive } from './live.ts';
import type { RunOptions } from './parse.ts';
import { createPaint, unitPrefix, wantsColour } from '../../../lib/runtime/paint.ts';
import { type PrepareContext, type Prepared, prepare } from './prepare.ts';
import { Reloader } from './reload.ts';
import { SwapRoom } from '../../../sidecar/supervisor/swap-room.ts';
import { usableCpus } from '../../../sidecar/supervisor/cpus.ts';
import { DataPlane } from '../../../sidecar/supervisor/data-plane.ts';
import { EnvoyProcess } from '../../../sidecar/supervisor/envoy-process.ts';
import { type LogKeeper, keepLogsSmall } from '../../../sidecar/supervisor/log-files.ts';
import { runBounds, runMemory } from '../../../sidecar/supervisor/process-limits.ts';
import { resolveListenHost } from '../../../sidecar/supervisor/listen-host.ts';
import { runLayout } from '../../../sidecar/supervisor/run-layout.ts';
import { openStateDir } from '../../../sidecar/supervisor/state-dir.ts';
import { stopOnSignals } from '../../../sidecar/supervisor/signals.ts';
import { type FileWatcher, watchFile } from '../../../sidecar/supervisor/watch.ts';
import { Watchdog } from '../../../sidecar/supervisor/watchdog.ts';
import { parseEnvFile } from '../../units/environment.ts';
import { Fleet } from '../../units/fleet.ts';
import { findTaken } from '../../units/ports.ts';
import { answersTcp } from '../../units/probe.ts';

const PROBE_MS = 500;
/** How often `--watch` looks at the file where nothing tells of a change, ms. */
const WATCH_POLL_MS = 1_000;
/** Envoy's log is a file that nobody has to read, so it may say more than the terminal. */
const ENVOY_LEVELS = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' } as const;
/** The filter shares the terminal: what it tells at `info` is for `--log-level debug`. */
const FILTER_LEVELS = { debug: 'debug', info: 'warn', warn: 'warn', error: 'error' } as const;

/** Resolves with the exit code when the graph was served and ended in order; throws a CommandFailure otherwise. */
export async function run(given: RunOptions, io: Io): Promise<number> {
  const options = { ...given, host: await resolveListenHost(given.host) };
  const log = createLog(options.logLevel, options.json, io.err);
  const paint = createPaint({ isTTY: io.errIsTty }, io.env);
  const colour = wantsColour({ isTTY: io.errIsTty }, io.env);
  const stop = stopOnSignals(log);
  const { source, text } = readSource(options.file);
  const context: PrepareContext = {
    options,
    outside: { shared: readEnvFiles(options.envFiles), perUnit: options.set },
    baseDir: source === '<stdin>' ? process.cwd() : dirname(resolve(source)),
    env: io.env,
    paint,
  };
  const [prepared, envoyBin] = await Promise.all([
    prepare(text, source, context, new Map()),
    findEnvoy(io.env),
  ]);
  const taken = await findTaken(prepared.claims);
  if (taken !== undefined) throw taken;
  if (prepared.findings.length > 0) {
    io.err(`${renderFindings({ source, deployments: [], findings: prepared.findings }, paint)}\n`);
  }

  const state = openStateDir(options.stateDir, io.env);
  const watchdog = new Watchdog(state.temporary ? state.dir : undefined);
  const fleet = new Fleet({
    log,
    watchdog,
    write: io.err,
    colour,
    readyLimitMs: options.unitTimeoutMs,
  });
  const layout = runLayout(
    {
      ...options,
      concurrency: options.concurrency ?? envoyWorkers(usableCpus()),
      bounds: runBounds(),
      live: options.adminPort !== undefined,
      captures: options.capture !== undefined,
    },
    state,
  );
  const envoyLog = join(state.dir, 'envoy.log');
  const envoy = new EnvoyProcess({
    argv: envoyCommand(layout, { logLevel: ENVOY_LEVELS[options.logLevel], envoyBin }),
    adminSocket: layout.adminSocket,
    logPath: envoyLog,
    log,
    watchdog,
  });
  let live: RunningLive | undefined;
  const dataPlane = new DataPlane({
    layout,
    envoy,
    filterLevel: FILTER_LEVELS[options.logLevel],
    memoryBytes: runMemory(),
    ...(options.adminPort === undefined ? {} : { onWalks: (walks) => live?.takeWalks(walks) }),
    watchdog,
    log,
    filterLine: filterLines(
      options.json,
      unitPrefix('filter', 0, widthOf(prepared), colour),
      io.err,
    ),
  });
  stop.onSecond(() => {
    fleet.kill();
    dataPlane.kill();
    state.close();
  });

  let keepFiles = false;
  let watcher: FileWatcher | undefined;
  let logs: LogKeeper | undefined;
  // Ends every wait, whatever ends the run.
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  try {
    if (options.adminPort !== undefined && layout.liveLogPath !== undefined) {
      const { startLive } = await import('./live.ts');
      live = await startLive({
        dataPlane,
        logPath: layout.liveLogPath,
        host: options.host,
        adminPort: options.adminPort,
        capture: options.capture,
        log,
      });
    }
    const [silent] = await Promise.all([
      probeGiven(prepared),
      fleet.start(prepared.units, signal),
      // Units may take minutes, and requests to those that answer already are captured meanwhile.
      dataPlane.start(prepared.plan, signal).then(() => live?.begin()),
    ]);
    for (const note of prepared.notes) log.warn(note);
    for (const key of silent)
      log.warn(
        `unit ${key} does not answer at its address (yet); requests to it fail until it does`,
      );
    if (options.watch && source !== '<stdin>') {
      const room = new SwapRoom(readOpenFileLimit());
      const parts = { source, context, dataPlane, fleet, log, signal, room };
      const reloader = new Reloader(parts, prepared);
      watcher = watchFile(source, text, (changed) => reloader.offer(changed), {
        pollMs: WATCH_POLL_MS,
        decode: (bytes) => decode(bytes, source),
        touched: () => reloader.tryAgain(),
        unreadable: (thrown) =>
          log.warn(`${describeUnreadable(source, thrown)}; the last plan serves on`),
      });
    }
    logs = keepLogsSmall({
      accessLog: layout.accessLogPath,
      envoyLog,
      adminSocket: layout.adminSocket,
      log,
    });
    io.out(announce(prepared, options, state.dir, silent));
    await stop.first;
    watcher?.close();
    log.info('ending: requests in flight have time to finish, a second signal ends at once');
    await dataPlane.drain({ acceptMs: 0, limitMs: options.drainTimeoutMs });
  } catch (thrown) {
    // A signal while starting is an orderly end too.
    if (!stop.signal.aborted || thrown instanceof CommandFailure) {
      keepFiles = thrown instanceof CommandFailure && thrown.code === 'ENVOY_FAILED';
      throw thrown;
    }
  } finally {
    over.abort();
    watcher?.close();
    logs?.close();
    live?.close();
    await Promise.all([dataPlane.stop(), fleet.stop()]);
    watchdog.dismiss();
    if (!keepFiles) state.close();
    stop.close();
  }
  return 0;
}

async function findEnvoy(env: NodeJS.ProcessEnv): Promise<string> {
  const located = await locateEnvoy({
    env,
    venvs: [fileURLToPath(new URL('../../../.venv', import.meta.url))],
  });
  if (located.kind === 'found') return located.path;
  throw new CommandFailure(
    'ENVOY_MISSING',
    located.reason,
    `run 'make setup' in ${fileURLToPath(new URL('../../..', import.meta.url))}, or set ENVOY_BIN`,
  );
}

/** Units that run elsewhere are looked at once; returns those that do not answer, as `predictor/unit`. */
async function probeGiven(prepared: Prepared): Promise<ReadonlySet<string>> {
  const silent = new Set<string>();
  await Promise.all(
    prepared.units.map(async (unit) => {
      if (unit.spec !== undefined) return;
      const { host, httpPort, grpcPort } = unit.address;
      const ports = [...new Set([httpPort, grpcPort])];
      const open = await Promise.all(ports.map((port) => answersTcp(host, port, PROBE_MS)));
      if (!open.includes(true)) silent.add(`${unit.predictor}/${unit.name}`);
    }),
  );
  return silent;
}

function readEnvFiles(files: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const file of files) {
    const text = readText(file, `--env-file ${file}`);
    const parsed = parseEnvFile(text, file);
    if (parsed.kind === 'wrong')
      throw new CommandFailure('FILE_UNREADABLE', parsed.message, 'write one NAME=VALUE a line');
    for (const [name, value] of parsed.value) values.set(name, value);
  }
  return values;
}

function widthOf(prepared: Prepared): number {
  return Math.max(
    'filter'.length,
    ...prepared.units.map((unit) => (unit.spec?.name ?? unit.name).length),
  );
}
