// Which of Envoy's statistics of a deployment's clusters are not kept. Envoy has about a hundred for each cluster, and looks at the name of
// every one of them for every scrape: with 1,000 deployments that took 120 ms of CPU, and 20 ms without these. What is left says what a
// cluster's pods do: requests, their statuses and times, connections, retries, what was too much.
import type { EnvoyJson } from '../../envoy/kit/json.ts';

/** Regular expressions (RE2) of what follows the cluster's name. */
const LEFT_OUT: readonly string[] = [
  // Of discovery, which is the same for all.
  'assignment_.*',
  'init_fetch_timeout',
  'membership_(change|degraded|excluded)',
  'update_.*',
  'version(_text)?',
  'warming_state',
  // Of load balancing by zone, subset and health, which is not used.
  'default\\..*',
  'lb_.*',
  'max_host_weight',
  'original_dst_.*',
  // Twice the same: every pod is external here, and statuses are counted by class.
  '(canary|external|internal)\\..*',
  'upstream_rq_([0-9]{3}|completed)',
  // Of connections, what has no effect on a request, or is in another count.
  'bind_errors',
  'http[123]\\..*',
  'upstream_cx_(close_notify|connect_(attempts|ms|with).*|destroy|destroy_(local|remote|with).*|http.*|idle_timeout|length_ms|max_.*)',
  'upstream_cx_(none_healthy|pool_overflow|preconnect.*|protocol_error|[rt]x_bytes_.*)',
  'upstream_(flow_control|http3|internal_redirect|queue)_.*',
  'upstream_rq_(0rtt|active_overflow|maintenance_mode|max_duration.*|pending_failure.*|pending_total|per_cx|rx_reset_no_error)',
  'circuit_breakers\\..*',
];

/** A matcher of names. Those of deployments' clusters have slashes: `namespace/service/transport`. */
export function clusterStatsLeftOut(): EnvoyJson {
  return {
    safe_regex: { regex: `^cluster\\.[^/.]+/.+/(rest|grpc)\\.(${LEFT_OUT.join('|')})$` },
  };
}
