// The agent's own metrics in Prometheus's text format; those of requests are Envoy's and the filter's.
import { Registry } from '../../lib/kube/registry.ts';
import type { SidecarStatus } from './state.ts';

export function renderMetrics(status: SidecarStatus): string {
  const registry = new Registry();
  registry
    .gauge('sidegraph_sidecar_plan_info', 'The plan that is served.', 'hash', 'revision')
    .set(1, status.hash ?? '', status.revision ?? '');
  registry
    .gauge('sidegraph_sidecar_plan_refused', '1 while the mounted plan is refused.', 'code')
    .set(status.refused === null ? 0 : 1, status.refused?.code ?? '');
  const swaps = registry.counter('sidegraph_sidecar_plans_total', 'Plans by outcome.', 'result');
  swaps.add(status.swaps.live, 'live');
  swaps.add(status.swaps.refused, 'refused');
  if (status.lastSwapMs !== null)
    registry
      .gauge('sidegraph_sidecar_last_swap_seconds', 'From the notice of a plan to its being live.')
      .set(status.lastSwapMs / 1000);
  registry
    .counter('sidegraph_sidecar_filter_restarts_total', 'Restarts of the filter after its death.')
    .add(status.filterRestarts);
  registry
    .gauge('sidegraph_sidecar_draining', '1 when the pod is ending.')
    .set(status.state === 'draining' ? 1 : 0);
  return registry.render();
}
