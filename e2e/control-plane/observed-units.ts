// The units of the graphs that are watched in the tests of the boards, and drawn in the pictures of the docs: models of known accuracy and
// speed, one of which has a bad time, and a router that learns from feedback.
import { setTimeout as sleep } from 'node:timers/promises';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { JSON_TYPE, type RestResponse, type RestUnit, startRestUnit } from '../harness/unit.ts';

export const NAMESPACE = 'demo';
/** The first has a router of its own, the second one that is built in, over a model and a combiner. */
export const DEPLOYMENTS = ['iris', 'fraud'] as const;
export const PREDICTOR = 'main';

export interface ObservedUnits {
  /** SeldonDeployments that reach the units at their ports; `deadlineMs` is there to be changed. */
  manifest(name: string, deadlineMs: number): object;
  /** While it is set, the model that is right most often is slow, often wrong, and fails now and then. */
  hasBadTime: boolean;
  close(): Promise<void>;
}

interface ModelTraits {
  /** Share of the requests that it gets right. */
  readonly accuracy: number;
  readonly meanMs: number;
  /** Share of the requests that it answers with `failsWith`. */
  readonly failures: number;
  /** 500 where it is not said. */
  readonly failsWith?: number;
}

/** Share of the requests for which the router draws its branch. */
const EXPLORED = 0.15;
/** How much a reward counts against what was learned before. */
const LEARNING_RATE = 0.05;

export async function startObservedUnits(): Promise<ObservedUnits> {
  const units: RestUnit[] = [];
  const started = async (unit: Promise<RestUnit>): Promise<number> => {
    const { port } = await unit;
    units.push(await unit);
    return port;
  };
  const observed = { hasBadTime: false };
  const ports = {
    scaler: await started(startModel(() => ({ accuracy: 1, meanMs: 2, failures: 0 }))),
    bandit: await started(startBandit()),
    forest: await started(
      startModel(() =>
        observed.hasBadTime
          ? { accuracy: 0.25, meanMs: 60, failures: 0.2 }
          : { accuracy: 0.9, meanMs: 12, failures: 0 },
      ),
    ),
    neighbours: await started(startModel(() => ({ accuracy: 0.65, meanMs: 30, failures: 0.02 }))),
    linear: await started(startModel(() => ({ accuracy: 0.8, meanMs: 4, failures: 0 }))),
    boosted: await started(
      startModel(() => ({ accuracy: 0.95, meanMs: 18, failures: 0.05, failsWith: 400 })),
    ),
    deep: await started(startModel(() => ({ accuracy: 0.98, meanMs: 25, failures: 0 }))),
  };
  const graphs: Readonly<Record<string, Node>> = {
    iris: {
      name: 'scaler',
      type: 'TRANSFORMER',
      port: ports.scaler,
      children: [
        {
          name: 'bandit',
          type: 'ROUTER',
          port: ports.bandit,
          children: [model('forest', ports.forest), model('neighbours', ports.neighbours)],
        },
      ],
    },
    fraud: {
      name: 'chooser',
      implementation: 'EPSILON_GREEDY',
      children: [
        model('linear', ports.linear),
        {
          name: 'ensemble',
          implementation: 'AVERAGE_COMBINER',
          children: [model('boosted', ports.boosted), model('deep', ports.deep)],
        },
      ],
    },
  };
  return Object.assign(observed, {
    manifest(name: string, deadlineMs: number): object {
      const graph = graphs[name];
      if (graph === undefined) throw new Error(`no graph is called ${name}`);
      const annotations = { 'sidegraph.io/deadline-ms': String(deadlineMs) };
      const containers = unitNames(graph).map((unit) => ({
        name: unit,
        image: `example.com/${name}/${unit}:1.2`,
      }));
      const predictor = {
        name: PREDICTOR,
        annotations: { version: 'v3' },
        componentSpecs: [{ spec: { containers } }],
        graph,
      };
      return { ...deployment([predictor], annotations), metadata: { name, namespace: NAMESPACE } };
    },
    close: async () => {
      await Promise.all(units.map((unit) => unit.close()));
    },
  });
}

/** Of the units that are no built-ins. */
function unitNames({ name, implementation, children = [] }: Node): string[] {
  return [...(implementation === undefined ? [name] : []), ...children.flatMap(unitNames)];
}

/** Answers with the number that it is sent where it is right, with the next one where it is not. */
function startModel(traits: () => ModelTraits): Promise<RestUnit> {
  let due = 0;
  return startRestUnit(async ({ path, body }) => {
    if (path.endsWith('send-feedback')) return json({});
    const { accuracy, meanMs, failures, failsWith = 500 } = traits();
    await sleep(meanMs * (0.5 + Math.random()));
    // Not drawn: a test of seconds has to see some.
    due += failures;
    if (due >= 1) {
      due -= 1;
      return { ...json({}), status: failsWith };
    }
    const [[sent = 0] = []] = rowsOf(body);
    return json({ data: { ndarray: [[Math.random() < accuracy ? sent : sent + 1]] } });
  });
}

/** Epsilon-greedy over two branches, by rewards of which the latest count most. */
function startBandit(): Promise<RestUnit> {
  const worth = [0, 0];
  return startRestUnit(({ path, body }) => {
    if (path.endsWith('send-feedback')) {
      const { response, reward } = JSON.parse(String(body)) as {
        readonly response: {
          readonly meta: { readonly routing: Readonly<Record<string, number>> };
        };
        readonly reward: number;
      };
      const branch = response.meta.routing['bandit'] ?? 0;
      const before = worth[branch] ?? 0;
      worth[branch] = before + LEARNING_RATE * (reward - before);
      return json({});
    }
    const isExploring = Math.random() < EXPLORED;
    const choice = isExploring ? Math.floor(Math.random() * 2) : worth.indexOf(Math.max(...worth));
    return json({ data: { ndarray: [[choice]] } });
  });
}

function rowsOf(body: Buffer): readonly (readonly number[])[] {
  return (JSON.parse(String(body)) as { data: { ndarray: number[][] } }).data.ndarray;
}

function json(value: unknown): RestResponse {
  return { headers: JSON_TYPE, body: JSON.stringify(value) };
}
