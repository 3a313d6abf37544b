// A graph with something to look at on its live page: a transformer over a router over two models, one of which always fails.
import path from 'node:path';
import { deployment, model, type Node } from './manifest.ts';
import { freePort } from './ports.ts';
import { type Running, runGraph } from './run.ts';
import { type RestUnit, startRestUnit } from './unit.ts';

export const LIVE_BODY = '{"data":{"ndarray":[[1]]}}';

export interface LiveGraph {
  readonly running: Running;
  /** Of the live page: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The log that Envoy writes while somebody looks. */
  readonly logPath: string;
  /** Lets calls to units go on that the header `x-hold` of their request named. */
  release(): void;
  close(): Promise<void>;
}

/** Of four requests without `x-hold` three go to `a` and one to `b`, which answers 503. */
export async function startLiveGraph(args: readonly string[] = []): Promise<LiveGraph> {
  const held = Promise.withResolvers<void>();
  const units = new Map<string, RestUnit>();
  let asked = 0;
  units.set(
    'r',
    await startRestUnit(({ headers }) => {
      const branch = headers['x-hold'] === undefined && asked++ % 4 === 3 ? 1 : 0;
      return { body: `{"data":{"ndarray":[[${branch}]]}}` };
    }),
  );
  for (const name of ['t', 'a']) {
    const unit = await startRestUnit(async ({ headers }) => {
      if (headers['x-hold'] === name) await held.promise;
      return { body: LIVE_BODY };
    });
    units.set(name, unit);
  }
  units.set('b', await startRestUnit(() => ({ status: 503, body: '{}' })));
  const port = (name: string): number => units.get(name)?.port ?? 0;
  const graph: Node = {
    name: 't',
    type: 'TRANSFORMER',
    port: port('t'),
    children: [
      {
        name: 'r',
        type: 'ROUTER',
        port: port('r'),
        children: [model('a', port('a')), model('b', port('b'))],
      },
    ],
  };
  const closeUnits = async (): Promise<void> => {
    for (const unit of units.values()) await unit.close();
  };
  const adminPort = await freePort();
  const running = await runGraph(deployment(graph), {
    args: ['--admin-port', String(adminPort), ...args],
  }).catch(async (thrown: unknown) => {
    await closeUnits();
    throw thrown;
  });
  return {
    running,
    url: `http://127.0.0.1:${adminPort}`,
    logPath: path.join(path.dirname(running.file), 's', 'live.log'),
    release: () => held.resolve(),
    close: async () => {
      await running.stop();
      await closeUnits();
    },
  };
}
