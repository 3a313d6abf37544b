// `Seldon/ModelMetadata` and `Seldon/GraphMetadata`: units are asked by `Model/Metadata`; one unit's answer is passed on,
// the graph's is put together as over REST. Predict and SendFeedback are the filter's and are not answered here.
import {
  credentials,
  Client,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceError,
  status as grpcStatus,
  Metadata as GrpcMetadata,
} from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { ERRORS } from '../../graph/plan/errors.ts';
import { ERROR_HEADER, INTERNAL_HEADER_PREFIX, PLAN_HEADER } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { loadProto } from '../../proto/load.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { MAX_UNIT_INFO_BYTES } from './limits.ts';
import {
  builtInMetadata,
  deriveGraphMetadata,
  type ModelMetadata,
} from '../../dialects/seldon/graph-metadata.ts';

type Ports = readonly unknown[];
type Model = ModelMetadata<Ports>;
interface Graph {
  readonly name: string;
  readonly models: Readonly<Record<string, Model>>;
  readonly inputs: Ports;
  readonly outputs: Ports;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const UNIT_METADATA = loadProto('prediction.proto')['seldon.protos.Model'] as {
  readonly Metadata?: MethodDefinition<object, object>;
};

/** An error that gRPC can say. */
interface Refusal {
  readonly code: grpcStatus;
  readonly details: string;
}
type Asked = { readonly model: Model } | { readonly refusal: Refusal };

export function metadataHandlers(live: LiveDeployment, log: Log) {
  const planOf = (metadata: Metadata): Plan | undefined => {
    const [hash] = metadata.get(PLAN_HEADER);
    return live.plan(typeof hash === 'string' ? hash : null);
  };
  const failed = (error: unknown): Refusal => {
    log.error({ code: 'INTERNAL', err: error }, 'a gRPC answer failed');
    return { code: grpcStatus.INTERNAL, details: 'INTERNAL: the answer failed' };
  };
  return {
    ModelMetadata(
      call: ServerUnaryCall<{ name?: string }, Model>,
      answer: sendUnaryData<Model>,
    ): void {
      const plan = planOf(call.metadata);
      if (plan === undefined) return answer(UNKNOWN_PLAN);
      const name = call.request.name ?? '';
      const index = plan.units.findIndex((unit) => unit.name === name);
      if (index < 0) {
        const told = new GrpcMetadata();
        told.set(ERROR_HEADER, 'UNIT_UNKNOWN');
        const details = `Failed to find model ${name}`;
        return answer({ code: ERRORS.UNIT_UNKNOWN.grpcStatus, details, metadata: told });
      }
      askModel(plan, index, call.metadata).then(
        (asked) => ('model' in asked ? answer(null, asked.model) : answer(asked.refusal)),
        (error: unknown) => answer(failed(error)),
      );
    },
    GraphMetadata(call: ServerUnaryCall<object, Graph>, answer: sendUnaryData<Graph>): void {
      const plan = planOf(call.metadata);
      if (plan === undefined) return answer(UNKNOWN_PLAN);
      askGraph(plan, call.metadata).then(
        (asked) => ('graph' in asked ? answer(null, asked.graph) : answer(asked.refusal)),
        (error: unknown) => answer(failed(error)),
      );
    },
  };
}

const UNKNOWN_PLAN: Refusal = {
  code: grpcStatus.UNAVAILABLE,
  details: 'PLAN_UNKNOWN: the plan of this route is not loaded',
};

async function askGraph(
  plan: Plan,
  metadata: Metadata,
): Promise<{ readonly graph: Graph } | { readonly refusal: Refusal }> {
  const asked = await Promise.all(
    plan.units.map((_unit, index) => askModel(plan, index, metadata)),
  );
  const models: Model[] = [];
  for (const one of asked) {
    if ('refusal' in one) return one;
    models.push(one.model);
  }
  const graph = deriveGraphMetadata(plan, models);
  return { graph: { ...graph, inputs: graph.inputs ?? [], outputs: graph.outputs ?? [] } };
}

function askModel(plan: Plan, index: number, metadata: Metadata): Promise<Asked> {
  const unit = plan.units[index];
  if (unit !== undefined && unit.builtIn !== null) {
    return Promise.resolve({ model: builtInMetadata(unit) });
  }
  const edge = plan.edges.find((known) => known.unit === index && known.transport === 'grpc');
  const method = UNIT_METADATA.Metadata;
  if (edge === undefined || method === undefined) {
    const details = `UNIT_UNREACHABLE: unit ${unit?.name} has no gRPC address`;
    return Promise.resolve({ refusal: { code: grpcStatus.UNAVAILABLE, details } });
  }
  const host = edge.host.includes(':') ? `[${edge.host}]` : edge.host;
  // One client a call: asked for by people and start-up checks, not worth a pool.
  const client = new Client(`${host}:${edge.port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_UNIT_INFO_BYTES,
  });
  const deadline = Date.now() + (plan.policy.grpcTimeoutMs ?? DEFAULT_TIMEOUT_MS);
  return new Promise((resolve) => {
    client.makeUnaryRequest<object, Model>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => Model,
      {},
      passedMetadata(metadata),
      { deadline },
      (error: ServiceError | null, model?: Model) => {
        client.close();
        if (error === null && model !== undefined) resolve({ model });
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
    const internal = name.startsWith(INTERNAL_HEADER_PREFIX) || name.startsWith('x-envoy-');
    if (internal || KEPT_BACK.has(name) || name.startsWith('grpc-')) continue;
    for (const value of metadata.get(name)) passed.add(name, value);
  }
  return passed;
}

const KEPT_BACK = new Set(['content-type', 'user-agent', 'te', 'content-length', 'host']);
