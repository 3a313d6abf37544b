// Requests that are traced go on to a listener of their own, which is the predictor's once more and makes spans; side calls of theirs
// through Envoy to another of egress. Envoy makes spans of
// every request of a listener that traces, sampled or not, and those that nobody gets cost a walk a sixth of Envoy's work; so the
// predictor's own listener makes none, and decides by its first match who goes on.
import { TRACE_HEADER } from '../../graph/plan/names.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { isNotPassedOn, passedOn } from '../kit/passed-on.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { TAP_FILTER, TRACED_EGRESS_LISTENER, tracedListener } from '../kit/names.ts';
import { isDrawn, isSampledByCaller } from '../kit/tracing.ts';
import { switchedOff, withoutCloudEvents } from './route-parts.ts';

export function isTraced({ predictors }: DeploymentPlan): boolean {
  return predictors.some(({ plan }) => plan.tracing !== undefined);
}

/** Routes of the predictor's own table, before those of all that clients ask for. */
export function tracedRoutes(plan: Plan): EnvoyJson[] {
  if (plan.tracing === undefined) return [];
  const { samplingMillionths } = plan.tracing;
  return [
    // The made context says a span that there is not: the trace begins where the request goes on to.
    ...(samplingMillionths === 0
      ? []
      : [
          {
            ...request(plan, isDrawn(samplingMillionths)),
            request_headers_to_remove: [TRACE_HEADER],
          },
        ]),
    request(plan, isSampledByCaller()),
  ];
}

/** As it came: whatever Sidegraph does with a request is done at the listener that it goes to. */
function request({ predictor }: Plan, headers: readonly EnvoyJson[]): EnvoyJson {
  return {
    ...passOn(tracedListener(predictor), headers),
    typed_per_filter_config: { ...withoutCloudEvents(), ...switchedOff(TAP_FILTER) },
  };
}

/** The first route to a unit in the table of egress, which both of its listeners follow. */
export function tracedCalls({ tracing }: Plan): EnvoyJson[] {
  if (tracing === undefined) return [];
  return [passOn(TRACED_EGRESS_LISTENER, [isNotPassedOn(), ...isSampledByCaller()])];
}

function passOn(listener: string, headers: readonly EnvoyJson[]): EnvoyJson {
  return {
    name: 'traced',
    match: { prefix: '/', headers },
    route: { cluster: listener, timeout: '0s' },
    request_headers_to_add: [passedOn()],
  };
}
