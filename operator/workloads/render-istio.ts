// Renders what Istio routes a deployment by: a VirtualService of its name and a DestinationRule for each predictor, as Seldon's operator
// does. REST is matched by its prefix, gRPC by the headers `seldon` and `namespace`.
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { suffixedName } from '../../cluster/object-names.ts';
import type { IstioSettings } from '../config/workload-config.ts';
import type { Labels } from './labels.ts';
import { annotatedCount, explainerPrefix, grpcPaths, routedPrefix } from './routed.ts';
import type { RoutedDeployment, RoutedPredictor } from './routed.ts';
import { INGRESS_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

const API_VERSION = 'networking.istio.io/v1beta1';
const RETRY_ON = 'gateway-error,connect-failure,refused-stream';
/** Sidecars close idle connections after 65 s; the side that dials must be first. */
const IDLE = '60s';

export function renderIstio(
  routed: RoutedDeployment,
  settings: IstioSettings,
  labels: Labels,
): KubeObject[] {
  const explained = routed.predictors.filter(({ explainer }) => explainer !== undefined);
  return [
    ...routed.predictors.map((predictor) => renderRule(routed, predictor, settings, labels)),
    virtualService(routed, settings, labels, routed.name, [
      {
        match: [{ uri: { prefix: routedPrefix(routed) } }],
        ...rewrite(),
        ...routes(routed, 'http'),
      },
      {
        match: [
          {
            uri: { regex: grpcPaths() },
            headers: { seldon: { exact: routed.name }, namespace: { exact: routed.namespace } },
          },
        ],
        ...routes(routed, 'grpc'),
      },
    ]),
    ...explained.map((predictor) => renderExplainer(routed, predictor, settings, labels)),
  ];
}

function renderRule(
  routed: RoutedDeployment,
  { name, service, version }: RoutedPredictor,
  { tlsMode }: IstioSettings,
  labels: Labels,
): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'DestinationRule',
    metadata: { name: service, labels },
    spec: {
      host: hostOf(routed, service),
      subsets: [{ name, labels: { version } }],
      trafficPolicy: {
        connectionPool: { http: { idleTimeout: IDLE } },
        ...(tlsMode === '' ? {} : { tls: { mode: tlsMode } }),
      },
    },
  };
}

function virtualService(
  { annotations, hosts }: RoutedDeployment,
  { gateway }: IstioSettings,
  labels: Labels,
  name: string,
  http: readonly JsonObject[],
): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'VirtualService',
    metadata: { name, labels },
    spec: {
      hosts: hosts.length === 0 ? ['*'] : hosts,
      gateways: [annotations[INGRESS_ANNOTATIONS.istioGateway] || gateway],
      http,
    },
  };
}

function rewrite(): JsonObject {
  return { rewrite: { uri: '/' } };
}

function routes(routed: RoutedDeployment, port: 'http' | 'grpc'): JsonObject {
  const destinationOf = ({ name, service, ports }: RoutedPredictor): JsonObject => ({
    host: hostOf(routed, service),
    subset: name,
    port: { number: ports[port] },
  });
  const shadow = routed.predictors.find((predictor) => predictor.shadow);
  const attempts = annotatedCount(routed.annotations, INGRESS_ANNOTATIONS.istioRetries);
  const seconds = annotatedCount(routed.annotations, INGRESS_ANNOTATIONS.istioRetriesTimeout) ?? 1;
  return {
    route: routed.predictors
      .filter((predictor) => !predictor.shadow)
      .map((predictor) => ({
        destination: destinationOf(predictor),
        weight: predictor.traffic,
      })),
    ...(shadow === undefined
      ? {}
      : { mirror: destinationOf(shadow), mirrorPercentage: { value: shadow.traffic } }),
    ...(attempts === undefined
      ? {}
      : { retries: { attempts, perTryTimeout: `${seconds}s`, retryOn: RETRY_ON } }),
  };
}

function renderExplainer(
  routed: RoutedDeployment,
  predictor: RoutedPredictor,
  settings: IstioSettings,
  labels: Labels,
): KubeObject {
  const { service = '', port = 0 } = predictor.explainer ?? {};
  const destination = { host: hostOf(routed, service), port: { number: port } };
  return virtualService(routed, settings, labels, suffixedName(service, '-http'), [
    {
      match: [{ uri: { prefix: explainerPrefix(routed, predictor) } }],
      ...rewrite(),
      route: [{ destination }],
    },
  ]);
}

function hostOf({ namespace, clusterDomain }: RoutedDeployment, service: string): string {
  return `${service}.${namespace}.svc.${clusterDomain}`;
}
