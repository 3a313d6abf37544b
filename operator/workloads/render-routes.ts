// What ingresses beside our own gateway are told of a deployment, each where the chart's value asks for it: objects of Istio and of the
// Gateway API, and the annotations of Services that Ambassador reads.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { LABELS } from '../../cluster/names.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { AMBASSADOR_CONFIG, ambassadorConfig, explainerAmbassadorConfig } from './ambassador.ts';
import { objectLabels } from './labels.ts';
import type { PlacedPredictor } from './place-predictors.ts';
import { renderGatewayRoutes } from './render-gateway-api.ts';
import { renderIstio } from './render-istio.ts';
import { routeDeployment } from './routed.ts';

export function renderRoutes(
  deployment: Deployment,
  placed: readonly PlacedPredictor[],
  plans: readonly Plan[],
  config: OperatorConfig,
): KubeObject[] {
  const { istio, gatewayApi, clusterDomain } = config;
  if (!istio.enabled && !gatewayApi.enabled) return [];
  const routed = routeDeployment(deployment, placed, clusterDomain);
  if (routed === undefined) return [];
  const { [LABELS.predictor]: _, ...labels } = objectLabels(deployment.name, '');
  const deadlineMs = Math.max(...plans.map(({ policy }) => policy.deadlineMs));
  return [
    ...(istio.enabled ? renderIstio(routed, istio, labels) : []),
    ...(gatewayApi.enabled ? renderGatewayRoutes(routed, gatewayApi, labels, deadlineMs) : []),
  ];
}

/** The object with Ambassador's mappings, where it is the Service of a predictor or of an explainer. */
export function withMappings(
  object: KubeObject,
  deployment: Deployment,
  placed: readonly PlacedPredictor[],
  { ambassador, clusterDomain }: OperatorConfig,
): KubeObject {
  if (!ambassador.enabled || object.kind !== 'Service') return object;
  const routed = routeDeployment(deployment, placed, clusterDomain);
  for (const predictor of routed?.predictors ?? []) {
    if (routed === undefined) continue;
    const { name } = object.metadata;
    const config =
      predictor.service === name
        ? ambassadorConfig(routed, predictor, ambassador)
        : predictor.explainer?.service === name
          ? explainerAmbassadorConfig(routed, predictor)
          : undefined;
    if (config === undefined) continue;
    const annotations = { ...object.metadata.annotations, [AMBASSADOR_CONFIG]: config };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }
  return object;
}
