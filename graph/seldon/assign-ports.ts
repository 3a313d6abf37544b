// Hands out the ports of containers as Seldon's operator does (`defaults.go`): HTTP from 9000 and gRPC from 9500, one each
// for every distinct container name of the deployment, and metrics from 6000; a declared port of that name is kept.
import type { ContainerPorts } from '../plan/deployment.ts';
import { listWrittenUnits } from './written.ts';
import type { PortedContainer, PortedDeployment } from './written.ts';
import type { WrittenContainer, WrittenDeployment, WrittenPredictor } from './written.ts';
import { parseServer } from '../built-ins/table.ts';

/** Seldon's own; a cluster may have others. */
export const FIRST_PORTS: ContainerPorts = { http: 9000, grpc: 9500, metrics: 6000 };

export function assignPorts(
  deployment: WrittenDeployment,
  first: ContainerPorts,
): PortedDeployment {
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
  const predictors = deployment.predictors.map((predictor) => ({
    ...predictor,
    ported: [...predictor.containers.map(assign), ...serverContainers(predictor).map(assign)],
  }));
  return { ...deployment, predictors };
}

/** Containers that Seldon adds for prepackaged servers that the user wrote none for. */
function serverContainers(predictor: WrittenPredictor): WrittenContainer[] {
  const names = new Set(predictor.containers.map((container) => container.name));
  return listWrittenUnits(predictor.graph)
    .filter((unit) => parseServer(unit.implementation) !== undefined && !names.has(unit.name))
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
