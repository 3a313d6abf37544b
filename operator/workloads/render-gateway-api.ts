// Renders what a Gateway of the Gateway API routes a deployment by: an HTTPRoute and, where a listener for gRPC is named, a GRPCRoute.
// A listener takes one of the two for a host, so that without one of its own gRPC stays with our gateway.
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { GatewayApiSettings } from '../config/workload-config.ts';
import type { Labels } from './labels.ts';
import { explainerPrefix, routedPrefix } from './routed.ts';
import type { RoutedDeployment } from './routed.ts';

const API_VERSION = 'gateway.networking.k8s.io/v1';

export function renderGatewayRoutes(
  routed: RoutedDeployment,
  settings: GatewayApiSettings,
  labels: Labels,
  deadlineMs: number,
): KubeObject[] {
  const timeouts = { request: `${Math.ceil(deadlineMs / 1000)}s` };
  const http = routeOf('HTTPRoute', routed, settings, settings.listener, labels, [
    {
      matches: [pathBelow(routedPrefix(routed))],
      filters: [stripPrefix(), ...mirrors(routed, 'http')],
      backendRefs: backends(routed, 'http'),
      timeouts,
    },
    ...routed.predictors.flatMap((predictor) =>
      predictor.explainer === undefined
        ? []
        : [
            {
              matches: [pathBelow(explainerPrefix(routed, predictor))],
              filters: [stripPrefix()],
              backendRefs: [{ name: predictor.explainer.service, port: predictor.explainer.port }],
              timeouts,
            },
          ],
    ),
  ]);
  if (settings.grpcListener === '') return [http];
  const grpc = routeOf('GRPCRoute', routed, settings, settings.grpcListener, labels, [
    {
      matches: [
        {
          headers: [
            { name: 'seldon', value: routed.name },
            { name: 'namespace', value: routed.namespace },
          ],
        },
      ],
      ...(mirrors(routed, 'grpc').length === 0 ? {} : { filters: mirrors(routed, 'grpc') }),
      backendRefs: backends(routed, 'grpc'),
    },
  ]);
  return [http, grpc];
}

function routeOf(
  kind: 'HTTPRoute' | 'GRPCRoute',
  { name, hosts }: RoutedDeployment,
  { gateway }: GatewayApiSettings,
  listener: string,
  labels: Labels,
  rules: readonly JsonObject[],
): KubeObject {
  const [namespace = '', parent = ''] = gateway.split('/');
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, labels },
    spec: {
      parentRefs: [
        { name: parent, namespace, ...(listener === '' ? {} : { sectionName: listener }) },
      ],
      ...(hosts.length === 0 ? {} : { hostnames: hosts }),
      rules,
    },
  };
}

function pathBelow(value: string): JsonObject {
  return { path: { type: 'PathPrefix', value } };
}

function stripPrefix(): JsonObject {
  const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' };
  return { type: 'URLRewrite', urlRewrite: { path } };
}

function backends({ predictors }: RoutedDeployment, port: 'http' | 'grpc'): JsonObject[] {
  return predictors
    .filter(({ shadow }) => !shadow)
    .map(({ service, ports, traffic }) => ({ name: service, port: ports[port], weight: traffic }));
}

function mirrors({ predictors }: RoutedDeployment, port: 'http' | 'grpc'): JsonObject[] {
  return predictors
    .filter(({ shadow }) => shadow)
    .map(({ service, ports, traffic }) => ({
      type: 'RequestMirror',
      requestMirror: {
        backendRef: { name: service, port: ports[port] },
        ...(traffic === 100 ? {} : { percent: traffic }),
      },
    }));
}
