// Requests that are traced go on to an internal listener that makes their spans and follows the same route table; the others are
// spared Envoy's tracer. Not where many are traced, since the way costs them more than the others save, nor where filters of the
// user's own run: those make spans of their calls, and may look at the client's connection, so that neither listener would do.
// There the clients' listeners trace, as Envoy does it.
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { isPassedOn } from '../../envoy/kit/passed-on.ts';
import { allOf, asPredicate, not } from '../../envoy/kit/predicates.ts';
import { tracedWays } from '../../envoy/kit/traced.ts';
import type { EnvoyTracing } from '../../envoy/kit/tracing.ts';
import { PUID_HEADER } from '../../graph/plan/names.ts';
import { MILLION, type TracingDefaults } from '../../graph/seldon/tracing.ts';
import { routeList } from './route-table.ts';

/** The internal listener, and the cluster that leads to it. Clusters of deployments have slashes in their names. */
export const TRACED_LISTENER = 'traced';

/** Up to this share: one that goes on costs Envoy 280,000 instructions more, and each that does not 35,000 to 43,000 less. */
const MAX_SHARE_PASSED_ON = 0.1 * MILLION;

export interface TracingLayout {
  /** Undefined: no traces. */
  readonly tracing: TracingDefaults | undefined;
  /** Extra HTTP filters before the router, as Envoy reads them: JWT, ext_authz. */
  readonly httpFilters: readonly EnvoyJson[];
}

/** Whether requests that are traced take a listener of their own. */
export function passesTracedOn({ tracing, httpFilters }: TracingLayout): boolean {
  return (
    tracing !== undefined && httpFilters.length === 0 && shareOf(tracing) <= MAX_SHARE_PASSED_ON
  );
}

/** What the route table asks of a request before it looks for its deployment. */
export function tracedMatches(layout: TracingLayout): EnvoyJson[] {
  if (layout.tracing === undefined || !passesTracedOn(layout)) return [];
  return tracedWays(TRACED_LISTENER, shareOf(layout.tracing)).map(({ headers, route }) => ({
    predicate: allOf([...headers.map(asPredicate), not(isPassedOn())]),
    // The table's retries are for ways to pods.
    on_match: routeList([{ ...route, route: { ...route.route, retry_policy: {} } }]),
  }));
}

/** The gateway's part of traces: what pods add are children of its calls. */
export function gatewayTracing(tracing: TracingDefaults): EnvoyTracing {
  return {
    url: tracing.url,
    samplingMillionths: shareOf(tracing),
    service: 'sidegraph-gateway',
    formats: tracing.formats,
    resource: {},
    tags: [{ tag: 'seldon.puid', request_header: { name: PUID_HEADER } }],
  };
}

function shareOf({ samplingPercent }: TracingDefaults): number {
  return Math.round((samplingPercent / 100) * MILLION);
}
