// Wires the parts of the filter's process and hands them to the worker's life. What goes over the IPC channel is said
// in `extproc/process/ipc.ts`; logs are JSON lines on standard error.
import { flushCompileCache } from 'node:module';
import pino from 'pino';
import { dialectsOf, loadMessages } from '../../dialects/known/messages.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { openClient } from '../client/open/open.ts';
import { combineObservers } from '../contract/call-observer.ts';
import { boundsOf, countFeedback, openFeedback } from './feedback-desk.ts';
import { ClientPool } from './client-pool.ts';
import type { WorkerMessage } from './ipc.ts';
import { LessonSender } from './lesson-sender.ts';
import { MemoryStore } from '../policies/memory-store.ts';
import { CallHistograms } from '../metrics/call-histograms.ts';
import { WalkLog } from '../live/walk-log.ts';
import { NO_EVENTS, ProcessGauges } from '../metrics/process-gauges.ts';
import { readCounts } from '../metrics/worker-counts.ts';
import { openControlGrpc } from '../control/grpc-server.ts';
import { openControlHttp } from '../control/http-server.ts';
import { Signals } from './signals.ts';
import { ProgramTable } from './programs.ts';
import { createFilterServer } from '../transport/server.ts';
import { compileProgram } from '../walk/program.ts';
import { Worker } from './worker.ts';
import type { WorkerOptions } from './options.ts';

export function runFilter(options: WorkerOptions): void {
  const log = pino(
    { level: options.logLevel, base: { part: 'filter', pid: process.pid } },
    pino.destination({ dest: 2, sync: true }),
  );
  const calls = new CallHistograms();
  const pool = new ClientPool((edge, egressHost) =>
    openClient(edge, { egressSocket: options.egress, egressHost, log }),
  );
  const signals = new Signals({ log, variables: process.env, source: options.source });
  const walks = new WalkLog();
  const states = new MemoryStore(() => lessons.note());
  const lessons = new LessonSender(
    () => states.take(),
    (learned) => void send({ type: 'learned', lessons: learned }),
  );
  const feedback = openFeedback(options.workers, states, (message) => void send(message));
  const observe = (plan: Plan) => {
    const traces = signals.tracesOf(plan);
    return combineObservers([
      calls.prepare(plan),
      ...(traces === undefined ? [] : [traces]),
      ...(options.live ? [walks.prepare(plan)] : []),
    ]);
  };
  const table = new ProgramTable({
    compile: (plan) => {
      const payloads = signals.payloadsOf(plan);
      const lease = pool.lease(plan);
      try {
        return compileProgram(plan, {
          clientFor: lease.clientFor,
          random: Math.random,
          feedback,
          payloads,
          observer: observe(plan),
          log,
        });
      } catch (error) {
        lease.release();
        payloads?.close();
        throw error;
      }
    },
  });
  const gauges = new ProcessGauges(() => table.streams);
  gauges.events = () => signals.counts() ?? NO_EVENTS;

  const open = () => {
    const filter = createFilterServer({
      router: table,
      maxHeldBytes: options.maxHeldBytes,
      log,
      drainMs: options.drainLimitMs,
    });
    gauges.held = () => ({
      bytes: filter.heldBytes(),
      maxBytes: options.maxHeldBytes,
      refusals: filter.refusals(),
    });
    const servers = {
      filter,
      http: openControlHttp({ live: worker, log }),
      grpc: openControlGrpc({ live: worker, log }),
    };
    // Everything is loaded now; a worker that is killed later would never write the cache.
    flushCompileCache();
    return servers;
  };

  const worker = new Worker({
    table,
    open,
    counts: () => readCounts(calls, gauges, countFeedback(feedback), signals.sinkCounts()),
    limit: (deployment) => feedback.memory.limit(boundsOf(deployment), options.workers),
    recalls: {
      find: (puid) => feedback.memory.recall(puid),
      answered: (id, answer) => feedback.recaller.answered(id, answer),
      release: (puid) => feedback.memory.release(puid),
      released: (id) => feedback.recaller.released(id),
    },
    learn: (learned) => states.add(learned),
    walks: (wantsPayloads) => walks.take(wantsPayloads),
    send,
    prepare: async (plans) => {
      await loadMessages(plans.flatMap(dialectsOf));
      await signals.load(plans);
    },
    finish: async () => {
      lessons.flush();
      await signals.close();
    },
    exit: (code) => process.exit(code),
    drainLimitMs: options.drainLimitMs,
    log,
  });
  process.on('message', (message, socket) => worker.receive(message, socket));
  process.on('disconnect', () => {
    log.warn({ code: 'PARENT_GONE' }, 'the supervisor is gone');
    process.exit(0);
  });
  process.on('SIGTERM', () => worker.drain());
  // A terminal sends it to the whole group; what happens then is the supervisor's to say.
  process.on('SIGINT', () => {});
  process.on('uncaughtException', (error) => {
    gauges.faults++;
    log.error({ code: 'INTERNAL', err: error }, 'a bug: exception outside of any request');
  });
  process.on('unhandledRejection', (reason) => {
    gauges.faults++;
    log.error({ code: 'INTERNAL', err: reason }, 'a bug: rejection that nobody handles');
  });
}

/** Resolves when the channel has taken the message; a channel that is gone takes everything. */
function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
