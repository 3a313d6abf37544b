// What several workers of one data plane say together. One of them serves `/metrics` for all: it asks the others, each on a
// unix socket of its own, and adds up. The counts of a worker that was started again begin at 0, as those of any process.
import { createServer } from '../node-http.ts';
import { listenAtPath } from '../listen.ts';
import type { Log } from '../log.ts';
import { askSocket } from './ask-socket.ts';
import type { CallHistograms, CallLabels } from './call-histograms.ts';
import type { ProcessGauges, ProcessValues } from './process-gauges.ts';

export interface WorkerCounts {
  readonly calls: readonly {
    readonly labels: CallLabels;
    /** Of each bucket, as in `Distribution`. */
    readonly counts: readonly number[];
    readonly sumSeconds: number;
  }[];
  readonly process: ProcessValues;
}

export function readCounts(calls: CallHistograms, gauges: ProcessGauges): WorkerCounts {
  return {
    calls: [...calls.collect()].map(({ labels, distribution }) => ({
      labels,
      counts: [...distribution.counts],
      sumSeconds: distribution.sumSeconds,
    })),
    process: gauges.read(),
  };
}

/** Tells this worker's counts to whoever asks on `path`. */
export async function serveCounts(
  path: string,
  read: () => WorkerCounts,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(read()));
  });
  await listenAtPath(server, path);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The counts of the workers that answer; the log names the others. */
export async function askWorkers(paths: readonly string[], log: Log): Promise<WorkerCounts[]> {
  const asked = paths.map(async (path) => {
    try {
      // Another worker of this very version: its shape is ours.
      return [JSON.parse(await askSocket(path, '/')) as WorkerCounts];
    } catch (error) {
      log.warn({ code: 'WORKER_COUNTS', err: error, path }, 'a worker does not tell its counts');
      return [];
    }
  });
  return (await Promise.all(asked)).flat();
}
