// SeldonDeployments, Services and EndpointSlices for tests, as the API server would hold them.
import type { KubeObject } from '../../lib/kube/object.ts';
import { renderPart, type DeploymentPart } from '../config/deployment-part.ts';
import { readServed } from '../config/read-deployment.ts';

export interface PredictorSketch {
  readonly name: string;
  readonly traffic?: number;
  readonly shadow?: boolean;
  /** Addresses of its ready pods. */
  readonly pods?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ssl?: { readonly certSecretName: string };
}

export interface DeploymentSketch {
  readonly namespace: string;
  readonly name: string;
  readonly createdAt?: string;
  readonly protocol?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly predictors: readonly PredictorSketch[];
  /** Predictors that are no longer in the spec but whose Services are there. */
  readonly former?: readonly PredictorSketch[];
}

export interface Ports {
  readonly http: number;
  readonly grpc: number;
}

const SIDECAR_PORTS: Ports = { http: 8000, grpc: 5001 };

export function sketchDeployment(sketch: DeploymentSketch): KubeObject {
  const { namespace, name } = sketch;
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: {
      namespace,
      name,
      uid: `uid-${namespace}-${name}`,
      creationTimestamp: sketch.createdAt ?? '2026-01-01T00:00:00Z',
    },
    spec: {
      ...(sketch.protocol === undefined ? {} : { protocol: sketch.protocol }),
      annotations: sketch.annotations ?? {},
      predictors: sketch.predictors.map(({ pods: _pods, ...predictor }) => ({
        ...predictor,
        graph: { name: 'model' },
      })),
    },
  };
}

export function sketchServices(sketch: DeploymentSketch, ports = SIDECAR_PORTS): KubeObject[] {
  return predictorsOf(sketch).map((predictor) =>
    sketchService(sketch, `${sketch.name}-${predictor.name}`, ports),
  );
}

function sketchService(
  { namespace, name: deployment }: DeploymentSketch,
  name: string,
  ports: Ports,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name,
      uid: `uid-${namespace}-${name}-service`,
      ownerReferences: [
        {
          apiVersion: 'machinelearning.seldon.io/v1',
          kind: 'SeldonDeployment',
          name: deployment,
          uid: `uid-${namespace}-${deployment}`,
          controller: true,
        },
      ],
    },
    spec: {
      selector: { 'seldon-app': name },
      ports: [
        { name: 'http', port: 8000, targetPort: ports.http },
        { name: 'grpc', port: 5001, targetPort: ports.grpc },
      ],
    },
  };
}

export function sketchSlice(
  service: KubeObject,
  pods: readonly string[],
  ports = SIDECAR_PORTS,
): KubeObject {
  const { namespace = '', name, uid = '' } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${name}-abcde`,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true }],
    },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: ports.http },
      { name: 'grpc', port: ports.grpc },
    ],
    endpoints: pods.map((ip) => ({
      addresses: [ip],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', namespace, name: `pod-${ip}` },
    })),
  };
}

/** The part that the gateway renders for a sketch, pods wherever they are. */
export function sketchPart(sketch: DeploymentSketch, ports = SIDECAR_PORTS): DeploymentPart {
  const { served } = readServed(sketchDeployment(sketch));
  if (served === undefined) throw new Error(`${sketch.name} is not served`);
  const at = (pods: readonly string[], port: number) =>
    pods.map((ip) => ({ name: `pod-${ip}`, ip, port }));
  const backends = predictorsOf(sketch).map(({ name, pods = [] }) => ({
    service: `${sketch.name}-${name}`,
    rest: at(pods, ports.http),
    grpc: at(pods, ports.grpc),
    isPredictor: true,
  }));
  return renderPart(served, backends);
}

function predictorsOf(sketch: DeploymentSketch): readonly PredictorSketch[] {
  return [...sketch.predictors, ...(sketch.former ?? [])];
}
