// Whether the time of a regular expression grows no faster than the text, whatever the text: a proof, by the automaton of its
// positions. Backtracking takes more than linear time only where one text leads from a position back to it, on to a second
// one and from that back to itself (infinite ambiguity: Weber and Seidl, "On the degree of ambiguity of finite automata"), and
// where a failure can follow. An expression that may begin anywhere begins with a position that every character leads back to.
import { parsePattern } from './parse-pattern.ts';
import type { Pattern } from './parse-pattern.ts';

interface Position {
  /** The characters of the alphabet, as bits. */
  readonly characters: bigint;
  readonly follow: Set<number>;
}

interface Part {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Each ASCII character, and one of each kind of the others that a class may tell apart. */
const ALPHABET = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  '\u0085',
  '\u00A0',
  'é',
  'Δ',
  '中',
  '\u2028',
  '\uFEFF',
  '\uD83D',
  '\uDE00',
  '٣',
];
const BEFORE = 1n << BigInt(ALPHABET.length);
const AFTER = BEFORE << 1n;
const ANY = BEFORE - 1n;
const MAX_POSITIONS = 6000;

/** Why the time may grow faster than the text; undefined when it cannot. */
export function findGrowth(source: string, flags: string): string | undefined {
  const positions: Position[] = [];
  /** Edges that two ways lead along: `(a*)*`. */
  const doubled: (readonly [number, number])[] = [];
  let whole: Part;
  try {
    whole = build(parsePattern(source), flags, positions, doubled);
  } catch (error) {
    return `it is not known: ${error instanceof Error ? error.message : String(error)}`;
  }
  const accepting = new Set(whole.last);
  const starts = whole.first.map((at) => positions[at]?.characters ?? 0n);
  const isAnchored =
    !flags.includes('m') && !whole.nullable && starts.every((set) => set === BEFORE);
  if (!isAnchored && !flags.includes('y')) {
    const start = positions.length;
    positions.push({ characters: ANY, follow: new Set([start, ...whole.first]) });
  }
  const reach = positions.map((_, at) => reachable(positions, at));
  const isLoop = (at: number): boolean => reach[at]?.has(at) === true;
  for (const [from, to] of doubled)
    if (reach[to]?.has(from) === true) return `two ways lead round ${show(positions[from])}`;
  for (const p of positions.keys()) {
    if (!isLoop(p)) continue;
    for (const q of reach[p] ?? []) {
      // What may end at q has matched by then: nothing is tried again.
      if (q === p || !isLoop(q) || accepting.has(q)) continue;
      if (isAmbiguous(positions, reach, p, q))
        return `a text can be cut between ${show(positions[p])} and ${show(positions[q])} at any place`;
    }
  }
  return undefined;
}

/** Whether one text leads from p to p, from p to q and from q to q. */
function isAmbiguous(
  positions: readonly Position[],
  reach: readonly ReadonlySet<number>[],
  p: number,
  q: number,
): boolean {
  const size = positions.length;
  const seen = new Set<number>();
  const queue: (readonly [number, number, number])[] = [[p, p, q]];
  for (let triple = queue.pop(); triple !== undefined; triple = queue.pop()) {
    const [one, two, three] = triple;
    for (const a of positions[one]?.follow ?? []) {
      if (reach[a]?.has(p) !== true) continue;
      for (const b of positions[two]?.follow ?? []) {
        if (reach[b]?.has(q) !== true) continue;
        const both = charactersOf(positions, a) & charactersOf(positions, b);
        if (both === 0n) continue;
        for (const c of positions[three]?.follow ?? []) {
          if (reach[c]?.has(q) !== true) continue;
          if ((both & charactersOf(positions, c)) === 0n) continue;
          if (a === p && b === q && c === q) return true;
          const key = (a * size + b) * size + c;
          if (seen.has(key)) continue;
          seen.add(key);
          queue.push([a, b, c]);
        }
      }
    }
  }
  return false;
}

function charactersOf(positions: readonly Position[], at: number): bigint {
  return positions[at]?.characters ?? 0n;
}

function reachable(positions: readonly Position[], from: number): Set<number> {
  const found = new Set<number>();
  const stack = [...(positions[from]?.follow ?? [])];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    stack.push(...(positions[at]?.follow ?? []));
  }
  return found;
}

function build(
  pattern: Pattern,
  flags: string,
  positions: Position[],
  doubled: (readonly [number, number])[],
): Part {
  const link = (from: readonly number[], to: readonly number[]): void => {
    for (const one of from)
      for (const other of to) {
        const follow = positions[one]?.follow;
        if (follow?.has(other) === true) doubled.push([one, other]);
        follow?.add(other);
      }
  };
  const join = (left: Part, right: Part): Part => {
    link(left.last, right.first);
    return {
      nullable: left.nullable && right.nullable,
      first: left.nullable ? [...left.first, ...right.first] : left.first,
      last: right.nullable ? [...left.last, ...right.last] : right.last,
    };
  };
  const visit = (part: Pattern): Part => build(part, flags, positions, doubled);
  switch (pattern.kind) {
    case 'empty':
      return NOTHING;
    case 'character': {
      if (positions.length >= MAX_POSITIONS) throw new Error('it has too many positions');
      positions.push({ characters: charactersIn(pattern.source, flags), follow: new Set() });
      const at = [positions.length - 1];
      return { nullable: false, first: at, last: at };
    }
    case 'sequence':
      return pattern.parts.map(visit).reduce(join, NOTHING);
    case 'choice': {
      const parts = pattern.parts.map(visit);
      return {
        nullable: parts.some(({ nullable }) => nullable),
        first: parts.flatMap(({ first }) => first),
        last: parts.flatMap(({ last }) => last),
      };
    }
    case 'repeat': {
      const { part, min, max } = pattern;
      const copies = Array.from({ length: max === Infinity ? Math.max(min, 1) : max }, () =>
        visit(part),
      );
      const tail = copies.at(-1);
      if (tail === undefined) return NOTHING;
      if (max === Infinity) link(tail.last, tail.first);
      // `x{1,3}` is `x(x(x)?)?`.
      return copies.reduceRight<Part>((after, copy, index) => {
        const joined = index === copies.length - 1 ? copy : join(copy, after);
        return index >= min ? { ...joined, nullable: true } : joined;
      }, NOTHING);
    }
  }
}

const NOTHING: Part = { nullable: true, first: [], last: [] };

function charactersIn(source: string, flags: string): bigint {
  if (source === '^') return BEFORE;
  if (source === '$') return AFTER;
  const one = new RegExp(`^(?:${source})$`, flags.replaceAll(/[gmy]/g, ''));
  return ALPHABET.reduce(
    (set, character, index) => (one.test(character) ? set | (1n << BigInt(index)) : set),
    0n,
  );
}

function show(position: Position | undefined): string {
  const set = position?.characters ?? 0n;
  const some = ALPHABET.filter((_, index) => (set & (1n << BigInt(index))) !== 0n);
  return some.length > 8 ? `[${some.slice(-8).join('')}…]` : `[${some.join('')}]`;
}
