// Renders the Services: one for each predictor, one for each unit's container. Target ports are numbers, so that pods of Seldon's
// orchestrator and pods with Envoy can stand behind one Service while the one takes over from the other.
import { PORTS, SELDON_ANNOTATIONS, SELDON_LABELS } from '../names.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Labels } from './labels.ts';
import type {
  ContainerService,
  JoinedUnit,
  PlacedContainer,
  PlacedPredictor,
} from './place-predictors.ts';

export interface ServicePorts {
  readonly http: number;
  readonly grpc: number;
}

/** Those of the data plane or, without an engine, of the only unit's container. */
export function predictorPorts(placed: PlacedPredictor): ServicePorts {
  if (placed.engine) return { http: PORTS.http, grpc: PORTS.grpc };
  for (const { containers } of placed.components) {
    const home = containers.find(({ unit }) => unit !== null);
    if (home !== undefined) return home.container.ports;
  }
  return { http: PORTS.http, grpc: PORTS.grpc };
}

export function renderPredictorService(
  placed: PlacedPredictor,
  annotations: Readonly<Record<string, string>>,
  labels: Labels,
): KubeObject {
  const headless = annotations[SELDON_ANNOTATIONS.headlessService] ?? 'false';
  return renderService(
    placed.key,
    { ...labels, [SELDON_LABELS.app]: placed.key },
    { [SELDON_LABELS.app]: placed.key },
    predictorPorts(placed),
    headless !== 'false',
  );
}

/** Undefined for a container that is no unit. */
export function renderContainerService(
  { container, service }: PlacedContainer,
  labels: Labels,
): KubeObject | undefined {
  return service === null ? undefined : renderUnitService(service, container.ports, labels);
}

/** Leads to pods that others make, by the label that the webhook gives them. */
export function renderJoinedService({ unit, service }: JoinedUnit, labels: Labels): KubeObject {
  const { httpPort: http = 0, grpcPort: grpc = 0 } = unit.endpoint ?? {};
  return renderUnitService(service, { http, grpc }, labels);
}

function renderUnitService(
  service: ContainerService,
  ports: ServicePorts,
  labels: Labels,
): KubeObject {
  const own = { [service.labelKey]: service.name };
  return renderService(service.name, { ...labels, ...own }, own, ports, false);
}

function renderService(
  name: string,
  labels: Labels,
  selector: Labels,
  { http, grpc }: ServicePorts,
  headless: boolean,
): KubeObject {
  const port = (portName: string, number: number) => ({
    name: portName,
    port: number,
    protocol: 'TCP',
    targetPort: number,
  });
  // Kubernetes keys the list by number: a server that takes both on one port has one entry.
  const ports = http === grpc ? [port('http', http)] : [port('http', http), port('grpc', grpc)];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { ...(headless ? { clusterIP: 'None' } : {}), type: 'ClusterIP', selector, ports },
  };
}
