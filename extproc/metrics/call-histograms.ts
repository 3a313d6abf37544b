// Counts the calls that the filter makes directly to units, which Envoy never sees. Series are prepared when a plan is
// loaded; an observation then finds a slot and adds to it: no strings, one small object, tens of nanoseconds.
// A series belongs to its labels, not to a plan: a swap of plans goes on counting where the last one stopped.
import { BUCKETS_SECONDS } from '../../graph/plan/names.ts';
import type { CallVerb, Edge, Plan, PlanUnit, Transport } from '../../graph/plan/plan.ts';
import type { CallObserver, CallTrace } from '../contract/call-observer.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { splitImage } from '../../graph/plan/split-image.ts';
import { type Distribution, emptyDistribution } from './buckets.ts';
import { grpcCodeName } from './grpc-codes.ts';

/** Labels of Seldon's client family without `code`, names in alphabetical order. */
export type CallLabels = Readonly<Record<string, string>>;

/** What was seen of one kind of call to one unit, by status. */
interface CallSeries {
  readonly labels: CallLabels;
  readonly transport: Transport;
  /** Calls under way. */
  active: number;
  readonly byStatus: Map<number, Distribution>;
  /** The status seen last: mostly the same again. */
  lastStatus: number;
  last: Distribution;
}

/** Statuses that a series has labels of its own for; further ones count as `other`. */
const MAX_STATUSES = 64;
const OTHER_STATUS = -1;

export class CallHistograms {
  readonly #series = new Map<string, CallSeries>();
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Prepares the series of a plan. Calls over egress are not counted here: Envoy counts them. */
  prepare(plan: Plan): CallObserver {
    const none = new Map<CallVerb, CallSeries>();
    const units = plan.units.map(() => ({ rest: none, grpc: none }));
    for (const edge of plan.edges) {
      const { unit, transport, via } = edge;
      const planUnit = plan.units[unit];
      const tables = units[unit];
      if (via !== 'direct' || planUnit === undefined || tables === undefined) continue;
      tables[transport] = new Map(
        planUnit.verbs.map((verb) => {
          const labels = callLabels(plan, planUnit, edge, verb);
          return [verb, this.#seriesOf(labels, transport)];
        }),
      );
    }
    const now = this.#now;
    return {
      begin: ({ unit, verb, transport }) => {
        const series = units[unit]?.[transport].get(verb);
        return series === undefined ? undefined : new TimedCall(series, now);
      },
    };
  }

  /** Everything observed so far, as labels with `code` and a distribution. */
  *collect(): Generator<{ labels: CallLabels; distribution: Distribution }> {
    for (const series of this.#series.values()) {
      for (const [status, distribution] of series.byStatus) {
        yield {
          labels: { code: codeLabel(series.transport, status), ...series.labels },
          distribution,
        };
      }
    }
  }

  /** Calls under way, by `predictor/unit`. */
  active(): Record<string, number> {
    const counts = new Map<string, number>();
    for (const { labels, active } of this.#series.values()) {
      const key = `${labels['predictor_name']}/${labels['model_name']}`;
      counts.set(key, (counts.get(key) ?? 0) + active);
    }
    return Object.fromEntries(counts);
  }

  #seriesOf(labels: CallLabels, transport: Transport): CallSeries {
    const key = JSON.stringify(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series: CallSeries = {
      labels,
      transport,
      active: 0,
      byStatus: new Map(),
      lastStatus: Number.NaN,
      last: emptyDistribution(),
    };
    this.#series.set(key, series);
    return series;
  }
}

/** What a call counts as that was given up before its unit had responded: as proxies log it, and gRPC's CANCELLED. */
const GIVEN_UP: Readonly<Record<Transport, number>> = { rest: 499, grpc: 1 };

/** A call under way. */
class TimedCall implements CallTrace {
  readonly headers = undefined;
  readonly #series: CallSeries;
  readonly #now: () => number;
  readonly #beganAt: number;

  constructor(series: CallSeries, now: () => number) {
    this.#series = series;
    this.#now = now;
    this.#beganAt = now();
    series.active++;
  }

  end(status: number): void {
    this.#series.active--;
    record(this.#series, status, (this.#now() - this.#beganAt) / 1000);
  }

  cancelled(): void {
    this.end(GIVEN_UP[this.#series.transport]);
  }
}

function record(series: CallSeries, status: number, seconds: number): void {
  if (status !== series.lastStatus) {
    const { byStatus } = series;
    // A unit may say any number.
    const counted = byStatus.has(status) || byStatus.size < MAX_STATUSES ? status : OTHER_STATUS;
    let found = byStatus.get(counted);
    if (found === undefined) {
      found = emptyDistribution();
      byStatus.set(counted, found);
    }
    series.lastStatus = status;
    series.last = found;
  }
  const { counts } = series.last;
  let bucket = 0;
  while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] ?? 0)) bucket++;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
  series.last.sumSeconds += seconds;
}

function callLabels(plan: Plan, unit: PlanUnit, edge: Edge, verb: CallVerb): CallLabels {
  const { dialect, model, transport } = edge;
  const { image, version } = splitImage(unit.image);
  return {
    deployment_name: plan.deployment,
    method: transport === 'rest' ? 'post' : 'unary',
    model_image: image,
    model_name: unit.name,
    model_version: version,
    predictor_name: plan.predictor,
    predictor_version: plan.predictorVersion,
    service: dialectOf(dialect).unitPath(encodeURIComponent(model), verb, transport) ?? verb,
  };
}

function codeLabel(transport: Transport, status: number): string {
  if (status === OTHER_STATUS) return 'other';
  return transport === 'grpc' ? grpcCodeName(status) : String(status);
}
