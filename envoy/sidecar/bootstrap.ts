// Envoy's bootstrap: what cannot change while it runs. Everything of a plan comes from the watched files.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { fixedClusters } from './clusters.ts';
import { histogramBuckets } from '../kit/filters/stats-log.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { type EnvoyLayout, clustersPath, fileSource, listenersPath } from '../kit/layout.ts';
import { withInternalListeners } from '../kit/listener.ts';
import { MAX_REQUESTS_PER_READ } from '../kit/limits.ts';
import { overloadManager } from '../kit/overload.ts';
import { SPAN_EXPORT_DELAY_MS } from '../../graph/plan/limits.ts';

export function renderBootstrap(deployment: DeploymentPlan, layout: EnvoyLayout): EnvoyJson {
  return {
    node: { id: 'sidegraph', cluster: `${deployment.namespace}.${deployment.deployment}` },
    admin: {
      address: { pipe: { path: layout.adminSocket, mode: 0o600 } },
    },
    static_resources: { clusters: fixedClusters(layout) },
    dynamic_resources: {
      lds_config: fileSource(layout, listenersPath(layout)),
      cds_config: fileSource(layout, clustersPath(layout)),
    },
    ...withInternalListeners(),
    layered_runtime: {
      layers: [
        {
          name: 'sidegraph',
          static_layer: {
            'http.max_requests_per_io_cycle': MAX_REQUESTS_PER_READ,
            'tracing.opentelemetry.flush_interval_ms': SPAN_EXPORT_DELAY_MS,
            // A header that is there and empty counts as absent where another value stands in for it: `newPuid`.
            'envoy.reloadable_features.coalesce_formatter_accept_empty_values': false,
          },
        },
        // Where the live log is switched on and off.
        ...(layout.liveLogPath === undefined ? [] : [{ name: 'admin', admin_layer: {} }]),
      ],
    },
    stats_config: { histogram_bucket_settings: histogramBuckets() },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    stats_flush_on_admin: true,
    overload_manager: overloadManager(layout.bounds),
  };
}
