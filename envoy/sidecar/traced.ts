// Requests that are traced go on to a listener of their own, which is the predictor's once more and makes spans; side calls of theirs
// through Envoy to another of egress. Spans that nobody gets cost a walk a sixth of Envoy's work; so the
// predictor's own listener makes none, and decides by its first match who goes on.
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { isNotPassedOn } from '../kit/passed-on.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { TAP_FILTER, TRACED_EGRESS_LISTENER, tracedListener } from '../kit/names.ts';
import { passOn, tracedWays } from '../kit/traced.ts';
import { isSampledByCaller } from '../kit/tracing.ts';
import { switchedOff, withoutCloudEvents } from './route-parts.ts';

export function isTraced({ predictors }: DeploymentPlan): boolean {
  return predictors.some(({ plan }) => plan.tracing !== undefined);
}

/** Routes of the predictor's own table, before those of all that clients ask for. */
export function tracedRoutes({ predictor, tracing }: Plan): EnvoyJson[] {
  if (tracing === undefined) return [];
  return tracedWays(tracedListener(predictor), tracing.samplingMillionths).map(
    ({ headers, route }) => ({
      ...route,
      match: { prefix: '/', headers },
      typed_per_filter_config: { ...withoutCloudEvents(), ...switchedOff(TAP_FILTER) },
    }),
  );
}

/** The first route to a unit in the table of egress, which both of its listeners follow. */
export function tracedCalls({ tracing }: Plan): EnvoyJson[] {
  if (tracing === undefined) return [];
  const headers = [isNotPassedOn(), ...isSampledByCaller()];
  return [{ ...passOn(TRACED_EGRESS_LISTENER), match: { prefix: '/', headers } }];
}
