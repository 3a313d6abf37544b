// `sidegraph sidecar`: the agent in the filter's container of a pod. It makes Envoy's files of the mounted plan, runs the filter,
// follows the plan, reports its state, and ends in order. Envoy is another container on the same folder.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { filterLines } from '../supervisor/filter-lines.ts';
import type { Io } from '../../lib/runtime/io.ts';
import { createLog, type TextLog } from '../supervisor/log.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import type { LiveSampler } from '../live/sampler.ts';
import { DataPlane } from '../supervisor/data-plane.ts';
import { samplerOf } from '../supervisor/live-sampler.ts';
import { containerMemory } from '../supervisor/process-limits.ts';
import { stopOnSignals } from '../supervisor/signals.ts';
import { watchFile } from '../supervisor/watch.ts';
import { Watchdog } from '../supervisor/watchdog.ts';
import { startAgentControl } from './control.ts';
import { prepareDrain } from './drain.ts';
import { PlanFollower } from './follower.ts';
import { startLiveServer } from './live-server.ts';
import { readPodFacts, type SidecarOptions } from './options.ts';
import { type Places, placesOf, preparePlaces } from './places.ts';
import { SidecarState } from './state.ts';
import { startAgentStatus } from './status-server.ts';

/** The kubelet swaps a link, so a change is whole at once; a few events come of it. */
const SETTLE_MS = 10;
/** Where a notice was lost. */
const POLL_MS = 1_000;

/** Resolves with the exit code after an orderly end; throws a CommandFailure when nothing can be served. */
export async function runSidecar(options: SidecarOptions, io: Io): Promise<number> {
  const log = createLog(options.logLevel, true, io.err);
  const stop = stopOnSignals(log);
  const pod = readPodFacts(io.env);
  const places = placesOf(options);
  preparePlaces(places, options);
  await renewDrained(places, log);

  const watchdog = new Watchdog();
  let live: LiveSampler | undefined;
  const dataPlane = new DataPlane({
    layout: places.layout,
    envoy: undefined,
    filterLevel: options.logLevel,
    memoryBytes: containerMemory(),
    watchdog,
    log,
    filterLine: filterLines(true, '', io.err),
    ...(options.livePort === undefined ? {} : { onWalks: (walks) => live?.takeWalks(walks) }),
  });
  stop.onSecond(() => dataPlane.kill());
  const state = new SidecarState(pod, options.revision, dataPlane);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  const follower = new PlanFollower({
    dataPlane,
    state,
    expected: {
      namespace: pod.namespace ?? undefined,
      deployment: pod.deployment ?? undefined,
      predictor: pod.predictor ?? undefined,
      revision: options.revision,
    },
    livePlan: places.livePlan,
    log,
    signal,
    fail: (failure) => failed.reject(failure),
  });
  const drain = prepareDrain({
    dataPlane,
    state,
    drainMs: options.drainMs,
    longestMs: () => follower.longestMs,
    marker: places.drained,
    log,
  });

  const closers: (() => void)[] = [];
  try {
    const status = await listening('the status port', () =>
      startAgentStatus({
        host: options.statusHost,
        port: options.statusPort,
        state,
        envoyReady: () => isReady(places.layout.adminSocket),
      }),
    );
    const control = await listening('the control socket', () =>
      startAgentControl(places.controlSocket, drain),
    );
    for (const server of [status, control]) closers.push(() => closeServer(server));
    const { liveLogPath } = places.layout;
    if (options.livePort !== undefined && liveLogPath !== undefined) {
      const sampler = samplerOf(dataPlane, liveLogPath, log);
      live = sampler;
      closers.push(() => sampler.close());
      const server = await startLiveServer(options.livePort, sampler, log);
      if (server !== undefined) closers.push(() => closeServer(server));
    }
    const first = readPlan(options.plan);
    if (first === undefined)
      log.info(
        `there is no plan at ${options.plan} yet, and nothing is served before: in a pod the operator brings it; outside of one use sidegraph run`,
      );
    else follower.offer(first);
    const watcher = watchFile(options.plan, first, (text) => follower.offer(text), {
      settleMs: SETTLE_MS,
      pollMs: POLL_MS,
    });
    closers.push(() => watcher.close());
    await Promise.race([stop.first, failed.promise]);
    watcher.close();
    await drain();
  } finally {
    over.abort();
    await dataPlane.stop();
    for (const close of closers) close();
    watchdog.dismiss();
    stop.close();
  }
  return 0;
}

/**
 * An agent before this one drained Envoy, yet the pod lives on (its container alone was restarted). Envoy cannot open its
 * listeners again, so it is told to end: the kubelet starts it anew.
 */
async function renewDrained({ drained, layout }: Places, log: TextLog): Promise<void> {
  if (!existsSync(drained)) return;
  rmSync(drained, { force: true });
  if (!(await isReady(layout.adminSocket))) return;
  log.warn('Envoy was drained before this start and is started again');
  await requestSocket(layout.adminSocket, '/quitquitquit', { method: 'POST' }).catch(() => {});
}

/** Whether Envoy answers; an Envoy that was told to fail its checks is there still. */
async function isReady(adminSocket: string): Promise<boolean> {
  try {
    return (await requestSocket(adminSocket, '/ready')).status < 600;
  } catch {
    return false;
  }
}

function readPlan(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function closeServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function listening<T>(what: string, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (thrown) {
    throw new CommandFailure(
      'PORT_TAKEN',
      `${what} cannot be listened on: ${describeThrown(thrown)}`,
      'choose another one with --status-port or --run',
    );
  }
}
