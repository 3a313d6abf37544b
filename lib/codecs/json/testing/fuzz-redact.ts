// Compares redaction with a naive one that lists the values of a text and asks of each one's whole trail whether a path means it. The texts have keys
// twice, keys with escapes, arrays in arrays and damaged bytes: what comes out has to be the same to the byte, and nothing where there is no JSON. Run:
// `$(scripts/node-path.sh) lib/codecs/json/testing/fuzz-redact.ts --iterations 1000000 --seed 1`; the tests run a short piece of it.
import { isUtf8 } from 'node:buffer';
import { parseArgs } from 'node:util';
import { parsePath, type Path } from '../paths.ts';
import { plantPaths, redact } from '../redact.ts';
import { seededRandom } from './fuzz.ts';

const REPLACEMENT = Buffer.from('"[redacted]"');
const MAX_BYTES = 1024 * 1024;
const PATHS = [
  'email',
  'user.email',
  'data.names',
  'data.*',
  '*.email',
  '**.email',
  'a.**.b',
  '**.user.*.b',
  'a."b.c"',
  'a.*.*',
  '"é".a',
  '**.*.b',
] as const;

type Random = (below: number) => number;
const ELEMENT = Symbol('element');
/** The steps on the way to a value, each its key, or that it is an element. */
type Trail = readonly (string | typeof ELEMENT)[];
/** A value of a text, with its position there. */
interface Place {
  readonly trail: Trail;
  readonly start: number;
  readonly end: number;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

const KEYS = ['email', 'user', 'data', 'names', 'a', 'b', 'b.c', 'é', '*', '', 'Email', 'emai'];

function writeKey(random: Random, key: string): string {
  const escaped = [...key].map((letter) => {
    const code = letter.charCodeAt(0).toString(16).padStart(4, '0');
    return random(8) === 0 ? `\\u${random(2) === 0 ? code : code.toUpperCase()}` : letter;
  });
  return `"${escaped.join('')}"`;
}

const SCALARS = ['-0.10e+2', 'true', 'null', 'NaN', '-Infinity', '"NaN"', '[ ]', '{}', '""'];
let secrets = 0;

function generate(random: Random, depth: number): string {
  const space = (): string => pick(random, ['', '', '', ' ', '\r\n\t']);
  const kind = random(depth > 6 ? 1 : 5);
  if (kind === 0) return `"\\"s3cret${secrets++}\\\\"`;
  if (kind === 1) return random(2) === 0 ? pick(random, SCALARS) : `9007199254740993${secrets++}`;
  const members = Array.from({ length: random(4) }, () => {
    const value = generate(random, depth + 1);
    if (kind === 2) return `${space()}${value}${space()}`;
    return `${space()}${writeKey(random, pick(random, KEYS))}${space()}:${space()}${value}${space()}`;
  });
  return kind === 2 ? `[${members.join(',')}${space()}]` : `${space()}{${members.join(',')}}`;
}

/** Every value below the outermost one; undefined for what is no JSON. One character after the other, as plainly as it can be written. */
function listPlaces(text: string): Place[] | undefined {
  const places: Place[] = [];
  let at = 0;
  const space = (): void => {
    while (' \t\r\n'.includes(text[at] ?? 'x')) at++;
  };
  const take = (expected: string): void => {
    if (text[at] !== expected) throw new SyntaxError(`${expected} at ${at}`);
    at++;
  };
  const scalar = (): unknown => {
    const [found] = /^(?:"(?:[^"\\]|\\.)*"|[^\s,:{}[\]"]+)/u.exec(text.slice(at)) ?? [''];
    at += found.length;
    return JSON.parse(/^(?:NaN|-?Infinity)$/.test(found) ? '0' : found);
  };
  const value = (trail: Trail): void => {
    space();
    const start = at;
    if (text[at] === '[') list(']', () => value([...trail, ELEMENT]));
    else if (text[at] === '{') list('}', () => member(trail));
    else scalar();
    if (trail.length > 0) places.push({ trail, start, end: at });
    space();
  };
  const member = (trail: Trail): void => {
    space();
    const key = scalar();
    if (typeof key !== 'string') throw new SyntaxError('no key');
    space();
    take(':');
    value([...trail, key]);
  };
  const list = (close: string, item: () => void): void => {
    at++;
    space();
    if (text[at] !== close) {
      item();
      while (text[at] === ',') {
        at++;
        item();
      }
    }
    take(close);
  };
  try {
    value([]);
    return at === text.length ? places : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what is no JSON. */
function redactNaively(text: string, paths: readonly Path[]): string | undefined {
  const places = listPlaces(text);
  if (places === undefined) return undefined;
  const meant = places
    .filter(({ trail }) => paths.some((path) => means(path, trail)))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  let made = '';
  let done = 0;
  for (const { start, end } of meant) {
    if (start < done) continue;
    made += text.slice(done, start) + REPLACEMENT.toString();
    done = end;
  }
  return made + text.slice(done);
}

/** Whether the path means the value at the end of the trail. */
function means(path: Path, trail: Trail): boolean {
  const [step, ...steps] = path;
  const [first, ...rest] = trail;
  if (step === undefined) return first === undefined;
  if (first === undefined) return false;
  if (first === ELEMENT)
    return means(path, rest) || (step.kind === 'any' && means(steps, rest)) || deep(path, trail);
  if (step.kind === 'deep') return deep(path, trail);
  return (step.kind === 'any' || step.key === first) && means(steps, rest);
}

function deep(path: Path, trail: Trail): boolean {
  const [step, ...steps] = path;
  return step?.kind === 'deep' && (means(steps, trail) || means(path, trail.slice(1)));
}

function damage(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const damaged = Buffer.from(bytes);
  const at = random(bytes.length);
  switch (random(5)) {
    case 0:
      return damaged.subarray(0, at);
    case 1:
      return Buffer.concat([damaged, damaged.subarray(at)]);
    case 2:
      return Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1)]);
    case 3:
      damaged[at] = random(256);
      return damaged;
    default:
      damaged[at] = '{}[]",:\\0'.charCodeAt(random(9));
      return damaged;
  }
}

export interface RedactionCase {
  readonly body: Buffer;
  /** What has to come of it; undefined for nothing. */
  readonly expected: string | undefined;
}

/** A text and one that is damaged. */
export function makeCases(random: Random, paths: readonly Path[]): readonly RedactionCase[] {
  const whole = Buffer.from(generate(random, 0));
  return [whole, damage(random, whole)].map((body) => ({
    body,
    expected: isUtf8(body) ? redactNaively(body.toString(), paths) : undefined,
  }));
}

export function readPaths(texts: readonly string[]): Path[] {
  return texts.map((text) => {
    const read = parsePath(text);
    if (read.kind === 'wrong') throw new Error(`${text}: ${read.what}`);
    return read.path;
  });
}

/** What is wrong with a text and some paths; undefined when nothing is. */
function difference(random: Random): string | undefined {
  const texts = Array.from({ length: 1 + random(3) }, () => pick(random, PATHS));
  const paths = readPaths(texts);
  const tree = plantPaths(paths);
  for (const { body, expected } of makeCases(random, paths)) {
    const given = Buffer.from(body);
    const made = redact(body, tree, REPLACEMENT, MAX_BYTES);
    const told = `${texts.join(', ')} in ${JSON.stringify(given.toString('latin1'))}`;
    if (!body.equals(given)) return `${told}: the input was changed`;
    if (made.toString() !== (expected ?? 'invalid'))
      return `${told}: ${made.toString()} instead of ${expected}`;
  }
  return undefined;
}

export function fuzzRedact(iterations: number, seed: number): string | undefined {
  const random = seededRandom(seed);
  for (let i = 0; i < iterations; i++) {
    const found = difference(random);
    if (found !== undefined) return found;
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
  const found = fuzzRedact(Number(values.iterations), Number(values.seed));
  console.log(found ?? `${values.iterations} texts: no difference`);
  process.exitCode = found === undefined ? 0 : 1;
}
