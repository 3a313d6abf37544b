// Numbers of a live state as people read them; the page in the browser and the tables of the terminal share them.
import type { LiveRequest } from '../requests.ts';
import type { LiveUnit, Traffic } from '../state.ts';

/** The metrics' first bucket ends here, so a smaller quantile is not known any better. */
const FIRST_BUCKET_MS = 5;

/** A time in ms with the digits that it deserves. */
export function millis(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

/** A quantile out of buckets. */
export function quantile(ms: number | null): string {
  return ms !== null && ms <= FIRST_BUCKET_MS ? `≤${FIRST_BUCKET_MS}` : millis(ms);
}

export function rate(perSecond: number): string {
  return perSecond < 10 && perSecond > 0 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** What an edge of the picture says, in two lines. */
export function edgeWords(traffic: Traffic): readonly [string, string] {
  const errors = traffic.errorsPerSecond > 0 ? `, ${rate(traffic.errorsPerSecond)} errors` : '';
  return [
    `${rate(traffic.perSecond)}/s${errors}`,
    traffic.p50Ms === null
      ? ''
      : `p50 ${quantile(traffic.p50Ms)} p99 ${quantile(traffic.p99Ms)} ms`,
  ];
}

/** The status of a request: that of gRPC where there is one. */
export function statusWords({ status, grpcStatus }: LiveRequest): string {
  if (grpcStatus !== null) return `grpc ${grpcStatus}`;
  return status === 0 ? 'gone' : String(status);
}

/** Whether a server failed, or the client was told so. */
export function isFailed({ status, grpcStatus, error }: LiveRequest): boolean {
  return status >= 400 || status === 0 || error !== '' || (grpcStatus !== null && grpcStatus !== 0);
}

/** The branches that routers chose: `chooser 1`. */
export function wayWords({ routing }: LiveRequest): string {
  return Object.entries(routing)
    .map(([router, branch]) => `${router} ${branch}`)
    .join(', ');
}

/** Which requests somebody wants to see; what is not said admits all. */
export interface RequestFilter {
  /** `503`, `5xx`, `grpc 14`, or `failed`; '' for any. */
  readonly status: string;
  /** A unit that was called last, chose, or was called by the filter; '' for any. */
  readonly unit: string;
  readonly slowMs: number;
}

export function isWanted(request: LiveRequest, { status, unit, slowMs }: RequestFilter): boolean {
  if (request.ms < slowMs) return false;
  const { routing, calls } = request;
  const isThere =
    unit === '' ||
    request.unit === unit ||
    Object.hasOwn(routing, unit) ||
    calls.some((call) => call.unit === unit);
  if (!isThere) return false;
  const words = statusWords(request);
  if (status === '') return true;
  if (status === 'failed') return isFailed(request);
  return /^[1-5]xx$/.test(status)
    ? /^\d{3}$/.test(words) && words[0] === status[0]
    : words === status;
}

/** Units with the depth at which they are, as rows of a tree. */
export function depthOf(units: readonly LiveUnit[], unit: LiveUnit): number {
  const parent = units[unit.parent];
  return parent === undefined ? 0 : 1 + depthOf(units, parent);
}
