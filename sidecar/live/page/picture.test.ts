import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveRequest } from '../requests.ts';
import type { LivePredictor, LiveUnit } from '../state.ts';
import { BOX_HEIGHT, BOX_WIDTH, placePredictor, waterfall } from './picture.ts';

const QUIET = {
  perSecond: 0,
  errorsPerSecond: 0,
  meanMs: null,
  p50Ms: null,
  p99Ms: null,
  total: 0,
  errors: 0,
};

function predictor(parents: readonly number[]): LivePredictor {
  const units = parents.map(
    (parent, at): LiveUnit => ({
      ...QUIET,
      name: `u${at}`,
      kind: 'MODEL',
      parent,
      branch: parents.slice(0, at).filter((each) => each === parent).length,
      does: [],
      chooses: false,
      isBuiltIn: false,
      inFlight: 0,
      share: null,
    }),
  );
  return { ...QUIET, name: 'p', plan: '', percent: 100, shadow: false, units };
}

test('no two boxes meet, children are right of their parent, and all is inside', () => {
  // A router over a chain of two, a leaf, and a combiner of three.
  const { boxes, arrows, width, height } = placePredictor(predictor([-1, 0, 1, 0, 0, 4, 4, 4]));
  const parents = [-1, 0, 1, 0, 0, 4, 4, 4];
  assert.equal(boxes.length, 8);
  assert.deepEqual(
    arrows.map(({ unit }) => unit),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  for (const [at, box] of boxes.entries()) {
    assert.equal(box.unit, at);
    assert.ok(box.x >= 0 && box.x + BOX_WIDTH <= width && box.y >= 0);
    assert.ok(box.y + BOX_HEIGHT <= height);
    const parent = boxes[parents[at] ?? -1];
    if (parent !== undefined) assert.ok(box.x > parent.x + BOX_WIDTH);
    for (const other of boxes.slice(at + 1))
      assert.ok(box.x !== other.x || Math.abs(box.y - other.y) >= BOX_HEIGHT);
  }
  assert.equal(boxes[4]?.y, boxes[6]?.y);
});

test('one model is a client, an arrow and a box at the same height', () => {
  const { boxes, client, arrows } = placePredictor(predictor([-1]));
  assert.equal(client.y, (boxes[0]?.y ?? 0) + BOX_HEIGHT / 2);
  assert.equal(arrows[0]?.y, client.y);
});

const REQUEST: LiveRequest = {
  id: 1,
  time: '',
  pod: '',
  predictor: 'p',
  method: 'POST',
  path: '/',
  status: 200,
  grpcStatus: null,
  flags: '',
  error: '',
  ms: 20,
  unit: 'm',
  unitAtMs: 12,
  unitMs: 7,
  attempts: 2,
  bytesIn: 3,
  bytesOut: 4,
  puid: '',
  traceId: '',
  tail: null,
  capture: null,
  routing: {},
  calls: [
    { unit: 'r', verb: 'route', atMs: 1, ms: 2, status: 200, bytesOut: 9, bytesIn: 8 },
    {
      unit: 't',
      verb: 'transform-input',
      atMs: 4,
      ms: null,
      status: null,
      bytesOut: 9,
      bytesIn: 0,
    },
  ],
};

test("a waterfall has the whole, the filter's calls and Envoy's", () => {
  assert.deepEqual(
    waterfall(REQUEST).map(({ name, atMs, ms, kind }) => [name, atMs, ms, kind]),
    [
      ['request', 0, 20, 'request'],
      ['r route', 1, 2, 'call'],
      ['t transform-input', 4, null, 'call'],
      ['m', 12, 7, 'last'],
    ],
  );
  assert.equal(waterfall(REQUEST)[2]?.words, 'given up, 9 B sent, 0 B back');
  assert.equal(waterfall(REQUEST)[3]?.words, "Envoy's call, 2 attempts");
  const last = waterfall({ ...REQUEST, tail: { verb: 'predict', bytesOut: 11 } }).at(-1);
  assert.equal(last?.name, 'm predict');
  assert.equal(last?.words, "Envoy's call, 2 attempts, 11 B sent, 4 B back");
  assert.equal(waterfall({ ...REQUEST, unit: '', unitAtMs: null, calls: [] }).length, 1);
});
