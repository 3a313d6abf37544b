import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecallOutcome } from '../../extproc/feedback/recaller.ts';
import { recallFrom, releaseTo, type RemembersRequests } from './recalls.ts';

const FOUND: RecallOutcome = { kind: 'found', puid: 'one', predictor: 'p', choices: [] };

/** `isHere` says when it has heard a release, and whether it remembers that request. */
function worker(answer: RecallOutcome, isHere: Promise<boolean> = Promise.resolve(false)) {
  const heard: string[] = [];
  const remembers: RemembersRequests = {
    find: (puid) => {
      heard.push(`find ${puid}`);
      return Promise.resolve(answer);
    },
    release: (puid) => {
      heard.push(`release ${puid}`);
      return isHere;
    },
  };
  return { ...remembers, heard };
}

test('who comes after the one that remembers a request is not asked', async () => {
  const [no, yes, after] = [{ kind: 'unknown' } as const, FOUND, FOUND].map((each) => worker(each));
  assert.ok(no && yes && after);
  assert.equal(await recallFrom([no, yes, after], 'one'), FOUND);
  assert.deepEqual([no.heard, yes.heard, after.heard], [['find one'], ['find one'], []]);
  assert.deepEqual(await recallFrom([no], 'one'), { kind: 'unknown' });
});

test('a request is released when the one that remembers it says so, whatever the others do', async () => {
  const hearing = Promise.withResolvers<boolean>();
  const silent = worker(FOUND, new Promise(() => {}));
  const owner = worker(FOUND, hearing.promise);
  let isReleased = false;
  const release = releaseTo([silent, worker(FOUND), owner], 'one').then(() => {
    isReleased = true;
  });
  await new Promise(setImmediate);
  assert.deepEqual(owner.heard, ['release one']);
  assert.equal(isReleased, false, 'it is not released before that');
  hearing.resolve(true);
  await release;
});

test('a request that nobody remembers is released when all have said so', async () => {
  await releaseTo([worker(FOUND), worker(FOUND)], 'one');
  await releaseTo([], 'one');
});
