import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { routeName } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Program, Route } from '../contract/program.ts';
import { ProgramTable } from './programs.ts';
import { testDeployment, testPlan } from '../testing/plans.ts';

const A = 'aaaaaaaaaaaaaaaa';
const B = 'bbbbbbbbbbbbbbbb';
const plan = (hash: string): Plan => testPlan({ name: 'm', type: 'MODEL' }, hash);
const predict = (hash: string): string => routeName(hash, 'predict-rest');

/** A table whose programs note when they are made and closed; `bad` does not compile. */
function openTable(bad?: string) {
  const events: string[] = [];
  const compile = ({ hash }: Plan): Program => {
    if (hash === bad) throw new Error(`unit "m" has no edge`);
    events.push(`open ${hash[0]}`);
    const route: Route = { grpc: false, maxBodyBytes: 1, dialect: SELDON, handle: () => {} };
    return {
      hash,
      route: () => route,
      close: () => events.push(`close ${hash[0]}`),
    };
  };
  return { table: new ProgramTable({ compile }), events };
}

test('several plans live at once; a route of none of them is unknown', () => {
  const { table } = openTable();
  table.load(testDeployment(plan(A)));
  table.load(testDeployment(plan(B)));
  assert.ok(table.open(predict(A)));
  assert.ok(table.open(predict(B)));
  assert.equal(table.open(predict('cccccccccccccccc')), undefined);
  assert.equal(table.streams, 2);
});

test('a dropped program is closed when its last stream has ended, and takes no new ones', () => {
  const { table, events } = openTable();
  table.load(testDeployment(plan(A)));
  const [one, two] = [table.open(predict(A)), table.open(predict(A))];
  table.drop([A, 'never loaded']);
  assert.equal(table.open(predict(A)), undefined);
  one?.release();
  assert.deepEqual(events, ['open a']);
  two?.release();
  assert.deepEqual(events, ['open a', 'close a']);
  assert.equal(table.streams, 0);
});

test('a plan that comes again keeps its program', () => {
  const { table, events } = openTable();
  table.load(testDeployment(plan(A)));
  assert.deepEqual(table.load(testDeployment(plan(A), plan(B))), {
    kind: 'loaded',
    hashes: [A, B],
  });
  assert.deepEqual(events, ['open a', 'open b']);
});

test('a deployment with a plan that cannot be run adds nothing', () => {
  const { table, events } = openTable(B);
  assert.deepEqual(table.load(testDeployment(plan(A), plan(B))), {
    kind: 'refused',
    reason: 'unit "m" has no edge',
  });
  assert.equal(table.open(predict(A)), undefined);
  assert.deepEqual(events, ['open a', 'close a']);
});
