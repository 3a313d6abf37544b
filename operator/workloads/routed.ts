// What an ingress beside our own gateway has to know of a deployment: its predictors' Services and shares, its explainers, and the
// annotations that Seldon has for ingresses. The renderers of routes (Istio, Gateway API, Ambassador) see only this.
import { GRPC_PACKAGES } from '../../dialects/known/dialects.ts';
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { PlacedPredictor } from './place-predictors.ts';
import { predictorPorts } from './render-services.ts';
import type { ServicePorts } from './render-services.ts';
import { EXPOSURE_ANNOTATIONS, INGRESS_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

export interface RoutedDeployment {
  readonly name: string;
  readonly namespace: string;
  readonly clusterDomain: string;
  /** `spec.annotations` over those of the object. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Hosts that it is served under; empty for all. */
  readonly hosts: readonly string[];
  readonly predictors: readonly RoutedPredictor[];
}

export interface RoutedPredictor {
  readonly name: string;
  readonly service: string;
  readonly ports: ServicePorts;
  /** Percent; of a shadow: of the copied requests. */
  readonly traffic: number;
  readonly shadow: boolean;
  /** Value of the label `version` on its pods. */
  readonly version: string;
  readonly explainer: { readonly service: string; readonly port: number } | undefined;
}

/** Undefined for one that is not to be exposed. */
export function routeDeployment(
  deployment: Deployment,
  placed: readonly PlacedPredictor[],
  clusterDomain: string,
): RoutedDeployment | undefined {
  const { name, namespace, annotations } = deployment;
  if (annotations[EXPOSURE_ANNOTATIONS.expose] === 'none') return undefined;
  return {
    name,
    namespace,
    clusterDomain,
    annotations,
    hosts: readHosts(
      annotations[EXPOSURE_ANNOTATIONS.hosts] ?? annotations[INGRESS_ANNOTATIONS.istioHost] ?? '',
    ),
    predictors: placed.map((own) => ({
      name: own.predictor.name,
      service: own.key,
      ports: predictorPorts(own),
      traffic: own.predictor.traffic,
      shadow: own.predictor.shadow,
      version: own.predictor.labels['version'] ?? own.predictor.name,
      explainer:
        own.explainerName === undefined || own.predictor.explainer === undefined
          ? undefined
          : {
              service: own.explainerName,
              port: own.predictor.explainer.container.ports.http,
            },
    })),
  };
}

function readHosts(text: string): readonly string[] {
  const hosts = text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  return hosts.includes('*') ? [] : [...new Set(hosts)].sort();
}

/** Path below which it is served. */
export function routedPrefix({ namespace, name }: RoutedDeployment): string {
  return `/seldon/${namespace}/${name}/`;
}

export function explainerPrefix(
  { namespace, name }: RoutedDeployment,
  predictor: RoutedPredictor,
): string {
  return `/seldon/${namespace}/${name}-explainer/${predictor.name}/`;
}

/** RE2 over the paths of gRPC that deployments serve. */
export function grpcPaths(): string {
  return `/(${GRPC_PACKAGES.map((name) => name.replaceAll('.', '[.]')).join('|')})[.].*`;
}

/** An annotation with a whole number from 1 on; undefined for none. */
export function annotatedCount(
  annotations: Readonly<Record<string, string>>,
  name: string,
): number | undefined {
  const text = annotations[name]?.trim() ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
