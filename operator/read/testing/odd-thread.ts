// A thread for tests: it reads as the real one does, but for texts that say how it is to misbehave.
import { parentPort } from 'node:worker_threads';
import { readHere } from '../reader.ts';
import type { Answer, Question } from '../thread.ts';

parentPort?.on('message', ({ text, options }: Question) => {
  if (text.startsWith('loop')) for (;;);
  if (text === 'throw') throw new Error('a bug');
  if (text === 'fill') {
    const rows: number[][] = [];
    for (;;) rows.push(Array.from({ length: 100_000 }, (_, index) => index));
  }
  parentPort?.postMessage(readHere(text, options) satisfies Answer);
});
