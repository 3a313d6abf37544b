// A unit answers alike wherever it is in a graph: every behaviour of the tables is tried at all four places at once, and
// what differs is known and has its reason.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isUpdating } from '../../../testing/golden.ts';
import {
  type Behaviour,
  type Kind,
  OUTCOMES_PATH,
  readOutcomes,
  toWritten,
  type Written,
} from './behaviour.ts';
import { GRPC_BEHAVIOURS } from './grpc-behaviours.ts';
import { REASONS } from './reasons.ts';
import { REST_BEHAVIOURS } from './rest-behaviours.ts';
import { type Stand, startStand } from './stand.ts';

const BEHAVIOURS: Readonly<Record<Kind, Readonly<Record<string, Behaviour>>>> = {
  rest: REST_BEHAVIOURS,
  grpc: GRPC_BEHAVIOURS,
};
const UPDATE = isUpdating('outcomes');

describe('what a unit does has one outcome at every place of a graph, over', () => {
  let stand: Stand;
  const seen: Record<Kind, Record<string, Written>> = { rest: {}, grpc: {} };

  before(async () => {
    stand = await startStand();
  });
  after(async () => {
    await stand.stop();
    if (UPDATE) writeFileSync(OUTCOMES_PATH, `${JSON.stringify(seen, null, 2)}\n`);
  });

  for (const kind of ['rest', 'grpc'] as const) {
    test(kind, async () => {
      const outcomes = await observeAll(stand, kind);
      for (const name of Object.keys(BEHAVIOURS[kind])) {
        seen[kind][name] = outcomes.get(name) ?? {};
      }
      if (!UPDATE) assert.deepEqual(seen[kind], readOutcomes()[kind]);
    });
  }
});

describe('the table of what differs has a reason for', () => {
  for (const kind of ['rest', 'grpc'] as const) {
    test(`each difference over ${kind}, and no other`, () => {
      const differing = Object.entries(readOutcomes()[kind])
        .filter(([, outcomes]) => Object.keys(outcomes).length > 1)
        .map(([name]) => name);
      assert.deepEqual(Object.keys(REASONS[kind]).sort(), differing.sort());
    });
  }
});

/** Each after the other, since they leave connections behind; beside them those that wait. */
async function observeAll(stand: Stand, kind: Kind): Promise<Map<string, Written>> {
  const outcomes = new Map<string, Written>();
  const observe = async ([name, behaviour]: readonly [string, Behaviour]): Promise<void> => {
    outcomes.set(name, toWritten(await stand.observe(kind, name)));
    if (behaviour.settleMs !== undefined) await sleep(behaviour.settleMs);
  };
  const all = Object.entries(BEHAVIOURS[kind]);
  const slow = all.filter(([, behaviour]) => behaviour.slow === true).map(observe);
  for (const one of all) if (one[1].slow !== true) await observe(one);
  await Promise.all(slow);
  return outcomes;
}
