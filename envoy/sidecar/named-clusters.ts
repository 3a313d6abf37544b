// A unit that is reached by a name, as three clusters: two that resolve the name, each in its way, behind one that routes name.
// `each` has an endpoint for each address, so that several share the load. An address that takes no connection is left out for a
// while, and there is none while the name does not resolve. Then, and for the one more try after a connection that was not made, `any` is
// used: one endpoint that keeps its last addresses, of both families, and tries them one after the other, as Go's dialler does.
import type { EnvoyJson } from '../kit/json.ts';
import { duration, typed } from '../kit/json.ts';
import {
  DEAD_ADDRESS_FAILURES,
  DEAD_ADDRESS_MAX_MS,
  DEAD_ADDRESS_MS,
  DNS_REFRESH_MS,
  DNS_TIMEOUT_SECONDS,
  DNS_TRIES,
} from '../kit/limits.ts';

/** Percent; with it one living address of a thousand takes all. */
const OVERPROVISIONED = 100_000;

/** `content`: what all three have; `statName`: what statistics call the first. */
export function namedClusters(
  name: string,
  statName: string,
  content: EnvoyJson,
  endpoint: EnvoyJson,
): EnvoyJson[] {
  const part = (suffix: string, policy: EnvoyJson): EnvoyJson => ({
    name: `${name}/${suffix}`,
    ...content,
    alt_stat_name: `${statName}_${suffix}`,
    load_assignment: {
      cluster_name: `${name}/${suffix}`,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint } }] }],
      ...policy,
    },
  });
  const all = { policy: { overprovisioning_factor: OVERPROVISIONED } };
  return [
    {
      name,
      ...content,
      alt_stat_name: statName,
      lb_policy: 'CLUSTER_PROVIDED',
      cluster_type: {
        name: 'envoy.clusters.aggregate',
        typed_config: typed('envoy.extensions.clusters.aggregate.v3.ClusterConfig', {
          clusters: [`${name}/each`, `${name}/any`],
        }),
      },
    },
    // IPv4 first: what listens on one family only mostly listens on that.
    {
      ...part('each', all),
      // A start waits for `any` alone, which asks for both families at a time: this one asks for one after the other.
      wait_for_warm_on_init: false,
      cluster_type: resolving('V4_PREFERRED', false),
      ...leaveOutDead(),
    },
    { ...part('any', {}), cluster_type: resolving('ALL', true) },
  ];
}

/** What Envoy keeps while a name does not resolve depends on `oneEndpoint`: a response without addresses empties the other (seen on 1.40). */
function resolving(family: 'V4_PREFERRED' | 'ALL', oneEndpoint: boolean): EnvoyJson {
  return {
    name: 'envoy.clusters.dns',
    typed_config: typed('envoy.extensions.clusters.dns.v3.DnsCluster', {
      dns_lookup_family: family,
      all_addresses_in_single_endpoint: oneEndpoint,
      respect_dns_ttl: true,
      typed_dns_resolver_config: {
        name: 'envoy.network.dns_resolver.cares',
        typed_config: typed(
          'envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
          { query_timeout_seconds: DNS_TIMEOUT_SECONDS, query_tries: DNS_TRIES },
        ),
      },
      dns_refresh_rate: duration(DNS_REFRESH_MS),
      dns_min_refresh_rate: duration(DNS_REFRESH_MS),
      dns_failure_refresh_rate: {
        base_interval: duration(DNS_REFRESH_MS),
        max_interval: duration(DNS_REFRESH_MS),
      },
    }),
  };
}

/** Only what says that an address is dead counts, never what a unit answers. */
function leaveOutDead(): EnvoyJson {
  return {
    outlier_detection: {
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: DEAD_ADDRESS_FAILURES,
      enforcing_consecutive_5xx: 0,
      enforcing_consecutive_gateway_failure: 0,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: '1s',
      base_ejection_time: duration(DEAD_ADDRESS_MS),
      max_ejection_time: duration(DEAD_ADDRESS_MAX_MS),
      max_ejection_percent: 100,
    },
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
}
