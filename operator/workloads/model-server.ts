// The containers of a prepackaged server: what is filled into the unit's own, and the one beside it that holds the model where the
// unit is a proxy (TensorFlow Serving behind protocol `seldon`). What the user wrote stays; only gaps are filled.
import type { Predictor, Unit } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import {
  TENSORFLOW_SERVER,
  tensorflowModel,
  tensorflowPorts,
  tensorflowPosition,
} from '../../graph/seldon/server-parameters.ts';
import { PATHS } from '../../cluster/names.ts';
import { findServerImage } from '../../graph/plan/servers.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import type { PlacedContainer } from './place-predictors.ts';
import type { ContainerSpec } from './sidecar/render-sidecar.ts';
import type { UnitContainer } from './unit-container.ts';
import { objectsAt } from '../../graph/plan/json-value.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

const TRITON_SERVER = 'TRITON_SERVER';
/** Seldon's name for it; further ones of a pod are numbered. */
const BESIDE = 'tfserving';

/** Name of the container in which the model of a unit is loaded: its own, but for a proxy's. */
export function modelContainer(
  predictor: Predictor,
  { name }: PlacedContainer,
  unit: Unit,
): string {
  return isProxied(unit) ? besideName(predictor, unit) : name;
}

/** Names of the containers of a pod that answer requests, and so must outlive the data plane's drain. */
export function servingContainers(
  predictor: Predictor,
  containers: readonly PlacedContainer[],
): string[] {
  return containers.flatMap((own) =>
    own.unit === undefined
      ? []
      : [...new Set([own.name, modelContainer(predictor, own, own.unit)])],
  );
}

/** Whether the model is copied into the pod; a Triton may read its repository itself. */
export function loadsModel(unit: Unit, annotations: Readonly<Record<string, string>>): boolean {
  return !(unit.server === TRITON_SERVER && hasNoInitializer(annotations));
}

/** As Seldon's operator: any value but `false` counts. */
function hasNoInitializer(annotations: Readonly<Record<string, string>>): boolean {
  return (annotations[SELDON_ANNOTATIONS.noInitializer] ?? 'false').toLowerCase() !== 'false';
}

/** How a server is started whose image does not know it by itself; nothing where the user wrote it. */
export function serverCommand({ placed, raw, annotations }: UnitContainer, unit: Unit): JsonObject {
  if (raw['command'] !== undefined || raw['args'] !== undefined) return {};
  const { http, grpc } = placed.container.ports;
  if (unit.server === TENSORFLOW_SERVER && unit.protocol === 'tensorflow')
    return { ...tensorflowCommand(unit.name, { grpc, rest: http, models: PATHS.models }) };
  if (unit.server === TRITON_SERVER)
    return { args: tritonArgs(unit, { http, grpc }, hasNoInitializer(annotations)) };
  return {};
}

function tritonArgs(
  unit: Unit,
  { http, grpc }: { readonly http: number; readonly grpc: number },
  reads: boolean,
): string[] {
  const written = (name: string): string | undefined =>
    unit.parameters.find((parameter) => parameter.name === name)?.value;
  const control = reads ? written('model_control_mode') : undefined;
  const models = (reads ? (written('load_model') ?? '') : '').split(',').filter(Boolean);
  return [
    '/opt/tritonserver/bin/tritonserver',
    `--grpc-port=${grpc}`,
    `--http-port=${http}`,
    `--model-repository=${reads ? unit.modelUri : PATHS.models}`,
    `--strict-model-config=${(reads ? written('strict_model_config') : undefined) ?? 'false'}`,
    ...(control === undefined ? [] : [`--model-control-mode=${control}`]),
    ...models.map((model) => `--load-model=${model.trim()}`),
  ];
}

/** Whether the unit's own container passes requests on to one beside it. */
export function isProxied({ server, protocol }: Unit): boolean {
  return server === TENSORFLOW_SERVER && protocol === 'seldon';
}

function besideName(predictor: Predictor, unit: Unit): string {
  const position = tensorflowPosition(predictor, unit);
  return position === 0 ? BESIDE : `${BESIDE}-${position + 1}`;
}

/** TensorFlow Serving beside its proxy; `raw` is what the user wrote of it, {} for nothing. */
export function renderBeside(
  predictor: Predictor,
  unit: Unit,
  raw: JsonObject,
  mounts: readonly JsonObject[],
  config: OperatorConfig,
): ContainerSpec {
  const { grpc, rest } = tensorflowPorts(predictor, unit);
  const image = findServerImage(config.predictorServers, TENSORFLOW_SERVER, 'tensorflow');
  const starts = raw['command'] !== undefined || raw['args'] !== undefined;
  const probe = { tcpSocket: { port: rest }, periodSeconds: 5, failureThreshold: 3 };
  const own = (name: string): boolean => raw[name] !== undefined;
  return {
    imagePullPolicy: 'IfNotPresent',
    ...(image === undefined ? {} : { image }),
    ...(starts
      ? {}
      : tensorflowCommand(tensorflowModel(unit), { grpc, rest, models: PATHS.models })),
    ...(own('ports')
      ? {}
      : { ports: [grpc, rest].map((containerPort) => ({ containerPort, protocol: 'TCP' })) }),
    // It listens when the model is loaded.
    ...(own('startupProbe') || own('livenessProbe') || own('readinessProbe')
      ? {}
      : {
          startupProbe: { tcpSocket: { port: rest }, periodSeconds: 1, failureThreshold: 1800 },
          livenessProbe: probe,
          readinessProbe: probe,
        }),
    ...raw,
    name: besideName(predictor, unit),
    volumeMounts: [...objectsAt(raw, 'volumeMounts'), ...mounts],
  };
}

/** The image's own entry point adds ports of its own; the program itself takes each flag once. */
export function tensorflowCommand(
  model: string,
  where: { readonly grpc: number; readonly rest: number; readonly models: string },
): { readonly command: readonly string[]; readonly args: readonly string[] } {
  return {
    command: ['/usr/bin/tensorflow_model_server'],
    args: [
      `--port=${where.grpc}`,
      `--rest_api_port=${where.rest}`,
      `--model_name=${model}`,
      `--model_base_path=${where.models}`,
    ],
  };
}
