import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHeaders } from '../contract/exchange.ts';
import { seededSource } from './draws.ts';
import { MemoryStore } from './memory-store.ts';
import type { ChoicePolicy } from './policy.ts';
import { NO_STATE, type OpenState } from './state-store.ts';
import { openPolicy } from './table.ts';

const HEADERS: RequestHeaders = {
  find: () => undefined,
  copy: () => -1,
  http1Block: () => Buffer.alloc(0),
  hpackBlock: () => Buffer.alloc(0),
  replaceTrace: () => {},
};

test('SIMPLE_ROUTER takes the first child', () => {
  const policy = openPolicy('SIMPLE_ROUTER', { parameters: {}, children: 3, state: NO_STATE });
  assert.equal(policy.choose(HEADERS, Math.random), 0);
});

test('RANDOM_ABTEST takes the first child below ratioA, else the second', () => {
  const policy = openPolicy('RANDOM_ABTEST', {
    parameters: { ratioA: 0.3 },
    children: 2,
    state: NO_STATE,
  });
  assert.deepEqual(
    [0, 0.299, 0.3, 0.999].map((drawn) => policy.choose(HEADERS, () => drawn)),
    [0, 0, 1, 1],
  );
  const never = openPolicy('RANDOM_ABTEST', {
    parameters: { ratioA: 0 },
    children: 2,
    state: NO_STATE,
  });
  assert.equal(
    never.choose(HEADERS, () => 0),
    1,
  );
});

test('a policy of a later version chooses no child that is there', () => {
  for (const name of ['LATER', 'constructor'])
    assert.ok(
      openPolicy(name, { parameters: {}, children: 2, state: NO_STATE }).choose(HEADERS, () => 0) >
        1000,
    );
});

const DRAWS = 20_000;

function learned(...branches: readonly (readonly [tries: number, successes: number])[]): OpenState {
  const children = branches.map((_, at) => `child-${at}`);
  const open = new MemoryStore().open({
    namespace: 'n',
    deployment: 'd',
    predictor: 'p',
    unit: 'u',
    children,
  });
  for (const [at, [tries, successes]] of branches.entries())
    if (tries > 0) open.learn(at, tries, successes);
  return open;
}

function openOver(
  name: string,
  { state }: OpenState,
  parameters: Readonly<Record<string, number>> = {},
): ChoicePolicy {
  return openPolicy(name, { parameters, children: state.branches.length, state });
}

/** The share of each child in many choices, in whole percent. */
function sharesOf(policy: ChoicePolicy, children: number, draws = DRAWS): number[] {
  const counts = Array.from({ length: children }, () => 0);
  for (let left = draws; left > 0; left--) counts[policy.choose(HEADERS, Math.random)]!++;
  return counts.map((count) => Math.round((100 * count) / draws));
}

/** Within `slack` of each wanted share: five standard deviations of so many draws are 2 percent at most. */
function assertShares(shares: readonly number[], wanted: readonly number[], slack = 2): void {
  for (const [at, share] of shares.entries())
    assert.ok(Math.abs(share - wanted[at]!) <= slack, `${shares} instead of ${wanted}`);
}

test('EPSILON_GREEDY takes the best child, and each other one for an equal part of epsilon', () => {
  const open = learned([10, 2], [10, 7], [0, 0], [100, 65]);
  const policy = openOver('EPSILON_GREEDY', open, { epsilon: 0.3, seed: 7 });
  assertShares(sharesOf(policy, 4), [10, 70, 10, 10]);
  open.learn(3, 100, 100);
  assertShares(sharesOf(policy, 4), [10, 10, 10, 70]);
  const greedy = openOver('EPSILON_GREEDY', open, { epsilon: 0 });
  assert.deepEqual(sharesOf(greedy, 4, 100), [0, 0, 0, 100]);
  const curious = openOver('EPSILON_GREEDY', open, { epsilon: 1, seed: 7 });
  assertShares(sharesOf(curious, 4), [33, 33, 33, 0]);
});

test('EPSILON_GREEDY begins with best_branch, and draws where that is not said', () => {
  for (const best of [0, 1, 2]) {
    const policy = openOver('EPSILON_GREEDY', learned([0, 0], [0, 0], [0, 0]), {
      epsilon: 0,
      best_branch: best,
    });
    assert.equal(policy.choose(HEADERS, Math.random), best);
  }
  const first = new Set(
    Array.from({ length: 60 }, (_, seed) =>
      openOver('EPSILON_GREEDY', learned([0, 0], [0, 0], [0, 0]), { epsilon: 0, seed }).choose(
        HEADERS,
        Math.random,
      ),
    ),
  );
  assert.deepEqual(first, new Set([0, 1, 2]));
});

test('EPSILON_GREEDY counts a child without feedback as 0, and draws among equals after each change', () => {
  const bad = learned([5, 0], [0, 0], [3, 0]);
  const policy = openOver('EPSILON_GREEDY', bad, { epsilon: 0, best_branch: 0, seed: 3 });
  const met = new Set<number>();
  for (let left = 60; left > 0; left--) {
    met.add(policy.choose(HEADERS, Math.random));
    bad.learn(0, 1, 0);
  }
  assert.deepEqual(met, new Set([0, 1, 2]));
  const alone = openOver('EPSILON_GREEDY', learned([4, 1]), { epsilon: 1 });
  assert.equal(alone.choose(HEADERS, Math.random), 0);
});

test('THOMPSON_SAMPLING takes each child as often as it is likely the best one', () => {
  const shares = (...branches: (readonly [number, number])[]): number[] =>
    sharesOf(openOver('THOMPSON_SAMPLING', learned(...branches), { seed: 11 }), branches.length);
  // Nothing is known: all are alike.
  assertShares(shares([0, 0], [0, 0], [0, 0]), [33, 33, 33]);
  // Beta(2, 1) against Beta(1, 1): P(x > y) = 2/3. Beta(2, 1) against Beta(1, 2): 5/6.
  assertShares(shares([1, 1], [0, 0]), [67, 33]);
  assertShares(shares([1, 1], [1, 0]), [83, 17]);
  // Beta(8, 4) against Beta(5, 7): 0.9008 by the closed form for whole shapes.
  assertShares(shares([10, 7], [10, 4]), [90, 10]);
  assert.deepEqual(shares([1000, 900], [1000, 700]), [100, 0]);
});

test('a seed makes the choices repeat, and another seed makes others', () => {
  const choices = (name: string, seed: number): string => {
    const policy = openOver(name, learned([9, 4], [9, 5], [1, 0]), { epsilon: 0.5, seed });
    return Array.from({ length: 50 }, () => policy.choose(HEADERS, Math.random)).join('');
  };
  for (const name of ['EPSILON_GREEDY', 'THOMPSON_SAMPLING']) {
    assert.equal(choices(name, 5), choices(name, 5));
    assert.notEqual(choices(name, 5), choices(name, 6));
  }
});

test('with feedback both come to send nearly all requests to the better child', () => {
  const truth = [0.3, 0.7, 0.5];
  for (const [name, wanted] of [
    ['EPSILON_GREEDY', [5, 90, 5]],
    ['THOMPSON_SAMPLING', [0, 100, 0]],
  ] as const) {
    const open = learned([0, 0], [0, 0], [0, 0]);
    const policy = openOver(name, open, { epsilon: 0.1, seed: 1 });
    const nature = seededSource(2);
    for (let left = 5000; left > 0; left--) {
      const child = policy.choose(HEADERS, Math.random);
      open.learn(child, 1, nature() < truth[child]! ? 1 : 0);
    }
    assertShares(sharesOf(policy, 3), wanted, 3);
    const [, best] = open.state.branches;
    assert.ok(Math.abs(best!.successes / best!.tries - 0.7) < 0.03, name);
  }
});

test('a learning policy ends whatever numbers it draws by', () => {
  for (const drawn of [0, 0.5, 1 - 2 ** -53])
    for (const name of ['EPSILON_GREEDY', 'THOMPSON_SAMPLING']) {
      const policy = openOver(name, learned([1e9, 5e8], [3, 3], [3, 0]), { epsilon: 0.5 });
      assert.ok([0, 1, 2].includes(policy.choose(HEADERS, () => drawn)));
    }
});
