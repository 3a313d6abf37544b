// The control methods of a protocol over gRPC, as bytes: a unit's response is passed on as it came, the graph's metadata is put
// together as over REST, and what a server says of itself is made here. Predictions are the filter's and are not answered here.
import {
  credentials,
  Client,
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  status as grpcStatus,
  Metadata as GrpcMetadata,
} from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader';
import type { Dialect, GrpcMethod } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { ERRORS } from '../../graph/plan/errors.ts';
import { ERROR_HEADER, PLAN_HEADER } from '../../graph/plan/names.ts';
import { passesToUnits } from '../contract/passed-headers.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { findSilentUnits } from './dial-units.ts';
import { MAX_UNIT_INFO_BYTES, UNIT_INFO_TIMEOUT_MS } from './limits.ts';
import { findAsked, unknownModel } from './find-asked.ts';
import {
  builtInMetadata,
  deriveGraphMetadata,
  type ModelMetadata,
} from '../../dialects/seldon/graph-metadata.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';

type Handler = handleUnaryCall<Buffer, Buffer>;
type Model = ModelMetadata<readonly unknown[]>;

/** An error that gRPC can say. */
interface Refusal {
  readonly code: grpcStatus;
  readonly details: string;
  readonly metadata?: GrpcMetadata;
}
type Answered = { readonly bytes: Buffer } | { readonly refusal: Refusal };

type Methods = Record<string, ServiceDefinition[string]>;

export interface ControlService {
  readonly service: ServiceDefinition;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** One service for each that the methods of a protocol belong to. */
export function controlServices(
  { control }: Dialect,
  definition: PackageDefinition,
  live: LiveDeployment,
  log: Log,
): ControlService[] {
  const services = new Map<string, { service: Methods; handlers: Record<string, Handler> }>();
  for (const method of control.grpc.methods) {
    const [, service = '', name = ''] = method.path.split('/');
    const known = services.get(service) ?? { service: {}, handlers: {} };
    services.set(service, known);
    known.service[name] = rawMethod(method.path);
    known.handlers[name] = handlerOf(method, definition, live, log);
  }
  return [...services.values()];
}

function rawMethod(path: string): ServiceDefinition[string] {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function handlerOf(
  method: GrpcMethod,
  definition: PackageDefinition,
  live: LiveDeployment,
  log: Log,
): Handler {
  return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    const [hash] = call.metadata.get(PLAN_HEADER);
    const plan = live.plan(typeof hash === 'string' ? hash : undefined);
    if (plan === undefined) return answer(UNKNOWN_PLAN);
    responseOf(plan, method, definition, call).then(
      (answered) => ('bytes' in answered ? answer(null, answered.bytes) : answer(answered.refusal)),
      (error: unknown) => {
        log.error({ code: 'INTERNAL', err: error }, 'a gRPC response failed');
        answer({ code: grpcStatus.INTERNAL, details: 'INTERNAL: the response failed' });
      },
    );
  };
}

const UNKNOWN_PLAN: Refusal = {
  code: grpcStatus.UNAVAILABLE,
  details: 'PLAN_UNKNOWN: the plan of this route is not loaded',
};

async function responseOf(
  plan: Plan,
  method: GrpcMethod,
  definition: PackageDefinition,
  { request, metadata }: ServerUnaryCall<Buffer, Buffer>,
): Promise<Answered> {
  switch (method.response) {
    case 'made': {
      const ready = (await findSilentUnits([plan])).length === 0;
      const { deployment: name, predictorVersion: version } = plan;
      return { bytes: method.make({ name, version, ready }) };
    }
    case 'unit': {
      const name = method.unitIn(request);
      const asked = findAsked(plan, name);
      if (asked === undefined) return refuseUnknown(plan, name);
      const unit = plan.units[asked.unit];
      if (unit !== undefined && unit.builtIn !== null) return { bytes: method.builtIn(unit.name) };
      return askUnit(plan, asked.unit, method.unitPath, method.ask(request), metadata);
    }
    case 'graph-metadata':
      return graphMetadata(plan, method, definition, metadata);
  }
}

function refuseUnknown(plan: Plan, name: string): Answered {
  const { code, info } = unknownModel(dialectOf(plan.dialect), name);
  const told = new GrpcMetadata();
  told.set(ERROR_HEADER, code);
  return { refusal: { code: ERRORS[code].grpcStatus, details: info, metadata: told } };
}

/** The types of both messages come from the proto files: their fields are the protocol's own. */
async function graphMetadata(
  plan: Plan,
  { path, unitPath }: Extract<GrpcMethod, { response: 'graph-metadata' }>,
  definition: PackageDefinition,
  metadata: Metadata,
): Promise<Answered> {
  const whole = methodOf(definition, path);
  const ofUnit = methodOf(definition, unitPath);
  const responses = await Promise.all(
    plan.units.map((unit, index) =>
      unit.builtIn === null
        ? askUnit(plan, index, unitPath, Buffer.alloc(0), metadata)
        : Promise.resolve(builtInMetadata(unit)),
    ),
  );
  const models: Model[] = [];
  for (const one of responses) {
    if ('refusal' in one) return one;
    models.push('bytes' in one ? (ofUnit.responseDeserialize(one.bytes) as Model) : one);
  }
  const graph = deriveGraphMetadata(plan, models);
  const { inputs = [], outputs = [] } = graph;
  return { bytes: whole.responseSerialize({ ...graph, inputs, outputs }) };
}

function methodOf(definition: PackageDefinition, path: string): MethodDefinition<object, object> {
  const [, service = '', name = ''] = path.split('/');
  const methods = definition[service] as Readonly<Record<string, MethodDefinition<object, object>>>;
  return methods[name] as MethodDefinition<object, object>;
}

function askUnit(
  plan: Plan,
  index: number,
  path: string,
  request: Buffer,
  metadata: Metadata,
): Promise<Answered> {
  const edge = plan.edges.find((known) => known.unit === index && known.transport === 'grpc');
  if (edge === undefined) {
    const details = `UNIT_UNREACHABLE: unit ${plan.units[index]?.name} has no gRPC address`;
    return Promise.resolve({ refusal: { code: grpcStatus.UNAVAILABLE, details } });
  }
  // One client a call: asked for by people and start-up checks, not worth a pool.
  const client = new Client(hostPort(edge), credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_UNIT_INFO_BYTES,
  });
  const deadline = Date.now() + (plan.policy.grpcTimeoutMs ?? UNIT_INFO_TIMEOUT_MS);
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      path,
      same,
      same,
      request,
      passedMetadata(metadata),
      { deadline },
      (error: ServiceError | null, bytes?: Buffer) => {
        client.close();
        if (error === null && bytes !== undefined) resolve({ bytes });
        else resolve({ refusal: refusalOf(error) });
      },
    );
  });
}

function refusalOf(error: ServiceError | null): Refusal {
  return {
    code: error?.code ?? grpcStatus.INTERNAL,
    details: error?.details ?? 'the unit answered nothing',
  };
}

/** The client's metadata, without what is ours or the connection's. */
function passedMetadata(metadata: Metadata): Metadata {
  const passed = new GrpcMetadata();
  for (const name of Object.keys(metadata.getMap())) {
    if (!passesToUnits(name) || name === 'user-agent' || name.startsWith('grpc-')) continue;
    for (const value of metadata.get(name)) passed.add(name, value);
  }
  return passed;
}
