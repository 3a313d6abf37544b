// What numpy says of tensors and their means, for tests to compare with: one Python process for each file of tests.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Datatype, MeanDatatype } from '../datatypes.ts';

export interface MeanCase {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** For each array its bytes, and its text as flat and as nested list. */
  readonly raw: readonly Buffer[];
  readonly flat: readonly string[];
  readonly nested: readonly string[];
  readonly meanDatatype: MeanDatatype;
  readonly mean: Buffer;
}

export interface TensorCase {
  /** `special`: what is easily lost on the way. `ordinary`: what the JSON of every protocol can say. */
  readonly kind: 'special' | 'ordinary' | 'one' | 'empty';
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
  /** Its text as flat and as nested list, as Python writes it. */
  readonly flat: string;
  readonly nested: string;
}

export interface Numpy {
  readonly tensors: readonly TensorCase[];
  readonly means: readonly MeanCase[];
  /** The value of each number of sixteen bits, as doubles. */
  readonly fp16: Buffer;
  readonly bf16: Buffer;
  /** Doubles, and what they are in sixteen bits. */
  readonly doubles: Buffer;
  readonly asFp16: Buffer;
  readonly wide: Buffer;
  readonly asBf16: Buffer;
}

const PYTHON = fileURLToPath(new URL('../../../.venv-models/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('means.py', import.meta.url));
/** Texts of these members are base64. */
const BYTES = new Set([
  'bytes',
  'raw',
  'mean',
  'fp16',
  'bf16',
  'doubles',
  'asFp16',
  'wide',
  'asBf16',
]);

export const hasNumpy = existsSync(PYTHON);

function revive(key: string, value: unknown): unknown {
  if (!BYTES.has(key)) return value;
  if (Array.isArray(value)) return value.map((each) => Buffer.from(each as string, 'base64'));
  return Buffer.from(value as string, 'base64');
}

let known: Numpy | undefined;

export function askNumpy(): Numpy {
  known ??= JSON.parse(
    execFileSync(PYTHON, [SCRIPT], { maxBuffer: 1 << 26 }).toString(),
    revive,
  ) as Numpy;
  return known;
}
