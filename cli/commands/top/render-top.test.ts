import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveUnit } from '../../../sidecar/live/state.ts';
import { renderNamespace } from './render-namespace.ts';
import { renderTop } from './render-top.ts';

const BUSY = {
  perSecond: 31.4,
  errorsPerSecond: 0.8,
  meanMs: 25.3,
  p50Ms: 23,
  p99Ms: 84.6,
  total: 3037,
  errors: 9,
};
const QUIET = { ...BUSY, perSecond: 0, errorsPerSecond: 0, meanMs: null, p50Ms: null, p99Ms: null };
const unit = (name: string, parent: number, share: number | null): LiveUnit => ({
  ...BUSY,
  p50Ms: 2.5,
  name,
  kind: 'MODEL',
  parent,
  branch: 0,
  does: [],
  chooses: false,
  isBuiltIn: false,
  inFlight: 3,
  share,
});

test('a state is a table of predictors and the trees of their units', () => {
  const text = renderTop({
    at: '2026-11-29T15:11:55.123Z',
    windowSeconds: 4.98,
    deployment: 'iris',
    namespace: 'demo',
    inFlight: 2,
    requests: [],
    pods: [],
    notes: [],
    captures: null,
    predictors: [
      {
        ...BUSY,
        name: 'main',
        plan: '0',
        percent: 75,
        shadow: false,
        units: [unit('r', -1, null), unit('a', 0, 0.755)],
      },
      { ...QUIET, name: 'next', plan: '1', percent: 25, shadow: true, units: [] },
    ],
  });
  assert.equal(
    text,
    [
      'demo/iris  15:11:55 UTC, over 5 s, 2 in flight',
      '',
      'UNIT   KIND       SHARE  IN FLIGHT  REQ/S  ERR/S  MEAN MS  P50 MS  P99 MS  TOTAL',
      'main   predictor  75 %              31     0.8    25       23      85      3037',
      '  r    MODEL             3          31     0.8    25       ≤5      85      3037',
      '    a  MODEL      76 %   3          31     0.8    25       ≤5      85      3037',
      'next   shadow     25 %              0      0      –        –       –       3037',
      '',
    ].join('\n'),
  );
});

test('in a cluster the pods follow, and what they call themselves does not steer the terminal', () => {
  const text = renderTop({
    at: '2026-11-29T15:11:55.123Z',
    windowSeconds: 5,
    deployment: 'iris',
    namespace: 'demo',
    inFlight: null,
    requests: [],
    notes: [],
    captures: null,
    predictors: [
      { ...QUIET, name: 'ma\x1b[2Jin', plan: '0', percent: 100, shadow: false, units: [] },
    ],
    pods: [
      { name: 'iris-1', predictor: 'main', state: 'live', why: '', plan: '0123', perSecond: 12.4 },
      {
        name: 'iris-2',
        predictor: 'main',
        state: 'silent',
        why: 'it has no sidecars',
        plan: '',
        perSecond: null,
      },
    ],
  });
  assert.equal(
    text,
    [
      'demo/iris  15:11:55 UTC, over 5 s',
      '',
      'UNIT      KIND       SHARE  IN FLIGHT  REQ/S  ERR/S  MEAN MS  P50 MS  P99 MS  TOTAL',
      'ma [2Jin  predictor  100 %             0      0      –        –       –       3037',
      '',
      'POD     PREDICTOR  PLAN  REQ/S  STATE',
      'iris-1  main       0123  12     live',
      'iris-2  main             –      it has no sidecars',
      '',
    ].join('\n'),
  );
});

test('a namespace is a row for each deployment', () => {
  const state = {
    at: '2026-11-29T15:11:55.123Z',
    windowSeconds: 5,
    namespace: 'demo',
    notes: [],
    deployments: [
      { ...BUSY, name: 'iris', state: 'Available', pods: { live: 2, all: 3 }, inFlight: 4 },
      { ...QUIET, name: 'rose', state: 'Creating', pods: { live: 0, all: 0 }, inFlight: null },
    ],
  };
  assert.equal(
    renderNamespace(state),
    [
      'demo  15:11:55 UTC, over 5 s, 31 requests/s',
      '',
      'DEPLOYMENT  STATE      PODS  IN FLIGHT  REQ/S  ERR/S  MEAN MS  P50 MS  P99 MS  TOTAL',
      'iris        Available  2/3   4          31     0.8    25       23      85      3037',
      'rose        Creating   0/0   –          0      0      –        –       –       3037',
      '',
    ].join('\n'),
  );
  assert.match(renderNamespace({ ...state, deployments: [] }), /no SeldonDeployment is here/);
});
