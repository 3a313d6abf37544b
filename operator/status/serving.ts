// What Seldon's clients look up in a status: its Deployments and Services by name, the address, the numbers of the scale subresource.
import { specOf } from '../observe/fields.ts';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { isPlainObject, numberOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { judgeRollout, selectorText } from '../observe/rollout.ts';
import type { PredictorWorkload } from '../workloads/workloads.ts';

export interface DeploymentEntry {
  readonly name: string;
  readonly status: 'Available' | 'Creating' | 'Failed';
  readonly description: string;
  readonly replicas: number;
  readonly availableReplicas: number;
}

export function deploymentEntry(name: string, live: KubeObject | undefined): DeploymentEntry {
  if (live === undefined)
    return { name, status: 'Creating', description: '', replicas: 0, availableReplicas: 0 };
  const { state, message, replicas, available } = judgeRollout(live);
  return { name, status: state, description: message, replicas, availableReplicas: available };
}

export interface ServiceEntry {
  readonly svcName: string;
  readonly httpEndpoint?: string;
  readonly grpcEndpoint?: string;
}

/** Host and port of each protocol that the Service has a port for. */
export function serviceEntry(service: KubeObject): ServiceEntry {
  const { name, namespace = '' } = service.metadata;
  const endpoint = (protocol: string): string | undefined => {
    const port = objectsOf(specOf(service)['ports']).find(
      (each) => textOf(each['name']) === protocol,
    );
    return port === undefined ? undefined : `${name}.${namespace}:${numberOf(port['port'])}`;
  };
  const http = endpoint('http');
  const grpc = endpoint('grpc');
  return {
    svcName: name,
    ...(http === undefined ? {} : { httpEndpoint: http }),
    ...(grpc === undefined ? {} : { grpcEndpoint: grpc }),
  };
}

/** Always that of the first predictor, with Seldon's path, as Seldon writes it; which says http even where TLS is spoken. */
export function renderAddress(
  predictor: PredictorWorkload,
  namespace: string,
  clusterDomain: string,
): { readonly url: string } {
  const { serviceName, ports, isEncrypted } = predictor;
  const host = `${serviceName}.${namespace}.svc.${clusterDomain}`;
  return { url: `${isEncrypted ? 'https' : 'http'}://${host}:${ports.http}${SELDON.example.path}` };
}

/** Why `kubectl scale`, which writes spec.replicas, changes nothing; '' where it does. As for Seldon, what is nearer to the pod wins. */
export function whyUnscalable(
  object: KubeObject,
  isOne: boolean,
): { readonly reason: string; readonly words: string } | undefined {
  if (!isOne) {
    const words = 'one number cannot scale several Deployments; give the components an hpaSpec';
    return { reason: 'SeveralDeployments', words };
  }
  const [predictor = {}] = objectsOf(specOf(object)['predictors']);
  const components = objectsOf(predictor['componentSpecs']);
  if (components.some((each) => isPlainObject(each['hpaSpec'])))
    return { reason: 'Autoscaled', words: 'its hpaSpec says how many pods there are' };
  const places = [
    ...(typeof predictor['replicas'] === 'number' ? ['spec.predictors[0].replicas'] : []),
    ...components.flatMap((each, index) =>
      typeof each['replicas'] === 'number'
        ? [`spec.predictors[0].componentSpecs[${index}].replicas`]
        : [],
    ),
  ];
  if (places.length === 0) return undefined;
  const words = `kubectl scale writes spec.replicas, and ${places.join(', ')} goes before it; remove that to scale with kubectl`;
  return { reason: 'ReplicasWritten', words };
}

export interface Scale {
  readonly replicas: number;
  readonly selector: string;
  /** False where one number cannot scale it. */
  readonly isScalable: boolean;
}

/** Of one Deployment its own; of several the sum, which no selector can stand for. */
export function renderScale(deployments: readonly (KubeObject | undefined)[]): Scale {
  const live = deployments.filter((each) => each !== undefined);
  const replicas = live.reduce((sum, each) => sum + judgeRollout(each).replicas, 0);
  const [only] = live;
  const isScalable = deployments.length === 1;
  return {
    replicas,
    selector: isScalable && only !== undefined ? selectorText(only) : '',
    isScalable,
  };
}
