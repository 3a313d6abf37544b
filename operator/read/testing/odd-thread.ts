// A thread for tests: it reads as the real one does, but for objects whose kind says how it is to misbehave.
import { parentPort } from 'node:worker_threads';
import type { JsonObject } from '../../../graph/plan/json-value.ts';
import { readHere } from '../inline.ts';
import type { ReadResult, Question } from '../thread.ts';

parentPort?.on('message', ({ text, options }: Question) => {
  const object = JSON.parse(text) as JsonObject;
  const kind = String(object['kind']);
  if (kind.startsWith('loop')) for (;;);
  if (kind === 'throw') throw new Error('a bug');
  if (kind === 'fill') {
    const rows: number[][] = [];
    for (;;) rows.push(Array.from({ length: 100_000 }, (_, index) => index));
  }
  parentPort?.postMessage(readHere(object, options) satisfies ReadResult);
});
