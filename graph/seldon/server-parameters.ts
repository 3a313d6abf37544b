// What a prepackaged server is told in `PREDICTIVE_UNIT_PARAMETERS`: a unit's own parameters and those that Seldon's operator adds for
// the server behind it. TensorFlow's proxy takes no `model_uri`, MLServer's runtimes take none that they do not know.
import { findContainer, listUnits } from '../plan/deployment.ts';
import type { Parameter, Predictor, Unit } from '../plan/deployment.ts';

/** Where the storage initializer puts the artifact of a model. */
export const MODEL_DIR = '/mnt/models';

/** The server that speaks TensorFlow's protocol; behind protocol `seldon` a proxy is before it. */
export const TENSORFLOW_SERVER = 'TENSORFLOW_SERVER';

/** Ports of TensorFlow Serving beside its proxy, as Seldon has them; a second one in a pod takes the next two. */
export const TENSORFLOW_PORTS = { grpc: 2000, rest: 2001 } as const;

export function serverParameters(
  predictor: Predictor,
  unit: Unit,
  modelDir: string,
): readonly Parameter[] {
  if (unit.server === undefined || unit.protocol !== 'seldon') return unit.parameters;
  if (unit.server !== TENSORFLOW_SERVER)
    return [...unit.parameters, { name: 'model_uri', value: modelDir, type: 'STRING' }];
  const { grpc, rest } = tensorflowPorts(predictor, unit);
  const added = {
    rest_endpoint: `http://127.0.0.1:${rest}`,
    grpc_endpoint: `127.0.0.1:${grpc}`,
    model_name: unit.name,
  };
  const written = new Set(unit.parameters.map(({ name }) => name));
  return [
    ...unit.parameters,
    ...Object.entries(added)
      .filter(([name]) => !written.has(name))
      .map(([name, value]): Parameter => ({ name, value, type: 'STRING' })),
  ];
}

export function tensorflowPorts(
  predictor: Predictor,
  unit: Unit,
): { readonly grpc: number; readonly rest: number } {
  const { grpc, rest } = TENSORFLOW_PORTS;
  const position = tensorflowPosition(predictor, unit);
  return { grpc: grpc + 2 * position, rest: rest + 2 * position };
}

/** The how many-th TensorFlow Serving of its pod a unit has, from 0. */
export function tensorflowPosition(predictor: Predictor, unit: Unit): number {
  const pod = findContainer(predictor, unit.name)?.componentSpec;
  const beside = listUnits(predictor.graph).filter(
    ({ name, server }) =>
      server === TENSORFLOW_SERVER && findContainer(predictor, name)?.componentSpec === pod,
  );
  return Math.max(beside.indexOf(unit), 0);
}

/** The name under which TensorFlow Serving knows the model: what its proxy asks for. */
export function tensorflowModel(unit: Unit): string {
  return unit.parameters.find(({ name }) => name === 'model_name')?.value || unit.name;
}
