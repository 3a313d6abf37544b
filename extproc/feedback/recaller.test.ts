import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../testing/plans.ts';
import { BranchMemory, type RememberedRequest } from './branch-memory.ts';
import { RECALL_LIMIT_MS, RELEASE_LIMIT_MS } from './limits.ts';
import { type RecallOutcome, Recaller } from './recaller.ts';
import { requestOf } from './testing/request-of.ts';

const FOUND: RememberedRequest = { kind: 'found', puid: 'there', predictor: 'p', choices: [] };

function recalling() {
  const memory = new BranchMemory();
  memory.limit({ feedbackTtlMs: 1000, feedbackEntries: 10, feedbackBytes: 65_536 }, 1);
  const model = (name: string) => ({ name, type: 'MODEL' }) as const;
  const plan = testPlan({ name: 'r', type: 'ROUTER', children: [model('a'), model('b')] });
  memory.open(plan).remember(requestOf('here'), Int32Array.of(0, -1, -1));
  const asked: [number, string][] = [];
  const released: [number, string][] = [];
  const recaller = new Recaller(memory, {
    ask: (id, puid) => asked.push([id, puid]),
    release: (id, puid) => released.push([id, puid]),
  });
  const known: string[] = [];
  const release = (puid: string) => recaller.release(puid, () => known.push(puid));
  const outcomes: RecallOutcome[] = [];
  const recall = (puid: string) => recaller.recall(puid, (outcome) => outcomes.push(outcome));
  return { memory, recaller, recall, release, asked, released, known, outcomes };
}

test('what this process remembers is asked of nobody else', () => {
  const { recall, release, asked, released, known } = recalling();
  const own = recall('here');
  assert.ok('kind' in own && own.kind === 'found');
  assert.equal(release('here'), undefined);
  const again = recall('here');
  assert.ok('kind' in again && again.kind === 'found');
  assert.deepEqual([asked, released, known], [[], [], []]);
});

test('what it does not know is asked of the others, and what they say counts', () => {
  const { recall, recaller, asked, outcomes } = recalling();
  assert.ok('cancel' in recall('there'));
  assert.ok('cancel' in recall('nowhere'));
  assert.deepEqual(asked, [
    [1, 'there'],
    [2, 'nowhere'],
  ]);
  recaller.answered(2, { kind: 'unknown' });
  recaller.answered(1, FOUND);
  assert.deepEqual(outcomes, [{ kind: 'unknown' }, FOUND]);
});

test('what another gave out may come again when that one says that it knows', () => {
  const { recaller, release, released, known } = recalling();
  assert.ok(release('there') !== undefined);
  assert.ok(release('elsewhere') !== undefined);
  assert.deepEqual(released, [
    [1, 'there'],
    [2, 'elsewhere'],
  ]);
  assert.deepEqual(known, []);
  recaller.released(2);
  assert.deepEqual(known, ['elsewhere']);
  recaller.released(1);
  recaller.released(1);
  assert.deepEqual(known, ['elsewhere', 'there']);
});

test('whoever says nothing is waited for no longer than the limit', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { recaller, release, known } = recalling();
  release('there');
  context.mock.timers.tick(RELEASE_LIMIT_MS - 1);
  assert.deepEqual(known, []);
  context.mock.timers.tick(1);
  assert.deepEqual(known, ['there']);
  recaller.released(1);
  assert.deepEqual(known, ['there']);
});

test('nobody is told after the client has gone, and it may come again all the same', () => {
  const { recaller, release, released, known } = recalling();
  release('there')?.cancel();
  recaller.released(1);
  assert.deepEqual([released, known], [[[1, 'there']], []]);
});

test('what is said after the client has gone is given back', () => {
  const { recall, recaller, asked, released, outcomes } = recalling();
  const handle = recall('there');
  assert.ok('cancel' in handle);
  handle.cancel();
  recaller.answered(asked[0]?.[0] ?? 0, FOUND);
  assert.deepEqual([outcomes, released], [[], [[1, 'there']]]);
});

test('without a response in time it is unavailable, and what comes after that is given back', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { recall, recaller, released, outcomes } = recalling();
  recall('there');
  context.mock.timers.tick(RECALL_LIMIT_MS);
  assert.deepEqual(outcomes, [{ kind: 'unavailable' }]);
  recaller.answered(1, FOUND);
  assert.deepEqual(released, [[1, 'there']]);
  assert.equal(outcomes.length, 1);
});

test('alone, it knows what it knows', () => {
  const { memory } = recalling();
  const recaller = new Recaller(memory, undefined);
  assert.deepEqual(
    recaller.recall('nowhere', () => assert.fail()),
    { kind: 'unknown' },
  );
  assert.equal(
    recaller.release('nowhere', () => assert.fail()),
    undefined,
  );
});
