// The kinds of others that the operator makes objects of, as the chart's values ask for them. What is not asked for is neither watched
// nor made, so that no definition of theirs is needed and no right to them.
import type { KindRef } from '../../lib/kube/kinds.ts';
import type { OperatorConfig } from './workload-config.ts';

export const SCALED_OBJECT: KindRef = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' };
const ISTIO: readonly KindRef[] = [
  { apiVersion: 'networking.istio.io/v1beta1', kind: 'DestinationRule' },
  { apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService' },
];
const HTTP_ROUTE: KindRef = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
const GRPC_ROUTE: KindRef = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GRPCRoute' };

/** Kinds that lead requests to Services: they change when what they lead to serves. */
export const TRAFFIC_KINDS: readonly string[] = [...ISTIO, HTTP_ROUTE, GRPC_ROUTE].map(
  ({ kind }) => kind,
);

export function otherKinds(
  config: Pick<OperatorConfig, 'keda' | 'istio' | 'gatewayApi'>,
): readonly KindRef[] {
  const { keda, istio, gatewayApi } = config;
  return [
    ...(keda.enabled ? [SCALED_OBJECT] : []),
    ...(istio.enabled ? ISTIO : []),
    ...(gatewayApi.enabled ? [HTTP_ROUTE] : []),
    ...(gatewayApi.enabled && gatewayApi.grpcListener !== '' ? [GRPC_ROUTE] : []),
  ];
}
