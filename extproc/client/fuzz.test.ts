// A few thousand cases of each fuzzer; `fuzz.ts` runs as many as one likes.
import { test } from 'node:test';
import { type FuzzTarget, runFuzz } from './testing/fuzz.ts';

const CASES: Readonly<Record<FuzzTarget, number>> = {
  responses: 2000,
  blocks: 3000,
  headers: 300,
  frames: 100,
};

for (const [target, iterations] of Object.entries(CASES) as [FuzzTarget, number][]) {
  test(`fuzz: ${target}`, () => runFuzz(target, iterations, 1));
}
