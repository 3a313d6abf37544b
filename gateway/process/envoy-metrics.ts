// Envoy's own numbers for the agent's `/metrics`: those of the process and of its listeners. None names a deployment.
import { askAdmin } from '../../envoy/process/admin.ts';

const TIMEOUT_MS = 2000;
const LISTENER_STATS =
  'downstream_(cx|rq)_(active|total|overflow|xx|[1-5]xx|too_large|timeout|idle_timeout|max_requests_reached)';
const FILTER = [
  `^http\\.https?\\.${LISTENER_STATS}$`,
  '^listener\\.[^.]*\\.downstream_(cx_active|cx_total|cx_overflow|global_cx_overflow)$',
  '^server\\.(memory_allocated|memory_heap_size|uptime|total_connections|live)$',
  '^overload\\.[a-z_.]+\\.(active|pressure|scale_percent|count)$',
  '^cluster_manager\\.(active_clusters|warming_clusters)$',
].join('|');

/** Prometheus' text, empty while Envoy does not answer. */
export async function readEnvoyMetrics(adminSocket: string): Promise<string> {
  try {
    return await askAdmin(
      adminSocket,
      `/stats/prometheus?filter=${encodeURIComponent(FILTER)}`,
      AbortSignal.timeout(TIMEOUT_MS),
    );
  } catch {
    return '';
  }
}
