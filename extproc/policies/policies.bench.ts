// What a choice costs: ns of this process's CPU time and bytes of the heap for each, policy by policy, alternating.
// Run: `$(scripts/node-path.sh) --expose-gc --min-semi-space-size=512 --max-semi-space-size=512 extproc/policies/policies.bench.ts`; with a
// small young generation a round is collected before it is measured, and its bytes mean nothing.
import type { RequestHeaders } from '../contract/exchange.ts';
import { MemoryStore } from './memory-store.ts';
import type { ChoicePolicy } from './policy.ts';
import { NO_STATE } from './state-store.ts';
import { openPolicy } from './table.ts';

const BATCH = 200_000;
const ROUNDS = 15;

const HEADERS: RequestHeaders = {
  find: () => undefined,
  copy: () => -1,
  http1Block: () => Buffer.alloc(0),
  hpackBlock: () => Buffer.alloc(0),
  replaceTrace: () => {},
};

/** A policy over so many children of which each has feedback. */
function openOver(name: string, children: number): ChoicePolicy {
  const names = Array.from({ length: children }, (_, at) => `child-${at}`);
  const unit = { namespace: 'n', deployment: 'd', predictor: 'p', unit: 'u', children: names };
  const open = new MemoryStore().open(unit);
  for (const at of names.keys()) open.learn(at, 100 + at, 30.5 + at);
  const parameters = { epsilon: 0.1, ratioA: 0.5 };
  const state = name === 'RANDOM_ABTEST' ? NO_STATE : open.state;
  return openPolicy(name, { parameters, children, state });
}

interface Cost {
  readonly ns: number;
  readonly bytes: number;
}

function measure(policy: ChoicePolicy): Cost {
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const before = process.cpuUsage();
  let sum = 0;
  for (let left = BATCH; left > 0; left--) sum += policy.choose(HEADERS, Math.random);
  const { user, system } = process.cpuUsage(before);
  if (sum < 0) throw new Error('no policy chooses a child below 0 here');
  const bytes = process.memoryUsage().heapUsed - heap;
  return { ns: ((user + system) * 1000) / BATCH, bytes: bytes / BATCH };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

const CASES = (
  [
    ['RANDOM_ABTEST', 2],
    ['EPSILON_GREEDY', 2],
    ['EPSILON_GREEDY', 16],
    ['THOMPSON_SAMPLING', 2],
    ['THOMPSON_SAMPLING', 16],
  ] as const
).map(([name, children]) => ({
  name: `${name} over ${children}`,
  policy: openOver(name, children),
  costs: [] as Cost[],
}));

for (let round = 0; round <= ROUNDS; round++)
  for (const { policy, costs } of CASES) {
    const cost = measure(policy);
    // The first compiles.
    if (round > 0) costs.push(cost);
  }
for (const { name, costs } of CASES) {
  const ns = medianOf(costs.map((cost) => cost.ns));
  const bytes = medianOf(costs.map((cost) => cost.bytes));
  console.log(`${name}: ${ns.toFixed(0)} ns, ${bytes.toFixed(1)} B`);
}
