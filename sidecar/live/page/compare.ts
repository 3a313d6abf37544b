// What became of a request that was sent again, against what was captured of it before: unit by unit, which were called, what routers
// chose, the status, and where bodies differ. Times are told and count for nothing.
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import type { Capture, CapturedCall } from '../captured.ts';
import {
  type BodyComparison,
  type BodyDifference,
  type BodyRules,
  compareBodies,
} from './compare-bodies.ts';

export interface Difference extends BodyDifference {
  readonly what: 'status' | 'choice' | 'error' | 'sent' | 'received' | 'response';
}

export interface CallComparison {
  readonly unit: string;
  readonly verb: string;
  /** `missing`: it is not called any more. `added`: it was not called before. */
  readonly state: 'same' | 'different' | 'missing' | 'added';
  readonly msBefore: number | null;
  readonly msAfter: number | null;
  readonly differences: readonly Difference[];
  /** Differences that are not listed. */
  readonly more: number;
  /** Of some bodies only the beginnings could be compared. */
  readonly isPartial: boolean;
}

export interface Comparison {
  readonly isSame: boolean;
  /** In the order of the first capture, then those that it does not have. */
  readonly calls: readonly CallComparison[];
  /** Status, error and body as the client got them, and what routers chose; its `unit` and `verb` are ''. */
  readonly response: CallComparison;
}

export async function compareCaptures(
  before: Capture,
  after: Capture,
  tolerance: number,
): Promise<Comparison> {
  const rules: BodyRules = { tolerance, puids: [before.request.puid, after.request.puid] };
  const calls: CallComparison[] = [];
  for (const [one, other] of pairCalls(before.calls, after.calls))
    calls.push(await compareCalls(one, other, rules));
  const response = await compareResponses(before, after, rules);
  const isSame = response.state === 'same' && calls.every(({ state }) => state === 'same');
  return { isSame, calls, response };
}

type CallPair = readonly [CapturedCall, CapturedCall | null] | readonly [null, CapturedCall];

/** The first call of a unit with its first one, and so on: units that are called at once may come in any order. */
function pairCalls(
  before: readonly CapturedCall[],
  after: readonly CapturedCall[],
): readonly CallPair[] {
  const left = [...after];
  const pairs: CallPair[] = before.map((call) => {
    const at = left.findIndex(({ unit, verb }) => unit === call.unit && verb === call.verb);
    const [found] = at < 0 ? [] : left.splice(at, 1);
    return [call, found ?? null];
  });
  return [...pairs, ...left.map((call): CallPair => [null, call])];
}

async function compareCalls(
  before: CapturedCall | null,
  after: CapturedCall | null,
  rules: BodyRules,
): Promise<CallComparison> {
  const { unit, verb } = before ?? after ?? { unit: '', verb: '' };
  const times = { msBefore: before?.ms ?? null, msAfter: after?.ms ?? null };
  if (before === null || after === null) {
    const state = after === null ? 'missing' : 'added';
    return { unit, verb, state, ...times, differences: [], more: 0, isPartial: false };
  }
  const found = new Found();
  found.values('status', before.status, after.status);
  found.bodies('sent', await compareBodies(before.sent, after.sent, rules));
  found.bodies('received', await compareMaybe(before.received, after.received, rules));
  return found.comparison({ unit, verb, ...times });
}

async function compareResponses(
  before: Capture,
  after: Capture,
  rules: BodyRules,
): Promise<CallComparison> {
  const found = new Found();
  const statusOf = ({ request }: Capture): number => request.grpcStatus ?? request.status;
  found.values('status', statusOf(before), statusOf(after));
  found.values('error', before.request.error, after.request.error);
  const routers = new Set([before, after].flatMap(({ request }) => Object.keys(request.routing)));
  for (const router of routers)
    found.values('choice', before.request.routing[router], after.request.routing[router], router);
  found.bodies('response', await compareBodies(before.response.body, after.response.body, rules));
  return found.comparison({
    unit: '',
    verb: '',
    msBefore: before.request.ms,
    msAfter: after.request.ms,
  });
}

async function compareMaybe(
  before: CopiedBody | null,
  after: CopiedBody | null,
  rules: BodyRules,
): Promise<BodyComparison> {
  if (before !== null && after !== null) return await compareBodies(before, after, rules);
  if (before === after) return { differences: [], count: 0, isPartial: false };
  const words = (body: CopiedBody | null): string | null =>
    body === null ? null : `${body.bytes} B`;
  const difference = { path: '', before: words(before), after: words(after) };
  return { differences: [difference], count: 1, isPartial: false };
}

/** Collects what differs in one call. */
class Found {
  readonly #differences: Difference[] = [];
  #more = 0;
  #isPartial = false;

  values(
    what: Difference['what'],
    before: string | number | null | undefined,
    after: string | number | null | undefined,
    path = '',
  ): void {
    if (before === after) return;
    const words = (value: string | number | null | undefined): string | null =>
      value === null || value === undefined || value === '' ? null : String(value);
    this.#differences.push({ what, path, before: words(before), after: words(after) });
  }

  bodies(what: Difference['what'], { differences, count, isPartial }: BodyComparison): void {
    this.#differences.push(...differences.map((difference) => ({ what, ...difference })));
    this.#more += count - differences.length;
    this.#isPartial ||= isPartial;
  }

  comparison(of: Pick<CallComparison, 'unit' | 'verb' | 'msBefore' | 'msAfter'>): CallComparison {
    return {
      ...of,
      state: this.#differences.length === 0 ? 'same' : 'different',
      differences: this.#differences,
      more: this.#more,
      isPartial: this.#isPartial,
    };
  }
}

/** `received data.ndarray[0]: 1 → 2`. */
export function differenceWords({ what, path, before, after }: Difference): string {
  const place = path === '' ? what : `${what} ${path}`;
  return `${place}: ${before ?? 'nothing'} → ${after ?? 'nothing'}`;
}
