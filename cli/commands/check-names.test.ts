import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WrittenNames } from '../../graph/seldon/written-names.ts';
import { checkNames } from './check-names.ts';
import type { Selection } from './selection.ts';

const IRIS: WrittenNames = {
  deployment: 'iris',
  predictors: [
    { name: 'main', units: ['scaler', 'model'], hasExplainer: true },
    { name: 'canary', units: ['model'], hasExplainer: false },
  ],
};
const WINE: WrittenNames = {
  deployment: 'wine',
  predictors: [{ name: 'only', units: ['cellar'], hasExplainer: false }],
};

/** `CODE advice` of all faults. */
function faults(
  chosen: Partial<Selection>,
  units: readonly string[],
  written: readonly WrittenNames[] = [IRIS],
): string[] {
  const selection = {
    file: 'f.yaml',
    deployment: undefined,
    predictor: undefined,
    units: new Map(),
    ...chosen,
  };
  const named = units.map((name) => ({ flag: '--unit', name }));
  const { place, units: strays } = checkNames(selection, named, written, 'f.yaml');
  return [...place, ...strays].map(({ code, advice }) => `${code} ${advice}`);
}

test('names of the file are known, with and without their predictor, and those of explainers', () => {
  const known = ['scaler', 'model', 'canary/model', 'explainer', 'main/explainer'];
  assert.deepEqual(faults({ deployment: 'iris' }, known), []);
  assert.deepEqual(faults({ predictor: 'main' }, known.slice(0, 2)), []);
});

test('each unknown name is reported with the nearest one of its kind', () => {
  assert.deepEqual(
    faults({ deployment: 'irsi', predictor: 'cannary' }, ['skaler', 'nobody', 'main/modle']),
    [
      'DEPLOYMENT_UNKNOWN did you mean iris? it holds: iris',
      'PREDICTOR_UNKNOWN did you mean canary? its predictors: main, canary',
      'UNIT_UNKNOWN did you mean scaler? its units: scaler, model, explainer',
      'UNIT_UNKNOWN its units: scaler, model, explainer',
      'UNIT_UNKNOWN did you mean main/model? its units: scaler, model, explainer',
    ],
  );
});

test('a unit of a predictor that was not chosen is unknown', () => {
  assert.deepEqual(faults({ predictor: 'canary' }, ['scaler', 'main/model']), [
    'UNIT_UNKNOWN its units: model',
    'UNIT_UNKNOWN its units: model',
  ]);
});

test('where several deployments leave the choice, a unit of any of them is known', () => {
  assert.deepEqual(faults({}, ['cellar', 'model', 'cellra'], [IRIS, WINE]), [
    'DEPLOYMENT_AMBIGUOUS choose one with --deployment NAME',
    'UNIT_UNKNOWN did you mean cellar? its units: scaler, model, explainer, cellar',
  ]);
  assert.deepEqual(faults({ deployment: 'wine' }, ['model'], [IRIS, WINE]), [
    'UNIT_UNKNOWN its units: cellar',
  ]);
});

test('what could not be read of the file is not held against the command line', () => {
  const unread = [
    { deployment: 'a', predictors: [{ name: 'p', units: undefined, hasExplainer: false }] },
  ];
  assert.deepEqual(faults({}, ['anything'], unread), []);
  assert.deepEqual(faults({ predictor: 'p' }, ['x'], [{ deployment: 'a', predictors: [] }]), []);
  assert.deepEqual(faults({ deployment: 'a', predictor: 'p' }, ['x'], []), []);
});
