// The text of `/metrics`: Seldon's families out of Envoy's statistics and the filter's own counts, and what the
// filter's processes say of themselves.
import { setTimeout as sleep } from 'node:timers/promises';
import { STATS_PREFIX } from '../../graph/plan/names.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { askSocket } from '../../lib/runtime/ask-socket.ts';
import { type EnvoySeries, parseEnvoySeries } from './envoy-stats.ts';
import { feedbackFamilies } from './feedback-families.ts';
import { type LearnedBranch, learnedFamilies } from './learned-families.ts';
import { processFamilies } from './process-gauges.ts';
import { renderFamilies } from './prometheus-text.ts';
import { sinkFamilies } from './sink-families.ts';
import { type SeldonFamily, SeriesTable } from './seldon-families.ts';
import type { WorkerCounts } from './worker-counts.ts';

export interface MetricsSources {
  /** Envoy's admin socket; undefined for none. */
  readonly admin: string | undefined;
  /** What each worker that runs has counted. */
  readonly workers: () => Promise<readonly WorkerCounts[]>;
  /** What routers have learned. */
  readonly learned: () => readonly LearnedBranch[];
  readonly log: Log;
}

const FAMILIES: readonly SeldonFamily[] = [
  'seldon_api_executor_server_requests_seconds',
  'seldon_api_executor_client_requests_seconds',
];

/** Envoy merges the histograms of its threads when asked, and answers before it has: so it is asked twice. */
const MERGE_MS = 20;

export async function renderMetricsPage(sources: MetricsSources): Promise<string> {
  const { admin } = sources;
  const tables = {
    seldon_api_executor_server_requests_seconds: new SeriesTable(),
    seldon_api_executor_client_requests_seconds: new SeriesTable(),
  };
  if (admin !== undefined) {
    for (const { family, labels, distribution } of await readEnvoy(admin, sources.log)) {
      tables[family].add(labels, distribution);
    }
  }
  const workers = await sources.workers();
  for (const { labels, counts, sumSeconds } of workers.flatMap((worker) => worker.calls)) {
    const distribution = { counts: Float64Array.from(counts), sumSeconds };
    tables.seldon_api_executor_client_requests_seconds.add(labels, distribution);
  }
  return renderFamilies([
    ...FAMILIES.flatMap((family) => tables[family].families(family)),
    ...feedbackFamilies(workers.map((worker) => worker.feedback)),
    ...learnedFamilies(sources.learned()),
    ...processFamilies(workers.map((worker) => worker.process)),
    ...sinkFamilies(workers.map((worker) => worker.sinks)),
  ]);
}

/** Envoy's series; without a response the page has the filter's own only, and the log says why. */
async function readEnvoy(admin: string, log: Log): Promise<EnvoySeries[]> {
  try {
    await askSocket(admin, `/stats?filter=^${STATS_PREFIX}$`);
    await sleep(MERGE_MS);
    return parseEnvoySeries(await askSocket(admin, `/stats/prometheus?filter=^${STATS_PREFIX}\\.`));
  } catch (error) {
    log.warn({ code: 'ENVOY_STATS', err: error }, "Envoy's statistics could not be read");
    return [];
  }
}
