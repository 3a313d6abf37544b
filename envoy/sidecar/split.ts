// The front route table of a deployment with several predictors: shares the requests by weight and copies them to
// shadows, untouched, before any predictor has seen them.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { keepForwardedFor, newPuid } from '../kit/filters/headers.ts';
import { explainerRoutes } from './explainers.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { DEFAULT_HOST } from '../kit/http-limits.ts';
import { fitsHttp2 } from '../kit/passed-on.ts';
import { mirrorPolicy, PARTS_PER_PERCENT } from '../kit/traffic.ts';
import { FRONT_ROUTES, predictorListener } from '../kit/names.ts';

/** True when one predictor takes everything and no other gets a copy: then there is no front hop. */
export function isSplit(deployment: DeploymentPlan): boolean {
  return deployment.predictors.length > 1;
}

export function frontRouteTable(deployment: DeploymentPlan): EnvoyJson {
  const serving = deployment.predictors.filter((each) => !each.shadow);
  const shadows = deployment.predictors.filter((each) => each.shadow && each.traffic > 0);
  const weights = serving.map((each) => Math.round(each.traffic * PARTS_PER_PERCENT));
  const idle = weights.every((weight) => weight === 0);
  const share = {
    route: {
      weighted_clusters: {
        clusters: serving.map((each, at) => ({
          name: predictorListener(each.plan.predictor),
          // Nobody named a share: the first takes all.
          weight: idle && at === 0 ? 1 : (weights[at] ?? 0),
        })),
      },
      timeout: '0s',
      ...(shadows.length === 0 ? {} : { request_mirror_policies: shadows.map(mirror) }),
    },
    request_headers_to_add: [newPuid()],
  };
  return {
    name: FRONT_ROUTES,
    virtual_hosts: [
      {
        name: FRONT_ROUTES,
        domains: ['*'],
        routes: [
          ...explainerRoutes(deployment),
          { ...share, match: { prefix: '/', headers: [fitsHttp2()] } },
          {
            ...share,
            match: { prefix: '/' },
            route: { ...share.route, host_rewrite_literal: DEFAULT_HOST },
          },
        ],
      },
    ],
  };
}

function mirror(shadow: DeploymentPlan['predictors'][number]): EnvoyJson {
  return mirrorPolicy(predictorListener(shadow.plan.predictor), shadow.traffic, {
    request_headers_mutations: [keepForwardedFor()],
  });
}
