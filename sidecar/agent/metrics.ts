// The agent's own metrics in Prometheus's text format; those of requests are Envoy's and the filter's.
import { Registry } from '../../lib/kube/registry.ts';
import type { SidecarStatus } from './state.ts';

export function renderMetrics(status: SidecarStatus): string {
  const registry = new Registry();
  const metrics = registerSidecarMetrics(registry);
  metrics.plan.set(1, status.hash ?? '', status.revision ?? '');
  metrics.refused.set(status.refused === null ? 0 : 1, status.refused?.code ?? '');
  metrics.plans.add(status.swaps.live, 'live');
  metrics.plans.add(status.swaps.refused, 'refused');
  if (status.lastSwapMs !== null) metrics.lastSwap.set(status.lastSwapMs / 1000);
  metrics.restarts.add(status.filterRestarts);
  metrics.draining.set(status.state === 'draining' ? 1 : 0);
  return registry.render();
}

export function registerSidecarMetrics(registry: Registry) {
  return {
    plan: registry.gauge(
      'sidegraph_sidecar_plan_info',
      'The plan that is served.',
      'hash',
      'revision',
    ),
    refused: registry.gauge(
      'sidegraph_sidecar_plan_refused',
      '1 while the mounted plan is refused.',
      'code',
    ),
    plans: registry.counter('sidegraph_sidecar_plans_total', 'Plans by outcome.', 'result'),
    lastSwap: registry.gauge(
      'sidegraph_sidecar_last_swap_seconds',
      'From the notice of a plan to its being live.',
    ),
    restarts: registry.counter(
      'sidegraph_sidecar_filter_restarts_total',
      'Restarts of the filter after its death.',
    ),
    draining: registry.gauge('sidegraph_sidecar_draining', '1 when the pod is ending.'),
  };
}
