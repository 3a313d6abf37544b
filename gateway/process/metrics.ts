// What the agent counts.
import type { Counter, Gauge, Histogram, Registry } from '../../lib/kube/registry.ts';
import type { DiscoveryServer } from '../xds/server.ts';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface GatewayMetrics {
  readonly liveSeconds: Histogram;
  readonly refused: Counter;
  readonly conflicts: Gauge;
}

export function registerGatewayMetrics(
  registry: Registry,
  server: Pick<DiscoveryServer, 'connected'> & { readonly refusals: readonly unknown[] },
  countRefused: () => number,
): GatewayMetrics {
  registry
    .gauge(
      'sidegraph_gateway_refused_deployments',
      'Deployments that Envoy refuses as they are: not served, or as they were before.',
    )
    .read(countRefused);
  registry
    .gauge('sidegraph_gateway_envoys', 'Envoys that are subscribed.')
    .read(() => server.connected);
  registry
    .gauge('sidegraph_gateway_refused_resources', 'Resources that Envoy refuses now.')
    .read(() => server.refusals.length);
  return {
    liveSeconds: registry.histogram(
      'sidegraph_gateway_live_seconds',
      'From the first word of a change to its routes live in Envoy.',
      SECONDS,
    ),
    refused: registry.counter('sidegraph_gateway_refusals_total', 'Resources that Envoy refused.'),
    conflicts: registry.gauge(
      'sidegraph_gateway_conflicts',
      'Deployments whose path another one has.',
    ),
  };
}
