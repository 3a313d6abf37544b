// Where two bodies differ: JSON by the path of each value, with a tolerance for numbers, texts and bytes by the first place. What one of
// the two says of itself (its request's id) is no difference. The page and the command share it.
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import { decodedText, unpackedBody } from './bodies.ts';

export interface BodyDifference {
  /** `data.ndarray[0][1]`; '' for the whole body. */
  readonly path: string;
  /** Null where there is nothing. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface BodyRules {
  /** Numbers that differ by no more than this, or by this part of the larger one, are the same. */
  readonly tolerance: number;
  /** The requests' ids, which bodies may repeat. */
  readonly puids: readonly [before: string, after: string];
}

export interface BodyComparison {
  /** The first of them. */
  readonly differences: readonly BodyDifference[];
  /** How many there are. */
  readonly count: number;
  /** Only the beginnings could be compared, and they are the same. */
  readonly isPartial: boolean;
}

/** Differences that are told of one body. */
export const MAX_DIFFERENCES = 20;
/** Of a value that differs so much is told. */
const MAX_VALUE = 120;
const SAME: BodyComparison = { differences: [], count: 0, isPartial: false };

export async function compareBodies(
  before: CopiedBody,
  after: CopiedBody,
  rules: BodyRules,
): Promise<BodyComparison> {
  const isPartial = before.isCut || after.isCut;
  if (before.base64 === after.base64 && before.bytes === after.bytes) return { ...SAME, isPartial };
  const [first, second] = await Promise.all([unpackedBody(before), unpackedBody(after)]);
  const texts = [decodedText(first.bytes), decodedText(second.bytes)] as const;
  const [one, other] = texts;
  if (one !== null && other !== null && !isPartial) {
    const values = [readJson(one), readJson(other)] as const;
    if (values[0] !== undefined && values[1] !== undefined)
      return compareValues(values[0], values[1], rules);
    return one === other
      ? SAME
      : differsFrom(`character ${firstOf(one, other)}`, describe(before), describe(after));
  }
  const at = firstOf(first.bytes, second.bytes);
  const isWithinBoth = at < Math.min(first.bytes.length, second.bytes.length);
  if (isPartial && !isWithinBoth && before.bytes === after.bytes) return { ...SAME, isPartial };
  return differsFrom(`byte ${at}`, describe(before), describe(after));
}

function describe({ bytes, contentType }: CopiedBody): string {
  return `${bytes} B${contentType === null ? '' : `, ${contentType}`}`;
}

function differsFrom(place: string, before: string, after: string): BodyComparison {
  const path = `from ${place} on`;
  return { differences: [{ path, before, after }], count: 1, isPartial: false };
}

/** The first position at which two lists differ. */
function firstOf(one: ArrayLike<unknown>, other: ArrayLike<unknown>): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}

/** Undefined for what is none, or too deep to be read. Whole numbers that a `number` cannot hold are bigints. */
function readJson(text: string): unknown {
  const exactly = (
    _key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? '')
      : value;
  try {
    return JSON.parse(text, exactly) as unknown;
  } catch {
    return undefined;
  }
}

type Key = readonly [parent: Key | null, name: string | number];

interface Pair {
  readonly key: Key | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** `undefined` is what is not there. Not by recursion, since the depth is whoever sent it's to choose. */
function compareValues(one: unknown, other: unknown, rules: BodyRules): BodyComparison {
  const differences: BodyDifference[] = [];
  let count = 0;
  const pairs: Pair[] = [{ key: null, before: one, after: other }];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const { key, before, after } = pair;
    const inner = childrenOf(key, before, after);
    if (inner !== null) {
      // The first one is to be looked at next.
      for (let at = inner.length - 1; at >= 0; at--) pairs.push(inner[at] as Pair);
    } else if (!isSame(before, after, rules)) {
      count++;
      if (differences.length < MAX_DIFFERENCES)
        differences.push({ path: pathOf(key), before: shown(before), after: shown(after) });
    }
  }
  return { differences, count, isPartial: false };
}

/** Null where there is nothing to go into on both sides. */
function childrenOf(key: Key | null, before: unknown, after: unknown): Pair[] | null {
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, at) => ({
      key: [key, at],
      before: before[at] as unknown,
      after: after[at] as unknown,
    }));
  if (!isObject(before) || !isObject(after)) return null;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].map((name) => ({
    key: [key, name],
    before: Object.hasOwn(before, name) ? before[name] : undefined,
    after: Object.hasOwn(after, name) ? after[name] : undefined,
  }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(before: unknown, after: unknown, { tolerance, puids }: BodyRules): boolean {
  if (before === after) return true;
  if (typeof before === 'string' && typeof after === 'string')
    return before === puids[0] && after === puids[1];
  if (typeof before !== 'number' || typeof after !== 'number') return false;
  const largest = Math.max(1, Math.abs(before), Math.abs(after));
  return Math.abs(before - after) <= tolerance * largest;
}

function shown(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === 'bigint' ? String(value) : outline(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

function outline(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? `an object of ${Object.keys(value).length}` : JSON.stringify(value);
}

function pathOf(key: Key | null): string {
  const names: (string | number)[] = [];
  for (let at = key; at !== null; at = at[0]) names.push(at[1]);
  return names
    .toReversed()
    .map((name, at) => {
      if (typeof name === 'number') return `[${name}]`;
      if (!/^[\w-]{1,60}$/.test(name)) return `[${JSON.stringify(name.slice(0, MAX_VALUE))}]`;
      return at === 0 ? name : `.${name}`;
    })
    .join('');
}
