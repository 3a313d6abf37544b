import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTests, tierOf } from './tiers.ts';

const tests = listTests();

test('a test that looks for an Envoy or for Python, by an import or by a process that it starts, is no unit test', () => {
  for (const [name, tier] of [
    [/^scripts\/tiers\.test\.ts$/, 'unit'],
    [/^cli\/commands\.test\.ts$/, 'unit'],
    [/^cli\/.*\brun\.test\.ts$/, 'envoy'],
    [/^examples\/examples\.test\.ts$/, 'models'],
    [/^dialects\/matrix\.test\.ts$/, 'models'],
  ] as const) {
    const path = tests.find((each) => name.test(each)) ?? assert.fail(String(name));
    assert.equal(tierOf(path), tier, path);
  }
});

test('the whole product is never run by a unit test', () => {
  const wrong = tests.filter(
    (path) =>
      /^e2e\/(data-plane|conformance|kafka|cluster|control-plane)\//.test(path) &&
      tierOf(path) === 'unit',
  );
  assert.deepEqual(wrong, []);
});

test('every tier has tests', () => {
  const counts = Map.groupBy(tests, tierOf);
  assert.deepEqual([...counts.keys()].sort(), ['cluster', 'envoy', 'models', 'unit']);
});
