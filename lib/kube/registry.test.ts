import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from './registry.ts';

test('the page has help, type and sorted series, with escaped values', () => {
  const registry = new Registry();
  const calls = registry.counter('calls_total', 'Calls.', 'code');
  calls.add(2, '500');
  calls.add(1, '200');
  calls.add(1, '500');
  registry.gauge('age_seconds', 'Age.', 'kind').read(() => 1.5, 'a "b"\\\n');
  const seconds = registry.histogram('work_seconds', 'Work.', [2, 10], 'name');
  for (const value of [1, 2, 3, 11]) seconds.observe(value, 'w');
  assert.equal(
    registry.render(),
    [
      '# HELP calls_total Calls.',
      '# TYPE calls_total counter',
      'calls_total{code="200"} 1',
      'calls_total{code="500"} 3',
      '# HELP age_seconds Age.',
      '# TYPE age_seconds gauge',
      'age_seconds{kind="a \\"b\\"\\\\\\n"} 1.5',
      '# HELP work_seconds Work.',
      '# TYPE work_seconds histogram',
      'work_seconds_bucket{name="w",le="2"} 2',
      'work_seconds_bucket{name="w",le="10"} 3',
      'work_seconds_bucket{name="w",le="+Inf"} 4',
      'work_seconds_sum{name="w"} 17',
      'work_seconds_count{name="w"} 4',
      '',
    ].join('\n'),
  );
});

test('a counter without labels starts at zero', () => {
  const registry = new Registry();
  registry.counter('things_total', 'Things.');
  assert.match(registry.render(), /^things_total 0$/m);
});

test('a name taken twice and a wrong number of labels are refused', () => {
  const registry = new Registry();
  const calls = registry.counter('calls_total', 'Calls.', 'code');
  assert.throws(() => registry.gauge('calls_total', 'Calls.'), /registered twice/);
  assert.throws(() => calls.add(1), /has 1 labels, not 0/);
});
