// Envoy's own numbers for the agent's `/metrics`: those of the process and of its listeners, which name no deployment, as they are;
// and what it counts of each deployment's requests.
import { setTimeout as delay } from 'node:timers/promises';
import { askAdmin } from '../../envoy/process/admin.ts';
import { REQUEST_STATS } from '../config/request-stats.ts';
import { withHelp } from './envoy-help.ts';
import { RequestCounts } from './request-metrics.ts';

const TIMEOUT_MS = 2000;
/** Envoy merges the histograms of its threads when asked, and answers before it has: so it is asked twice. */
const MERGE_MS = 20;
const LISTENER_STATS =
  'downstream_(cx|rq)_(active|total|overflow|xx|[1-5]xx|too_large|timeout|idle_timeout|max_requests_reached)';
const OWN_STATS = [
  `^http\\.https?\\.${LISTENER_STATS}$`,
  // By their addresses: that of the admin socket is called by its name, and each has the same again for its worker threads.
  '^listener\\.[0-9a-f.:_[\\]]+\\.downstream_(cx_active|cx_total|cx_overflow|global_cx_overflow)$',
  '^server\\.(memory_allocated|memory_heap_size|uptime|total_connections|live)$',
  '^overload\\.[a-z_.]+\\.(active|pressure|scale_percent|count)$',
  '^cluster_manager\\.(active_clusters|warming_clusters)$',
];
const REQUESTS = [`^${REQUEST_STATS.prefix}\\.`, '^server\\.stats_overflow\\.histogram$'];

export interface EnvoyMetricsOptions {
  /** `namespace/name` of what is served. */
  readonly served: Iterable<string>;
  /** 0: requests are not counted by deployment. */
  readonly maxRequestSeries: number;
}

/** Prometheus' text, empty while Envoy does not answer. */
export async function readEnvoyMetrics(
  adminSocket: string,
  { served, maxRequestSeries }: EnvoyMetricsOptions,
): Promise<string> {
  const ask = (path: string) => askAdmin(adminSocket, path, AbortSignal.timeout(TIMEOUT_MS));
  const pageOf = (stats: readonly string[]) =>
    ask(`/stats/prometheus?filter=${encodeURIComponent(stats.join('|'))}`);
  try {
    if (maxRequestSeries === 0) return explained((await pageOf(OWN_STATS)).split('\n'));
    await ask(`/stats?type=Histograms&filter=^${REQUEST_STATS.prefix}$`);
    await delay(MERGE_MS);
    const counts = new RequestCounts();
    const page = await pageOf([...OWN_STATS, ...REQUESTS]);
    const own = page.split('\n').filter((line) => !counts.read(line));
    return counts.render(served, maxRequestSeries) + explained(own);
  } catch {
    return '';
  }
}

function explained(lines: readonly string[]): string {
  return lines.flatMap(withHelp).join('\n');
}
