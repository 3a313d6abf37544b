// What a graph does right now, as data: out of its shape and two readings of the counters of each of its pods comes the state that the
// live page, `top` and `tap` show. Counters of pods are added up, and quantiles are those of the buckets of all of them.
import {
  addTo,
  type Distribution,
  emptyDistribution,
  quantileOf,
} from '../../extproc/metrics/buckets.ts';
import type { CaptureFacts } from './captured.ts';
import { type Reading, subtract, type TallyTable } from './reading.ts';
import type { LiveRequest } from './requests.ts';
import type { GraphShape, PredictorShape, UnitShape } from './shape.ts';

/** Of one window of time. */
export interface Traffic {
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  /** Null where nothing happened. The quantiles are estimates inside the buckets of the metrics, the first of which ends at 5 ms. */
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Since the start; in a cluster, of the pods that run. */
  readonly total: number;
  readonly errors: number;
}

/** Counts calls; of a unit that needs none, requests are those of its children. */
export interface LiveUnit extends UnitShape, Traffic {
  /** Calls under way. */
  readonly inFlight: number;
  /** Below a unit that chooses: the share of its requests that came here, 0 to 1; null where that is not known. */
  readonly share: number | null;
}

export interface LivePredictor extends Traffic {
  readonly name: string;
  readonly plan: string;
  readonly percent: number;
  readonly shadow: boolean;
  /** In pre-order of the walk. */
  readonly units: readonly LiveUnit[];
}

/** A pod of a deployment in a cluster. */
export interface LivePod {
  readonly name: string;
  readonly predictor: string;
  /** `live`: its numbers are in the sums. `silent`: it has none to give, `why` says the reason. */
  readonly state: 'connecting' | 'live' | 'silent';
  readonly why: string;
  /** Hash of the plan that it serves; '' where that is not known. */
  readonly plan: string;
  readonly perSecond: number | null;
}

/** What keeps a part from being shown, and what to do about it. */
export interface LiveNote {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

/** A namespace's deployments, with the requests of their clients. */
export interface NamespaceState {
  /** ISO 8601. */
  readonly at: string;
  readonly windowSeconds: number;
  readonly namespace: string;
  readonly deployments: readonly ListedDeployment[];
  readonly notes: readonly LiveNote[];
}

export interface ListedDeployment extends Traffic {
  readonly name: string;
  /** As its status says it; '' where it may not be read. */
  readonly state: string;
  /** Pods with sidecars, and those of them that are watched. */
  readonly pods: { readonly live: number; readonly all: number };
  readonly inFlight: number | null;
}

export interface LiveState {
  /** ISO 8601. */
  readonly at: string;
  /** How long the rates are of. */
  readonly windowSeconds: number;
  readonly deployment: string;
  readonly namespace: string;
  /** Requests in flight at all listeners; null where Envoy did not say. */
  readonly inFlight: number | null;
  readonly predictors: readonly LivePredictor[];
  /** Requests that ended since the last state, oldest first; the first state that a watcher gets has those that are kept. */
  readonly requests: readonly LiveRequest[];
  /** Those of a deployment in a cluster; none of a run on this machine. */
  readonly pods: readonly LivePod[];
  readonly notes: readonly LiveNote[];
  /** How capturing of payloads is going; null where it is not allowed. */
  readonly captures: CaptureFacts | null;
}

/** Two readings of one pod (or run), in this order. The same one twice counts for totals alone. */
export interface LiveWindow {
  readonly before: Reading;
  readonly now: Reading;
}

/** Everything of a state but its requests, pods and notes. `windows` must not be empty. */
export function liveState(shape: GraphShape, windows: readonly LiveWindow[]): LiveState {
  return {
    at: new Date(Math.max(...windows.map(({ now }) => now.wallMs))).toISOString(),
    windowSeconds: Math.round(Math.max(...windows.map(secondsOf)) * 1000) / 1000,
    deployment: shape.deployment,
    namespace: shape.namespace,
    inFlight: inFlightOf(windows),
    predictors: shape.predictors.map((predictor) => predictorState(predictor, windows)),
    requests: [],
    pods: [],
    notes: [],
    captures: null,
  };
}

/** Null where no pod knows. */
export function inFlightOf(windows: readonly LiveWindow[]): number | null {
  const counted = windows.map(({ now }) => now.inFlight).filter((count) => count !== null);
  return counted.length === 0 ? null : sum(counted);
}

function predictorState(shape: PredictorShape, windows: readonly LiveWindow[]): LivePredictor {
  const { name, plan, percent, shadow } = shape;
  return {
    name,
    plan,
    percent,
    shadow,
    ...predictorTraffic(shape, windows),
    units: unitStates(shape, windows),
  };
}

/** Its requests, feedback left out. */
export function predictorTraffic(
  { name, predictions }: PredictorShape,
  windows: readonly LiveWindow[],
): Traffic {
  return trafficOf(moved(windows, ({ servers }) => servers.get(name), isOneOf(predictions)));
}

/** The requests of a graph's clients over all of its predictors: copies for shadows are none. */
export function graphTraffic({ predictors }: GraphShape, windows: readonly LiveWindow[]): Traffic {
  const movement = newMovement();
  for (const { name, shadow, predictions } of predictors)
    if (!shadow) moved(windows, ({ servers }) => servers.get(name), isOneOf(predictions), movement);
  return trafficOf(movement);
}

function unitStates(predictor: PredictorShape, windows: readonly LiveWindow[]): LiveUnit[] {
  const { units } = predictor;
  const isFeedback = isOneOf(predictor.feedback);
  const keyOf = ({ name }: UnitShape): string => `${predictor.name}/${name}`;
  const movements = units.map((unit) =>
    moved(
      windows,
      (reading) => reading.units.get(keyOf(unit)),
      (service) => !isFeedback(service),
    ),
  );
  const childrenOf: number[][] = units.map(() => []);
  units.forEach(({ parent }, index) => childrenOf[parent]?.push(index));
  /** Requests per second that a unit has seen; one that is asked twice for each counts once, a built-in as its children do. */
  const seen = units.map(() => 0);
  // Children are after their parents.
  for (let index = units.length - 1; index >= 0; index--) {
    const rates = [...(movements[index]?.ratesByService.values() ?? [])];
    const below = (childrenOf[index] ?? []).map((child) => seen[child] ?? 0);
    if (rates.length > 0) seen[index] = Math.max(...rates);
    else seen[index] = units[index]?.chooses === true ? sum(below) : Math.max(0, ...below);
  }
  return units.map((unit, index) => {
    const parent = units[unit.parent];
    const siblings = childrenOf[unit.parent] ?? [];
    const all = parent?.chooses === true ? sum(siblings.map((child) => seen[child] ?? 0)) : 0;
    return {
      ...unit,
      inFlight: sum(windows.map(({ now }) => now.active.get(keyOf(unit)) ?? 0)),
      share: all > 0 ? (seen[index] ?? 0) / all : null,
      ...trafficOf(movements[index] ?? newMovement()),
      ...(unit.isBuiltIn ? { perSecond: rounded(seen[index] ?? 0) } : {}),
    };
  });
}

interface Movement {
  perSecond: number;
  errorsPerSecond: number;
  count: number;
  total: number;
  errors: number;
  readonly distribution: Distribution;
  /** Of the services that were ever called. */
  readonly ratesByService: Map<string, number>;
}

function newMovement(): Movement {
  return {
    perSecond: 0,
    errorsPerSecond: 0,
    count: 0,
    total: 0,
    errors: 0,
    distribution: emptyDistribution(),
    ratesByService: new Map(),
  };
}

/** What happened in the windows, over the services that count. Each pod has a clock and a window of its own, so rates are added. */
function moved(
  windows: readonly LiveWindow[],
  tableOf: (reading: Reading) => TallyTable | undefined,
  counts: (service: string) => boolean,
  movement: Movement = newMovement(),
): Movement {
  for (const window of windows) {
    const seconds = secondsOf(window);
    const before = tableOf(window.before);
    for (const [service, tally] of tableOf(window.now) ?? []) {
      if (!counts(service)) continue;
      const { count, errors, distribution } = subtract(tally, before?.get(service));
      movement.perSecond += count / seconds;
      movement.errorsPerSecond += errors / seconds;
      movement.count += count;
      movement.total += tally.count;
      movement.errors += tally.errors;
      addTo(movement.distribution, distribution);
      const rate = movement.ratesByService.get(service) ?? 0;
      movement.ratesByService.set(service, rate + count / seconds);
    }
  }
  return movement;
}

function trafficOf(movement: Movement): Traffic {
  const { count, distribution, total, errors } = movement;
  const quantile = (share: number): number | null =>
    count === 0 ? null : rounded(quantileOf(distribution, share) * 1000);
  return {
    perSecond: rounded(movement.perSecond),
    errorsPerSecond: rounded(movement.errorsPerSecond),
    meanMs: count === 0 ? null : rounded((distribution.sumSeconds / count) * 1000),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    total,
    errors,
  };
}

function secondsOf({ before, now }: LiveWindow): number {
  return Math.max(0.001, (now.atMs - before.atMs) / 1000);
}

function isOneOf(services: readonly string[]): (service: string) => boolean {
  const set = new Set(services);
  return (service) => set.has(service);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
