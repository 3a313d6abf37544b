// What a graph does right now, as data: out of a plan and two readings of its counters comes the state that the live page, `top` and
// `tap` show. The picture has the structure of the plan's walk, so it is the one that `explain` draws.
import { serviceOf } from '../../envoy/kit/names.ts';
import { quantileOf } from '../../extproc/metrics/buckets.ts';
import { describeChoice, describeMerge } from '../../graph/explain/step-words.ts';
import type { DeploymentPlan, Plan, PredictorPlan, Step } from '../../graph/plan/plan.ts';
import { feedbackPaths, type Reading, subtract, type Tally, type TallyTable } from './reading.ts';
import type { LiveRequest } from './requests.ts';

/** Of one window of time. */
export interface Traffic {
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  /** Null where nothing happened. The quantiles are estimates inside the buckets of the metrics, the first of which ends at 5 ms. */
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Since the start. */
  readonly total: number;
  readonly errors: number;
}

/** Counts calls; of a unit that needs none, requests are those of its children. */
export interface LiveUnit extends Traffic {
  readonly name: string;
  /** Its type, or the implementation that needs no container. */
  readonly kind: string;
  /** Position of the parent in `units`, −1 for the root. */
  readonly parent: number;
  /** Position among the parent's children. */
  readonly branch: number;
  /** What is done here, in words. */
  readonly does: readonly string[];
  /** Whether it sends each request to one of its children. */
  readonly chooses: boolean;
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
}

/** Everything of a state but its requests. `before` and `now`: two readings, in this order. */
export function liveState(
  { deployment, namespace, predictors }: DeploymentPlan,
  before: Reading,
  now: Reading,
): LiveState {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  return {
    at: new Date(now.wallMs).toISOString(),
    windowSeconds: Math.round(seconds * 1000) / 1000,
    deployment,
    namespace,
    inFlight: now.inFlight,
    predictors: predictors.map((predictor) => predictorState(predictor, before, now, seconds)),
    requests: [],
  };
}

function predictorState(
  { plan, traffic, shadow }: PredictorPlan,
  before: Reading,
  now: Reading,
  seconds: number,
): LivePredictor {
  const services = new Set([
    serviceOf(plan.dialect, 'predict-rest'),
    serviceOf(plan.dialect, 'predict-grpc'),
  ]);
  const isPrediction = (service: string): boolean => services.has(service);
  return {
    name: plan.predictor,
    plan: plan.hash,
    percent: traffic,
    shadow,
    ...trafficOf(
      before.servers.get(plan.predictor),
      now.servers.get(plan.predictor),
      isPrediction,
      seconds,
    ),
    units: unitStates(plan, before, now, seconds),
  };
}

function unitStates(plan: Plan, before: Reading, now: Reading, seconds: number): LiveUnit[] {
  const feedback = feedbackPaths(plan);
  const isPrediction = (service: string): boolean => !feedback.has(service);
  const tableOf = (reading: Reading, step: Step): TallyTable | undefined =>
    reading.units.get(`${plan.predictor}/${plan.units[step.unit]?.name ?? ''}`);
  /** Requests that a step has seen; a unit that is asked twice for each counts once, a built-in as its children do. */
  const seenBy = (step: Step): number => {
    const table = tableOf(now, step);
    const old = tableOf(before, step);
    const counts = [...(table?.keys() ?? [])]
      .filter(isPrediction)
      .map((service) => subtract(table?.get(service), old?.get(service)).count);
    if (counts.length > 0) return Math.max(...counts);
    const below = step.children.map(seenBy);
    return chooses(step) ? below.reduce((sum, count) => sum + count, 0) : Math.max(0, ...below);
  };
  const units: LiveUnit[] = [];
  const visit = (step: Step, parent: number, branch: number, share: number | null): void => {
    const unit = plan.units[step.unit];
    const index = units.length;
    const traffic = trafficOf(tableOf(before, step), tableOf(now, step), isPrediction, seconds);
    units.push({
      name: unit?.name ?? '',
      kind: unit?.builtIn ?? unit?.type ?? '',
      parent,
      branch,
      does: wordsOf(step),
      chooses: chooses(step),
      share,
      inFlight: now.active.get(`${plan.predictor}/${unit?.name ?? ''}`) ?? 0,
      ...traffic,
      ...((unit?.builtIn ?? null) === null ? {} : { perSecond: rounded(seenBy(step) / seconds) }),
    });
    const seen = step.children.map(seenBy);
    const all = seen.reduce((sum, count) => sum + count, 0);
    step.children.forEach((child, at) =>
      visit(child, index, at, chooses(step) && all > 0 ? (seen[at] ?? 0) / all : null),
    );
  };
  visit(plan.walk, -1, 0, null);
  return units;
}

function chooses(step: Step): boolean {
  return step.choose !== null && step.choose.kind !== 'all';
}

function wordsOf(step: Step): string[] {
  return [
    step.input ?? '',
    describeChoice(step),
    describeMerge(step),
    step.output ? 'transform-output' : '',
  ].filter((word) => word !== '');
}

function trafficOf(
  before: TallyTable | undefined,
  now: TallyTable | undefined,
  counts: (service: string) => boolean,
  seconds: number,
): Traffic {
  const total = sumOf(now, counts);
  const { count, errors, distribution } = subtract(total, sumOf(before, counts));
  const quantile = (share: number): number | null =>
    count === 0 ? null : rounded(quantileOf(distribution, share) * 1000);
  return {
    perSecond: rounded(count / seconds),
    errorsPerSecond: rounded(errors / seconds),
    meanMs: count === 0 ? null : rounded((distribution.sumSeconds / count) * 1000),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    total: total.count,
    errors: total.errors,
  };
}

function sumOf(table: TallyTable | undefined, counts: (service: string) => boolean): Tally {
  const none = subtract(undefined, undefined);
  const sum = { ...none };
  for (const [service, tally] of table ?? []) {
    if (!counts(service)) continue;
    sum.count += tally.count;
    sum.errors += tally.errors;
    tally.distribution.counts.forEach((count, index) => {
      sum.distribution.counts[index] = (sum.distribution.counts[index] ?? 0) + count;
    });
    sum.distribution.sumSeconds += tally.distribution.sumSeconds;
  }
  return sum;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
