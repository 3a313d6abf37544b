// Hands out the ports of containers as Seldon's operator does (`defaults.go`): HTTP from 9000 and gRPC from 9500, one each
// for every distinct container name of the deployment, and metrics from 6000; a declared port of that name is kept.
import type { ContainerPorts } from '../plan/deployment.ts';
import { listWrittenUnits } from './written.ts';
import type { WrittenContainer, WrittenDeployment, WrittenPredictor } from './written.ts';
import { parseServer } from '../plan/words.ts';

/** Seldon's own; its operator reads others from its environment. */
const FIRST_PORTS: ContainerPorts = { http: 9000, grpc: 9500, metrics: 6000 };

/** The first port of each kind, from the environment of the operator. */
export function parseFirstPorts(env: Readonly<Record<string, string | undefined>>): ContainerPorts {
  const read = (variable: string, standard: number): number => {
    const text = env[variable] ?? '';
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port >= 1 && port <= 65_535 ? port : standard;
  };
  return {
    http: read('PREDICTIVE_UNIT_HTTP_SERVICE_PORT', FIRST_PORTS.http),
    grpc: read('PREDICTIVE_UNIT_GRPC_SERVICE_PORT', FIRST_PORTS.grpc),
    metrics: read('PREDICTIVE_UNIT_METRICS_SERVICE_PORT', FIRST_PORTS.metrics),
  };
}

/** The containers of a predictor with those that its prepackaged servers add, and the ports of each. */
export interface PortedContainer {
  readonly container: WrittenContainer;
  readonly ports: ContainerPorts;
}

/** One list for each predictor, in their order. */
export function assignPorts(
  deployment: WrittenDeployment,
  first: ContainerPorts,
): PortedContainer[][] {
  const numbers = new Map<string, number>();
  let metrics = 0;
  const assign = (container: WrittenContainer): PortedContainer => {
    const number = numbers.get(container.name) ?? numbers.size;
    numbers.set(container.name, number);
    const declared = (name: string): number | undefined =>
      container.ports.find((port) => port.name === name)?.port;
    const http = declared('http') ?? first.http + number;
    const grpc = declared('grpc') ?? first.grpc + number;
    const ownMetrics = declared('metrics');
    if (ownMetrics === undefined) metrics += 1;
    return {
      container,
      ports: { http, grpc, metrics: ownMetrics ?? first.metrics + metrics - 1 },
    };
  };
  return deployment.predictors.map((predictor) => [
    ...predictor.containers.map(assign),
    ...serverContainers(predictor).map(assign),
  ]);
}

/** Containers that Seldon adds for prepackaged servers that the user wrote none for. */
function serverContainers(predictor: WrittenPredictor): WrittenContainer[] {
  const names = new Set(predictor.containers.map((container) => container.name));
  return listWrittenUnits(predictor.graph)
    .filter((unit) => parseServer(unit.implementation) !== null && !names.has(unit.name))
    .map((unit) => ({
      path: unit.path,
      componentSpec: 0,
      name: unit.name,
      image: '',
      command: [],
      args: [],
      workingDir: '',
      env: [],
      envFrom: [],
      ports: [],
    }));
}
