// A unit of the tests that is reached over REST and over gRPC, and graphs of such units, all closed together.
import type { Node } from './manifest.ts';
import { deployment } from './manifest.ts';
import { type Running, runGraph } from './run.ts';
import {
  type GrpcUnit,
  type RestResponse,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from './unit.ts';

export interface BothUnit {
  readonly rest: RestUnit;
  readonly grpc: GrpcUnit;
  readonly node: (type: string, children?: readonly Node[]) => Node;
}

export interface Stand {
  startUnit(
    name: string,
    rest: (body: Buffer, path: string) => RestResponse,
    grpc: (message: Buffer, path: string) => Buffer,
  ): Promise<BothUnit>;
  run(graph: Node): Promise<Running>;
  close(): Promise<void>;
}

/** Units and graphs of one protocol. */
export function openStand(protocol: string): Stand {
  const units: BothUnit[] = [];
  const graphs: Running[] = [];
  return {
    async startUnit(name, rest, grpc) {
      const restUnit = await startRestUnit(({ body, path }) => rest(body, path));
      const grpcUnit = await startGrpcUnit(({ message, path }) => ({
        message: grpc(message, path),
      }));
      const unit: BothUnit = {
        rest: restUnit,
        grpc: grpcUnit,
        node: (type, children = []) => ({
          name,
          type,
          port: restUnit.port,
          grpcPort: grpcUnit.port,
          ...(children.length === 0 ? {} : { children }),
        }),
      };
      units.push(unit);
      return unit;
    },
    async run(graph) {
      const running = await runGraph(deployment(graph, {}, { protocol }));
      graphs.push(running);
      return running;
    },
    async close() {
      for (const running of graphs) await running.stop();
      for (const { rest, grpc } of units) {
        await rest.close();
        await grpc.close();
      }
    },
  };
}

/** A router over a mean of two models and a combiner of the same two, `a2` and `b2` there. */
export function choiceOfMerges(
  router: BothUnit,
  models: readonly [a: BothUnit, b: BothUnit],
  combiner: BothUnit,
): Node {
  const leaves = models.map((model) => model.node('MODEL'));
  return router.node('ROUTER', [
    { name: 'mean', implementation: 'AVERAGE_COMBINER', children: leaves },
    combiner.node(
      'COMBINER',
      leaves.map((leaf) => ({ ...leaf, name: `${leaf.name}2` })),
    ),
  ]);
}

/** Takes what the units were asked off their lists. */
export function forget(...units: readonly BothUnit[]): void {
  for (const { rest, grpc } of units) {
    rest.asked.length = 0;
    grpc.asked.length = 0;
  }
}
