// Runs the fuzzers of the clients for as long as one likes:
// `node extproc/client/testing/fuzz.ts --iterations 1000000 --seed 1 --only responses`.
// The tests run a few thousand cases of the same; a failure names the seed that brings it back.
import { parseArgs } from 'node:util';
import { fuzzResponse } from './fuzz/responses.ts';
import { fuzzFrames, recordServer } from './fuzz/frames.ts';
import { fuzzBlock, fuzzHeaders, startEchoUnit } from './fuzz/header-blocks.ts';
import { makeRandom, type Random } from './fuzz/random.ts';

export type FuzzTarget = 'responses' | 'blocks' | 'headers' | 'frames';

/** Runs `iterations` cases of a target, the first with `seed`, each next with one more. */
export async function runFuzz(target: FuzzTarget, iterations: number, seed: number): Promise<void> {
  const { run, stop } = await prepare(target);
  try {
    for (let i = 0; i < iterations; i++) {
      try {
        await run(makeRandom(seed + i));
      } catch (error) {
        throw new Error(`${target} with --seed ${seed + i}: ${String(error)}`, { cause: error });
      }
    }
  } finally {
    await stop();
  }
}

interface Prepared {
  readonly run: (random: Random) => Promise<void> | void;
  readonly stop: () => Promise<void>;
}

async function prepare(target: FuzzTarget): Promise<Prepared> {
  const nothing = (): Promise<void> => Promise.resolve();
  switch (target) {
    case 'responses':
      return { run: fuzzResponse, stop: nothing };
    case 'blocks':
      return { run: fuzzBlock, stop: nothing };
    case 'headers': {
      const unit = await startEchoUnit();
      return {
        run: (random) => fuzzHeaders(random, unit),
        stop: () => {
          unit.client.close();
          return unit.server.close();
        },
      };
    }
    case 'frames': {
      const recorded = await recordServer();
      return { run: (random) => fuzzFrames(random, recorded), stop: nothing };
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      iterations: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      only: { type: 'string', default: '' },
    },
  });
  for (const target of ['responses', 'blocks', 'headers', 'frames'] as const) {
    if (values.only !== '' && values.only !== target) continue;
    await runFuzz(target, Number(values.iterations), Number(values.seed));
    console.log(`${target}: ${values.iterations} cases from seed ${values.seed}, no difference`);
  }
}
