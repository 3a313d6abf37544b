// The control methods of a protocol over gRPC, as bytes: a unit's response is passed on as it came, the graph's metadata is put
// together as over REST, and what a server says of itself is made here. Predictions are the filter's and are not answered here.
import {
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  Metadata as GrpcMetadata,
} from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader';
import type { Dialect, GrpcMethod } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { ERRORS } from '../../graph/plan/errors.ts';
import { ERROR_HEADER, PLAN_HEADER } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { askUnitGrpc, type GrpcUnitResult, refusalOf } from './ask-unit-grpc.ts';
import { askSilentUnits } from './answer-ready.ts';
import { findAsked, unknownModel } from './find-asked.ts';
import {
  builtInMetadata,
  deriveGraphMetadata,
  type ModelMetadata,
} from '../../dialects/seldon/graph-metadata.ts';

type Handler = handleUnaryCall<Buffer, Buffer>;
type Model = ModelMetadata<readonly unknown[]>;

type Answered = GrpcUnitResult;

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
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort());
    responseOf(plan, method, definition, call, gone.signal).then(
      (answered) => ('bytes' in answered ? answer(null, answered.bytes) : answer(answered.refusal)),
      (error: unknown) => {
        log.error({ code: 'INTERNAL', err: error }, 'a gRPC response failed');
        answer(refusalOf('INTERNAL', 'the response failed'));
      },
    );
  };
}

const UNKNOWN_PLAN = refusalOf('PLAN_UNKNOWN', 'the plan of this route is not loaded');

async function responseOf(
  plan: Plan,
  method: GrpcMethod,
  definition: PackageDefinition,
  { request, metadata }: ServerUnaryCall<Buffer, Buffer>,
  gone: AbortSignal,
): Promise<Answered> {
  switch (method.response) {
    case 'made': {
      const ready = (await askSilentUnits([plan])).length === 0;
      const { deployment: name, predictorVersion: version } = plan;
      return { bytes: method.make({ name, version, ready }) };
    }
    case 'unit': {
      const name = method.unitIn(request);
      const asked = findAsked(plan, name);
      if (asked === undefined) return refuseUnknown(plan, name);
      const unit = plan.units[asked.unit];
      if (unit !== undefined && unit.builtIn !== null) return { bytes: method.builtIn(unit.name) };
      return askUnitGrpc(plan, asked.unit, method.unitPath, method.ask(request), metadata, gone);
    }
    case 'graph-metadata':
      return graphMetadata(plan, method, definition, metadata, gone);
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
  gone: AbortSignal,
): Promise<Answered> {
  const whole = methodOf(definition, path);
  const ofUnit = methodOf(definition, unitPath);
  const responses = await Promise.all(
    plan.units.map((unit, index) =>
      unit.builtIn === null
        ? askUnitGrpc(plan, index, unitPath, Buffer.alloc(0), metadata, gone)
        : Promise.resolve(builtInMetadata(unit)),
    ),
  );
  const models: Model[] = [];
  for (const [index, one] of responses.entries()) {
    if ('refusal' in one) return one;
    const model = 'bytes' in one ? readModel(ofUnit, one.bytes) : one;
    if (model === undefined) {
      const info = `metadata of ${plan.units[index]?.name}: no message of the protocol`;
      return { refusal: refusalOf('ANSWER_MALFORMED', info) };
    }
    models.push(model);
  }
  const graph = deriveGraphMetadata(plan, models);
  const { inputs = [], outputs = [] } = graph;
  return { bytes: whole.responseSerialize({ ...graph, inputs, outputs }) };
}

function readModel(method: MethodDefinition<object, object>, bytes: Buffer): Model | undefined {
  try {
    return method.responseDeserialize(bytes) as Model;
  } catch {
    return undefined;
  }
}

function methodOf(definition: PackageDefinition, path: string): MethodDefinition<object, object> {
  const [, service = '', name = ''] = path.split('/');
  const methods = definition[service] as Readonly<Record<string, MethodDefinition<object, object>>>;
  return methods[name] as MethodDefinition<object, object>;
}
