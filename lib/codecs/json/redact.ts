// Puts something else in the place of values, by their paths, without touching any other byte: numbers of any length, the order of keys and
// space stay as they were. In: bytes and paths; out: other bytes, or why there are none. A path covers every member of its name,
// also where an object has a key twice or writes it with escapes, and goes through all elements of arrays. What the scanner
// cannot read to its end gives no output at all.
import { isUtf8 } from 'node:buffer';
import { JsonCursor } from './cursor.ts';
import type { Span } from './find.ts';
import { withoutNonFinite } from './non-finite.ts';
import type { Path } from './paths.ts';
import { MAX_DEPTH } from './scan.ts';

/** Steps of several paths together: what they begin with alike is there once. */
export interface PathTree {
  readonly keys: { readonly key: Buffer; readonly below: PathTree }[];
  any: PathTree | undefined;
  /** What is behind a `**`: it begins here, and stays on all the way down. */
  deep: PathTree | undefined;
  readonly stays: boolean;
  /** Whether a path ends here: the value is what it means. */
  ends: boolean;
}

/** `invalid`: no JSON in UTF-8, or nested deeper than is read. */
export type Redacted = Buffer | 'invalid' | 'too-large';

export function plantPaths(paths: readonly Path[]): PathTree {
  const root = newTree();
  for (const path of paths) {
    let at = root;
    for (const step of path) {
      if (step.kind === 'any') at = at.any ??= newTree();
      else if (step.kind === 'deep') at = at.deep ??= newTree(true);
      else at = childOf(at, Buffer.from(step.key));
    }
    at.ends = true;
  }
  return root;
}

function newTree(stays = false): PathTree {
  return { keys: [], any: undefined, deep: undefined, stays, ends: false };
}

function childOf(tree: PathTree, key: Buffer): PathTree {
  const known = tree.keys.find((each) => each.key.equals(key));
  if (known !== undefined) return known.below;
  const made = newTree();
  tree.keys.push({ key, below: made });
  return made;
}

/** The given bytes themselves where no path leads to anything. */
export function redact(
  bytes: Buffer,
  paths: PathTree,
  replacement: Buffer,
  maxBytes: number,
): Redacted {
  if (!isUtf8(bytes)) return 'invalid';
  const strict = redactScanned(bytes, bytes, paths, replacement, maxBytes);
  if (strict !== 'invalid') return strict;
  // As Python writes it, with NaN. Every position means the same in both.
  const finite = withoutNonFinite(bytes);
  return finite === undefined
    ? 'invalid'
    : redactScanned(bytes, finite, paths, replacement, maxBytes);
}

function redactScanned(
  bytes: Buffer,
  scanned: Buffer,
  paths: PathTree,
  replacement: Buffer,
  maxBytes: number,
): Redacted {
  const output = new Output(bytes, replacement, maxBytes);
  const visitor = new Visitor(scanned, output);
  const isWhole = visitor.visit(join(undefined, paths), 0) && visitor.cursor.isOver();
  return isWhole ? output.end() : 'invalid';
}

class Visitor {
  readonly cursor: JsonCursor;
  readonly #output: Output;

  constructor(bytes: Buffer, output: Output) {
    this.cursor = new JsonCursor(bytes);
    this.#output = output;
  }

  /** Walks into the value that the cursor is before, as far as paths may end in it; false for what cannot be read. */
  visit(active: readonly PathTree[], depth: number): boolean {
    const { cursor } = this;
    if (cursor.isObject) {
      if (depth === MAX_DEPTH) return false;
      cursor.enter();
      while (cursor.nextMember()) {
        if (!this.#take(afterKey(active, cursor), depth)) return false;
      }
    } else if (cursor.isArray) {
      if (depth === MAX_DEPTH) return false;
      const inside = afterElement(active);
      cursor.enter();
      while (cursor.nextElement()) {
        if (!this.#take(inside, depth)) return false;
      }
    }
    return !cursor.broken;
  }

  #take(active: readonly PathTree[], depth: number): boolean {
    if (active.length === 0) return true;
    if (!active.some(({ ends }) => ends)) return this.visit(active, depth + 1);
    const value = this.cursor.value();
    if (value === undefined) return false;
    this.#output.replace(value);
    return true;
  }
}

const NONE: readonly PathTree[] = [];

/** What is below the member that the cursor is at. */
function afterKey(active: readonly PathTree[], cursor: JsonCursor): readonly PathTree[] {
  let next: PathTree[] | undefined;
  for (const tree of active) {
    if (tree.stays) next = join(next, tree);
    if (tree.any !== undefined) next = join(next, tree.any);
    for (const { key, below } of tree.keys) {
      if (cursor.keyIs(key)) next = join(next, below);
    }
  }
  return next ?? NONE;
}

/** Inside of an array everything goes on as before it, and an element may also be what `*` means. */
function afterElement(active: readonly PathTree[]): readonly PathTree[] {
  let next: PathTree[] | undefined;
  for (const tree of active) {
    next = join(next, tree);
    if (tree.any !== undefined) next = join(next, tree.any);
  }
  return next ?? NONE;
}

/** With it comes what is behind a `**` here: that may mean no key at all. */
function join(trees: PathTree[] | undefined, tree: PathTree): PathTree[] {
  const joined = trees ?? [];
  if (!joined.includes(tree)) joined.push(tree);
  return tree.deep === undefined ? joined : join(joined, tree.deep);
}

/** The bytes with replacements, in memory that grows as it is needed. */
class Output {
  readonly #source: Buffer;
  readonly #replacement: Buffer;
  readonly #maxBytes: number;
  #made: Buffer | undefined;
  #length = 0;
  /** Of the source, what is copied or left out. */
  #done = 0;
  #isTooLarge = false;

  constructor(source: Buffer, replacement: Buffer, maxBytes: number) {
    this.#source = source;
    this.#replacement = replacement;
    this.#maxBytes = maxBytes;
  }

  replace({ start, end }: Span): void {
    this.#copyTo(start);
    this.#append(this.#replacement, 0, this.#replacement.length);
    this.#done = end;
  }

  end(): Buffer | 'too-large' {
    if (this.#done === 0) return this.#source;
    this.#copyTo(this.#source.length);
    if (this.#isTooLarge || this.#made === undefined) return 'too-large';
    return this.#made.subarray(0, this.#length);
  }

  #copyTo(position: number): void {
    this.#append(this.#source, this.#done, position);
    this.#done = position;
  }

  #append(from: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#maxBytes) this.#isTooLarge = true;
    if (this.#isTooLarge) return;
    from.copy(this.#withRoom(length), this.#length, start, end);
    this.#length = length;
  }

  #withRoom(length: number): Buffer {
    const made = this.#made;
    if (made !== undefined && made.length >= length) return made;
    const wanted = Math.max(length, this.#source.length, (made?.length ?? 0) * 2);
    const larger = Buffer.allocUnsafeSlow(Math.min(wanted, this.#maxBytes));
    made?.copy(larger, 0, 0, this.#length);
    this.#made = larger;
    return larger;
  }
}
