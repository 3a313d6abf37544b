import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveRequest } from './requests.ts';
import type { LiveUnit } from './state.ts';
import { walkTree } from './walk-tree.ts';

const QUIET = {
  perSecond: 0,
  errorsPerSecond: 0,
  meanMs: null,
  p50Ms: null,
  p99Ms: null,
  total: 0,
  errors: 0,
  inFlight: 0,
  share: null,
};
const unit = (name: string, kind: string, parent: number, branch: number): LiveUnit => ({
  ...QUIET,
  name,
  kind,
  parent,
  branch,
  does: [kind === 'MODEL' ? 'predict' : 'transform-input'],
  chooses: kind === 'ROUTER',
  isBuiltIn: false,
});
/** A transformer over a router over a model and a combiner of two. */
const UNITS = [
  unit('t', 'TRANSFORMER', -1, 0),
  unit('r', 'ROUTER', 0, 0),
  unit('a', 'MODEL', 1, 0),
  unit('both', 'COMBINER', 1, 1),
  unit('b', 'MODEL', 3, 0),
  unit('c', 'MODEL', 3, 1),
];
const call = (name: string, verb: string) => ({
  unit: name,
  verb,
  atMs: 1,
  ms: 2,
  status: 200,
  bytesOut: 5,
  bytesIn: 6,
});
const REQUEST: LiveRequest = {
  id: 1,
  time: '2026-11-29T15:11:55.857Z',
  pod: '',
  predictor: 'p',
  method: 'POST',
  path: '/api/v1.0/predictions',
  status: 200,
  grpcStatus: null,
  flags: '',
  error: '',
  ms: 20,
  unit: 'a',
  unitAtMs: 12,
  unitMs: 7,
  attempts: 2,
  bytesIn: 3,
  bytesOut: 4,
  puid: 'p1',
  traceId: '',
  routing: { r: 0 },
  calls: [call('t', 'transform-input'), call('r', 'route')],
  tail: { verb: 'predict', bytesOut: 11 },
  capture: null,
};
const shapeOf = (request: LiveRequest, units = UNITS) =>
  walkTree(request, units).map(({ unit: name, depth, chosen, calls }) => [
    name,
    depth,
    chosen,
    calls.map(({ verb, by }) => `${verb} by ${by}`),
  ]);

test('only the units that took part are there, with what the router chose and the last call', () => {
  assert.deepEqual(shapeOf(REQUEST), [
    ['t', 0, null, ['transform-input by filter']],
    ['r', 1, 'a', ['route by filter']],
    ['a', 2, null, ['predict by envoy']],
  ]);
  const last = walkTree(REQUEST, UNITS)[2]?.calls[0];
  assert.deepEqual(last, {
    verb: 'predict',
    by: 'envoy',
    atMs: 12,
    ms: 7,
    status: 200,
    attempts: 2,
    bytesOut: 11,
    bytesIn: 4,
  });
});

test('a unit that only leads to others has a row without calls', () => {
  const calls = [call('t', 'transform-input'), call('b', 'predict'), call('c', 'predict')];
  assert.deepEqual(shapeOf({ ...REQUEST, unit: '', tail: null, routing: { r: 1 }, calls }), [
    ['t', 0, null, ['transform-input by filter']],
    ['r', 1, 'both', []],
    ['both', 2, null, []],
    ['b', 3, null, ['predict by filter']],
    ['c', 3, null, ['predict by filter']],
  ]);
});

test('what Envoy serves alone is a call of the first unit, as the client sent it', () => {
  const alone = { ...REQUEST, calls: [], tail: null, routing: {}, unit: 'm' };
  const units = [unit('m', 'MODEL', -1, 0)];
  assert.deepEqual(shapeOf(alone, units), [['m', 0, null, ['predict by envoy']]]);
  assert.equal(walkTree(alone, units)[0]?.calls[0]?.bytesOut, 3);
  const feedback = { ...alone, path: '/api/v1.0/feedback' };
  assert.deepEqual(shapeOf(feedback, units), [['m', 0, null, ['send-feedback by envoy']]]);
});

test('a unit that the graph has lost is told all the same', () => {
  assert.deepEqual(shapeOf(REQUEST, []), [
    ['t', 0, null, ['transform-input by filter']],
    ['r', 0, null, ['route by filter']],
    ['a', 0, null, ['predict by envoy']],
  ]);
});
