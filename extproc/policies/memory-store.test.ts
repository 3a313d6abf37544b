import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from './memory-store.ts';
import type { Learner } from './state-store.ts';

const learner = (over: Partial<Learner> = {}): Learner => ({
  namespace: 'n',
  deployment: 'd',
  predictor: 'p',
  unit: 'u',
  children: ['a', 'b'],
  ...over,
});
const valuesOf = ({ state }: ReturnType<MemoryStore['open']>): (readonly number[])[] =>
  state.branches.map(({ tries, successes }) => [tries, successes]);

test('all who have a unit open learn the same, at once', () => {
  const store = new MemoryStore();
  const [one, other] = [store.open(learner()), store.open(learner())];
  const { version } = other.state;
  one.learn(1, 2, 0.5);
  other.learn(1, 1, 1);
  assert.deepEqual(valuesOf(one), [
    [0, 0],
    [3, 1.5],
  ]);
  assert.deepEqual(valuesOf(other), valuesOf(one));
  assert.notEqual(other.state.version, version);
  for (const over of [{ namespace: 'm' }, { deployment: 'e' }, { predictor: 'q' }, { unit: 'v' }])
    assert.deepEqual(valuesOf(store.open(learner(over)))[1], [0, 0], JSON.stringify(over));
});

test('a branch keeps what was learned of it while any plan has its child, wherever that is', () => {
  const store = new MemoryStore();
  const before = store.open(learner());
  before.learn(0, 4, 1);
  before.learn(1, 6, 3);
  const after = store.open(learner({ children: ['c', 'a'] }));
  before.close();
  assert.deepEqual(valuesOf(after), [
    [0, 0],
    [4, 1],
  ]);
  // No plan had b in between.
  assert.deepEqual(valuesOf(store.open(learner({ children: ['b'] }))), [[0, 0]]);
  after.close();
});

test('the last plan that is closed leaves nothing', () => {
  const store = new MemoryStore();
  const open = store.open(learner());
  open.learn(0, 1, 1);
  open.close();
  assert.deepEqual(store.list(), []);
  store.add([{ unit: 'n/d/p/u', child: 'a', tries: 1, successes: 1 }]);
  assert.deepEqual(store.list(), [], 'what nobody has open is not kept');
});

test('what was learned here is given out once, added up; what came from elsewhere is not', () => {
  let noted = 0;
  const store = new MemoryStore(() => noted++);
  const open = store.open(learner());
  open.learn(0, 1, 0);
  open.learn(0, 2, 2);
  open.learn(5, 9, 9);
  store.add([{ unit: 'n/d/p/u', child: 'b', tries: 3, successes: 1 }]);
  assert.equal(noted, 2, 'a child that is not there teaches nothing');
  const lesson = { unit: 'n/d/p/u', child: 'a', tries: 3, successes: 2 };
  assert.deepEqual(store.take(), [lesson]);
  assert.deepEqual(store.take(), []);
  assert.deepEqual(store.list(), [lesson, { unit: 'n/d/p/u', child: 'b', tries: 3, successes: 1 }]);
});

test('processes that send each other what they learn come to the same sums', () => {
  const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()];
  const opens = stores.map((store) => store.open(learner()));
  for (let round = 0; round < 30; round++) {
    opens[round % 3]?.learn(round % 2, 1, round % 5 === 0 ? 1 : 0);
    if (round % 4 !== 0) continue;
    for (const store of stores) {
      const lessons = store.take();
      for (const other of stores) if (other !== store) other.add(lessons);
    }
  }
  for (const store of stores) {
    const lessons = store.take();
    for (const other of stores) if (other !== store) other.add(lessons);
  }
  for (const open of opens)
    assert.deepEqual(valuesOf(open), [
      [15, 3],
      [15, 3],
    ]);
});
