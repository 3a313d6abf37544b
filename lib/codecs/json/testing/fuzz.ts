// Compares the scanner with JSON.parse on generated and damaged texts. Run:
// `$(scripts/node-path.sh) lib/codecs/json/testing/fuzz.ts --iterations 1000000 --seed 1`; the tests run a short piece of it.
import { parseArgs } from 'node:util';
import { JsonCursor } from '../cursor.ts';
import { findPath, keys } from '../find.ts';
import { isJson } from '../scan.ts';

/** Texts that once were, or may be, hard. */
export const SEEDS: readonly string[] = [
  '{"a":1,"a":{"b":2}}',
  '{"\\u0061":{"b":[1,2]},"a ":3}',
  '\t\r\n {"a"\n:\t{ "b" : [ ] } } ',
  '[1,-0,0.5,1e9,1E+9,-1.25e-7,12345678901234567890.5]',
  '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9","é","long enough to be looked at in words","\\\\"]',
  '{"a":{"b":"x"},"c":[true,false,null,{},[]]}',
  '[01]',
  '[1.]',
  '[.5]',
  '[1e]',
  '[-]',
  '["\\x"]',
  '["\\u12g4"]',
  '["a\nb"]',
  '[1,]',
  '{"a":1,}',
  '{"a" 1}',
  '{a:1}',
  'nul',
  'NaN',
  '',
  ' ',
  '[',
  '"',
  '{"meta":{"routing":{"r":1}},"data":{"ndarray":[[1.1,2.0]]}}',
];

const ALPHABET = '{}[]",:\\0123456789.eE+-tfnuab \t\n\r/\u0001é';
const SCALARS = ['0', '-1', '1.5', '1e3', '""', '"a"', '"\\n"', '"é"', 'true', 'false', 'null'];
const NAMES = ['a', 'b', 'c', '\\u0061', 'data', 'é'];
const PATHS = [['a'], ['a', 'b'], ['data', 'a'], ['é']] as const;

/** Numbers from 0 to `below`, the same for the same seed (xorshift). */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Random = (below: number) => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

function generate(random: Random, depth: number): string {
  const space = pick(random, ['', '', ' ', '\n\t']);
  const kind = random(depth > 4 ? 1 : 4);
  if (kind < 2) {
    if (random(6) === 0)
      return `"${'xy'.repeat(random(40))}${pick(random, ['', '\\"', '\\u00e9'])}"`;
    if (random(6) === 0) return String((random(1_000_000) - 500_000) / 7);
    return `${space}${pick(random, SCALARS)}`;
  }
  const members = Array.from({ length: random(4) }, () => generate(random, depth + 1));
  if (kind === 2) return `${space}[${members.join(`${space},`)}${space}]`;
  return `{${space}${members.map((each) => `"${pick(random, NAMES)}"${space}:${each}`).join(',')}}`;
}

function damage(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  for (let times = random(3); times > 0 && bytes.length > 0; times--) {
    const at = random(bytes.length);
    const how = random(3);
    if (how === 0) bytes[at] = ALPHABET.charCodeAt(random(ALPHABET.length)) & 0xff;
    else if (how === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    else return bytes.subarray(0, at);
  }
  return bytes;
}

function lookUp(value: unknown, path: readonly string[]): unknown {
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** What the scanner says otherwise than JSON.parse; undefined when they agree. */
export function difference(bytes: Buffer): string | undefined {
  let value: unknown;
  let valid = true;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    valid = false;
  }
  if (isJson(bytes) !== valid) return `valid: ${valid}, scanner: ${!valid}`;
  if (!valid) return undefined;
  for (const path of PATHS) {
    const found = findPath(bytes, keys(...path));
    const expected = JSON.stringify(lookUp(value, path));
    const actual =
      typeof found === 'string'
        ? undefined
        : JSON.stringify(JSON.parse(bytes.toString('utf8', found.start, found.end)));
    if (actual !== expected) return `at ${path.join('.')}: ${expected}, scanner: ${actual}`;
  }
  return undefined;
}

/** The value that the cursor is before, by a walk into all of it. */
function build(cursor: JsonCursor): unknown {
  if (cursor.isObject) {
    const value: Record<string, unknown> = {};
    cursor.enter();
    while (cursor.nextMember()) value[cursor.key()] = build(cursor);
    return value;
  }
  if (cursor.isArray) {
    const values: unknown[] = [];
    cursor.enter();
    while (cursor.nextElement()) values.push(build(cursor));
    return values;
  }
  const span = cursor.value();
  if (span === undefined) return undefined;
  return JSON.parse(cursor.bytes.toString('utf8', span.start, span.end));
}

/** What the cursor reads otherwise than JSON.parse; undefined when they agree. */
export function cursorDifference(bytes: Buffer): string | undefined {
  let expected: string | undefined;
  try {
    expected = JSON.stringify(JSON.parse(bytes.toString()));
  } catch {
    expected = undefined;
  }
  const cursor = new JsonCursor(bytes);
  const value = build(cursor);
  const actual = cursor.isOver() ? JSON.stringify(value) : undefined;
  return actual === expected ? undefined : `${expected}, cursor: ${actual}`;
}

export function fuzzCursor(iterations: number, seed: number): string | undefined {
  return fuzz(iterations, seed, cursorDifference);
}

/** Runs until the iterations are over or a difference is found, which it returns with its input. */
export function fuzz(
  iterations: number,
  seed: number,
  compare: (bytes: Buffer) => string | undefined = difference,
): string | undefined {
  const random = seededRandom(seed);
  for (let i = 0; i < iterations; i++) {
    const text = random(8) === 0 ? pick(random, SEEDS) : generate(random, 0);
    const bytes = damage(random, text);
    const found = compare(bytes);
    if (found !== undefined) return `${JSON.stringify(bytes.toString('latin1'))}: ${found}`;
  }
  return undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      iterations: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const iterations = Number(values.iterations);
  const seed = Number(values.seed);
  const found = fuzz(iterations, seed) ?? fuzzCursor(iterations, seed);
  console.log(found ?? `${values.iterations} texts: no difference`);
  process.exitCode = found === undefined ? 0 : 1;
}
