// Samples as a pod tells them to `sidegraph` elsewhere: one JSON object each. The two ends may be of different versions, and what comes out
// of a pod is not believed: fields that are missing or wrong count as absent, texts and lists are cut.
import type { WalkCall, WalkTail } from '../../extproc/live/walk-record.ts';
import { emptyDistribution } from '../../extproc/metrics/buckets.ts';
import {
  isPlainObject,
  type JsonObject,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from '../../graph/plan/json-value.ts';
import { MANIFEST_LIMITS } from '../../graph/plan/limits.ts';
import type { Reading, Tally, TallyTable } from './reading.ts';
import type { LiveRequest } from './requests.ts';
import type { LiveSample } from './sample.ts';
import { MAX_TOLD_REQUESTS } from './sampler.ts';
import type { GraphShape, PredictorShape, UnitShape } from './shape.ts';

/** Raised when a reader of the one before could not make sense of it. */
export const LIVE_VERSION = 1;

const MAX_TEXT = 500;
const MAX_PREDICTORS = 16;
const MAX_CALLS = 100;
/** Values of `service` of one unit. */
const MAX_SERVICES = 64;

export function renderLiveSample({ shape, reading, requests }: LiveSample): string {
  const { atMs, wallMs, inFlight, active, servers, units } = reading;
  return JSON.stringify({
    version: LIVE_VERSION,
    shape,
    atMs,
    wallMs,
    inFlight,
    active: Object.fromEntries(active),
    servers: renderTables(servers),
    units: renderTables(units),
    requests,
  });
}

/** By key and service: count, errors, seconds, and the counts of the buckets. */
function renderTables(tables: ReadonlyMap<string, TallyTable>): object {
  return Object.fromEntries(
    [...tables].map(([key, table]) => [
      key,
      Object.fromEntries(
        [...table].map(([service, { count, errors, distribution }]) => [
          service,
          [count, errors, distribution.sumSeconds, ...distribution.counts],
        ]),
      ),
    ]),
  );
}

export type SampleParse =
  | { readonly kind: 'sample'; readonly sample: LiveSample }
  /** `version`: of a sidecar that speaks another form; null: this is none at all. */
  | { readonly kind: 'unreadable'; readonly version: number | null };

export function parseLiveSample(text: string): SampleParse {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', version: null };
  }
  if (!isPlainObject(value)) return { kind: 'unreadable', version: null };
  const { version } = value;
  if (version !== LIVE_VERSION)
    return { kind: 'unreadable', version: typeof version === 'number' ? version : null };
  const requests = objectsOf(value['requests']).slice(-MAX_TOLD_REQUESTS).map(readRequest);
  return {
    kind: 'sample',
    sample: { shape: readShape(objectOf(value['shape'])), reading: readReading(value), requests },
  };
}

function readShape(value: JsonObject): GraphShape {
  return {
    namespace: cut(value['namespace']),
    deployment: cut(value['deployment']),
    predictors: objectsOf(value['predictors']).slice(0, MAX_PREDICTORS).map(readPredictor),
  };
}

function readPredictor(value: JsonObject): PredictorShape {
  return {
    name: cut(value['name']),
    plan: cut(value['plan']),
    percent: numberOf(value['percent']),
    shadow: value['shadow'] === true,
    predictions: cutAll(value['predictions']),
    feedback: cutAll(value['feedback']),
    units: objectsOf(value['units']).slice(0, MANIFEST_LIMITS.maxUnits).map(readUnit),
  };
}

function readUnit(value: JsonObject, index: number): UnitShape {
  const parent = wholeOf(value['parent']);
  return {
    name: cut(value['name']),
    kind: cut(value['kind']),
    // Parents are before their children: whoever follows them comes to an end.
    parent: index > 0 && parent >= 0 && parent < index ? parent : -1,
    branch: wholeOf(value['branch']),
    does: cutAll(value['does']),
    chooses: value['chooses'] === true,
    isBuiltIn: value['isBuiltIn'] === true,
  };
}

function readReading(value: JsonObject): Reading {
  const { inFlight } = value;
  return {
    atMs: numberOf(value['atMs']),
    wallMs: Math.min(Math.max(0, numberOf(value['wallMs'])), LAST_DATE_MS),
    inFlight: typeof inFlight === 'number' ? inFlight : null,
    active: new Map(
      entriesOf(value['active'], MANIFEST_LIMITS.maxUnits).map(([key, count]) => [
        key,
        numberOf(count),
      ]),
    ),
    servers: readTables(value['servers']),
    units: readTables(value['units']),
  };
}

/** JavaScript's last date. */
const LAST_DATE_MS = 8.64e15;

function readTables(value: unknown): ReadonlyMap<string, TallyTable> {
  return new Map(
    entriesOf(value, MANIFEST_LIMITS.maxUnits).map(([key, table]) => [
      key,
      new Map(
        entriesOf(table, MAX_SERVICES).map(([service, numbers]) => [service, readTally(numbers)]),
      ),
    ]),
  );
}

function readTally(value: unknown): Tally {
  const numbers = Array.isArray(value) ? value.map((number) => numberOf(number)) : [];
  const [count = 0, errors = 0, sumSeconds = 0, ...counts] = numbers;
  const distribution = emptyDistribution();
  distribution.counts.set(counts.slice(0, distribution.counts.length));
  distribution.sumSeconds = sumSeconds;
  return { count, errors, distribution };
}

/** As `sidegraph` elsewhere or a file tells it. */
export function readRequest(value: JsonObject): LiveRequest {
  const nullable = (name: string): number | null =>
    typeof value[name] === 'number' ? value[name] : null;
  return {
    id: numberOf(value['id']),
    time: cut(value['time']),
    pod: '',
    predictor: cut(value['predictor']),
    method: cut(value['method']),
    path: cut(value['path']),
    status: numberOf(value['status']),
    grpcStatus: nullable('grpcStatus'),
    flags: cut(value['flags']),
    error: cut(value['error']),
    ms: numberOf(value['ms']),
    unit: cut(value['unit']),
    unitAtMs: nullable('unitAtMs'),
    unitMs: nullable('unitMs'),
    attempts: numberOf(value['attempts']),
    bytesIn: numberOf(value['bytesIn']),
    bytesOut: numberOf(value['bytesOut']),
    puid: cut(value['puid']),
    traceId: cut(value['traceId']),
    routing: Object.fromEntries(
      entriesOf(value['routing'], MANIFEST_LIMITS.maxUnits).map(([router, branch]) => [
        router,
        numberOf(branch),
      ]),
    ),
    calls: objectsOf(value['calls']).slice(0, MAX_CALLS).map(readCall),
    tail: isPlainObject(value['tail']) ? readTail(value['tail']) : null,
    // Payloads do not leave a pod.
    capture: null,
  };
}

function readCall(value: JsonObject): WalkCall {
  const { ms, status } = value;
  return {
    unit: cut(value['unit']),
    verb: cut(value['verb']),
    atMs: numberOf(value['atMs']),
    ms: typeof ms === 'number' ? ms : null,
    status: typeof status === 'number' ? status : null,
    bytesOut: numberOf(value['bytesOut']),
    bytesIn: numberOf(value['bytesIn']),
  };
}

function readTail(value: JsonObject): WalkTail {
  return { verb: cut(value['verb']), bytesOut: numberOf(value['bytesOut']) };
}

function cut(value: unknown): string {
  return textOf(value).slice(0, MAX_TEXT);
}

function cutAll(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MAX_SERVICES).map(cut) : [];
}

function wholeOf(value: unknown): number {
  const number = numberOf(value);
  return Number.isInteger(number) ? number : -1;
}

function entriesOf(value: unknown, max: number): [string, unknown][] {
  return Object.entries(objectOf(value))
    .slice(0, max)
    .map(([key, each]) => [key.slice(0, MAX_TEXT), each]);
}
