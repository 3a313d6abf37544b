// Renders the Services: one for each predictor, one for each unit's container. Target ports are numbers, so that pods of Seldon's
// orchestrator and pods with Envoy can be behind one Service while the one takes over from the other. While a container moves to
// another port they are names (reconcile/stage-service.ts).
import { PORTS, SELDON_LABELS } from '../../cluster/names.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Unit } from '../../graph/plan/deployment.ts';
import { ownAnnotations } from './annotations.ts';
import { unitLabels } from './labels.ts';
import type { Labels } from './labels.ts';
import type {
  ContainerService,
  JoinedUnit,
  PlacedContainer,
  PlacedPredictor,
} from './place-predictors.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

export interface ServicePorts {
  readonly http: number;
  readonly grpc: number;
}

/** Those of the data plane or, without an engine, of the only unit's container. */
export function predictorPorts(placed: PlacedPredictor): ServicePorts {
  if (placed.engine) return { http: PORTS.http, grpc: PORTS.grpc };
  for (const { containers } of placed.components) {
    const home = containers.find(({ unit }) => unit !== undefined);
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
  const own = { [SELDON_LABELS.app]: placed.key };
  return renderService({
    name: placed.key,
    labels: { ...labels, ...(placed.engine ? {} : roleLabels(placed)), ...own },
    annotations: ownAnnotations(placed.predictor.annotations),
    selector: own,
    ports: predictorPorts(placed),
    headless: headless !== 'false',
  });
}

/** Undefined for a container that is no unit. */
export function renderContainerService(
  placed: PlacedPredictor,
  { container, unit, service }: PlacedContainer,
  labels: Labels,
): KubeObject | undefined {
  if (service === undefined || unit === undefined) return undefined;
  return renderUnitService(placed, unit, service, container.ports, labels);
}

/** Leads to pods that others make, by the label that the webhook gives them. */
export function renderJoinedService(
  placed: PlacedPredictor,
  { unit, service }: JoinedUnit,
  labels: Labels,
): KubeObject {
  const { httpPort: http = 0, grpcPort: grpc = 0 } = unit.endpoint ?? {};
  return renderUnitService(placed, unit, service, { http, grpc }, labels);
}

/** With the labels by which monitors and tools of Seldon's users find a predictor's Services, and those of one role. */
function renderUnitService(
  placed: PlacedPredictor,
  unit: Unit,
  service: ContainerService,
  ports: ServicePorts,
  labels: Labels,
): KubeObject {
  const own = { [service.labelKey]: service.name };
  const roles = unitLabels(placed.predictor, [unit]);
  return renderService({
    name: service.name,
    labels: { ...labels, ...roles, [SELDON_LABELS.app]: placed.key, ...own },
    annotations: ownAnnotations(placed.predictor.annotations),
    selector: own,
    ports,
    headless: false,
  });
}

/** Without an engine the predictor's Service is that of its unit. */
function roleLabels({ predictor, components }: PlacedPredictor): Labels {
  const units = components.flatMap(({ containers }) =>
    containers.flatMap(({ unit }) => unit ?? []),
  );
  return unitLabels(predictor, units);
}

export interface ServiceParts {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly selector: Labels;
  readonly ports: ServicePorts;
  readonly headless: boolean;
}

export function renderService(parts: ServiceParts): KubeObject {
  const { name, labels, annotations, selector, headless } = parts;
  const { http, grpc } = parts.ports;
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
    metadata: {
      name,
      labels,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: { ...(headless ? { clusterIP: 'None' } : {}), type: 'ClusterIP', selector, ports },
  };
}
