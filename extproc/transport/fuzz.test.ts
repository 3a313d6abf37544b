import { test } from 'node:test';
import { fuzz } from './testing/fuzz.ts';

test('random and nearly valid bytes never throw, leak or read differently from the plain reference', () => {
  fuzz(3000, 1);
});
