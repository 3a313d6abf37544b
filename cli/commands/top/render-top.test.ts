import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveUnit } from '../../../sidecar/live/state.ts';
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
