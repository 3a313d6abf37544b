// Everything that the table needs, running: the units, a graph of one and a graph that has the unit at the other places.
import { type Running, runGraph } from '../../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../../harness/unit.ts';
import { type Kind, type Outcomes, PLACES, type Place } from './behaviour.ts';
import { branchOf, graphsOf } from './graphs.ts';
import { GRPC_BEHAVIOURS } from './grpc-behaviours.ts';
import { startRawGrpcUnit } from './grpc-unit.ts';
import { observeGrpc, observeRest } from './observe.ts';
import { startRawUnit } from './raw-unit.ts';
import { REST_BEHAVIOURS } from './rest-behaviours.ts';

export interface Stand {
  /** What a client gets for a behaviour at each place, all asked at once. */
  observe(kind: Kind, name: string): Promise<Outcomes>;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 2500;
const DEADLINE_MS = 4500;
const LATE = { timeoutMs: TIMEOUT_MS - 200, deadlineMs: DEADLINE_MS - 200 };
export const MAX_RESPONSE_BYTES = 1_000_000;

export async function startStand(): Promise<Stand> {
  const unit = await startRawUnit((name) => REST_BEHAVIOURS[name]);
  const grpcUnit = await startRawGrpcUnit((name) => GRPC_BEHAVIOURS[name]);
  const healthy = await startHealthy((place) => branchOf(place));
  const all = await startHealthy(() => -1);
  const { alone, walked } = graphsOf(
    { rest: unit.port, grpc: grpcUnit.port },
    healthy.ports,
    all.ports,
    {
      'seldon.io/rest-timeout': String(TIMEOUT_MS),
      'seldon.io/grpc-timeout': String(TIMEOUT_MS),
      'sidegraph.io/deadline-ms': String(DEADLINE_MS),
      'sidegraph.io/max-answer-bytes': String(MAX_RESPONSE_BYTES),
    },
  );
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop()));
    await Promise.all([unit, grpcUnit, healthy, all].map((one) => one.close()));
  };
  try {
    running.push(...(await Promise.all([runGraph(alone), runGraph(walked)])));
  } catch (error) {
    await stop();
    throw error;
  }
  const [one, graph] = running as [Running, Running];
  const ask = (kind: Kind, name: string, place: Place): Promise<string> => {
    const { port, grpcPort } = place === 'native' ? one : graph;
    const headers = { 'x-behave': name, 'x-place': place };
    return kind === 'rest'
      ? observeRest(port, headers, LATE)
      : observeGrpc(grpcPort, headers, LATE);
  };
  return {
    observe: async (kind, name) => {
      const outcomes = await Promise.all(PLACES.map((place) => ask(kind, name, place)));
      return Object.fromEntries(PLACES.map((place, i) => [place, outcomes[i] ?? ''])) as Outcomes;
    },
    stop,
  };
}

/** A unit over both transports that takes a branch where it is asked for one. */
async function startHealthy(branch: (place: string) => number) {
  const rest: RestUnit = await startRestUnit(({ path, headers }) => ({
    body:
      path === '/route'
        ? `{"data":{"ndarray":[[${branch(String(headers['x-place']))}]]}}`
        : '{"healthy":1}',
  }));
  const grpc: GrpcUnit = await startGrpcUnit(({ path, headers }) => ({
    message: path.endsWith('/Route')
      ? tensorOf(branch(String(headers['x-place'])))
      : Buffer.from('22076865616c746879', 'hex'),
  }));
  return {
    ports: { rest: rest.port, grpc: grpc.port },
    close: async () => {
      await rest.close();
      await grpc.close();
    },
  };
}

/** A SeldonMessage with a tensor of one number. */
function tensorOf(value: number): Buffer {
  const double = Buffer.alloc(8);
  double.writeDoubleLE(value);
  const tensor = Buffer.concat([Buffer.from('0a01011208', 'hex'), double]);
  const data = Buffer.concat([Buffer.from([0x12, tensor.length]), tensor]);
  return Buffer.concat([Buffer.from([0x1a, data.length]), data]);
}
