import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../testing/plans.ts';
import { BranchMemory, type RememberedRequest } from './branch-memory.ts';
import { RECALL_LIMIT_MS } from './limits.ts';
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
  const released: string[] = [];
  const recaller = new Recaller(memory, {
    ask: (id, puid) => asked.push([id, puid]),
    release: (puid) => released.push(puid),
  });
  const outcomes: RecallOutcome[] = [];
  const recall = (puid: string) => recaller.recall(puid, (outcome) => outcomes.push(outcome));
  return { memory, recaller, recall, asked, released, outcomes };
}

test('what this process remembers is asked of nobody else', () => {
  const { recall, recaller, asked, released } = recalling();
  const own = recall('here');
  assert.ok('kind' in own && own.kind === 'found');
  recaller.release('here');
  const again = recall('here');
  assert.ok('kind' in again && again.kind === 'found');
  assert.deepEqual([asked, released], [[], []]);
});

test('what it does not know is asked of the others, and what they say counts', () => {
  const { recall, recaller, asked, released, outcomes } = recalling();
  assert.ok('cancel' in recall('there'));
  assert.ok('cancel' in recall('nowhere'));
  assert.deepEqual(asked, [
    [1, 'there'],
    [2, 'nowhere'],
  ]);
  recaller.answered(2, { kind: 'unknown' });
  recaller.answered(1, FOUND);
  assert.deepEqual(outcomes, [{ kind: 'unknown' }, FOUND]);
  recaller.release('there');
  assert.deepEqual(released, ['there']);
});

test('what is said after the client has gone is given back', () => {
  const { recall, recaller, asked, released, outcomes } = recalling();
  const handle = recall('there');
  assert.ok('cancel' in handle);
  handle.cancel();
  recaller.answered(asked[0]?.[0] ?? 0, FOUND);
  assert.deepEqual([outcomes, released], [[], ['there']]);
});

test('without a response in time it is unavailable, and what comes after that is given back', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { recall, recaller, released, outcomes } = recalling();
  recall('there');
  context.mock.timers.tick(RECALL_LIMIT_MS);
  assert.deepEqual(outcomes, [{ kind: 'unavailable' }]);
  recaller.answered(1, FOUND);
  assert.deepEqual(released, ['there']);
  assert.equal(outcomes.length, 1);
});

test('alone, it knows what it knows', () => {
  const { memory } = recalling();
  const recaller = new Recaller(memory, undefined);
  assert.deepEqual(
    recaller.recall('nowhere', () => assert.fail()),
    { kind: 'unknown' },
  );
  recaller.release('nowhere');
});
