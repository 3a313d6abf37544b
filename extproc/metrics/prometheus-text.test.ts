import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseMetricSample,
  readSamples,
  renderFamilies,
  type MetricSample,
} from './prometheus-text.ts';

test('a sample is read with its labels, escapes, time stamp and odd spaces', () => {
  assert.deepEqual(parseMetricSample('a_total 1'), { name: 'a_total', labels: {}, value: 1 });
  assert.deepEqual(parseMetricSample('a{x="1",y="a\\"b\\\\c\\nd",} 2.5e3 1700000000'), {
    name: 'a',
    labels: { x: '1', y: 'a"b\\c\nd' },
    value: 2500,
  });
  assert.deepEqual(parseMetricSample('a { x = "}" , y="," } +Inf'), {
    name: 'a',
    labels: { x: '}', y: ',' },
    value: Number.POSITIVE_INFINITY,
  });
  assert.deepEqual(parseMetricSample('a{} NaN')?.value, Number.NaN);
});

test('a line that is no sample is skipped', () => {
  for (const line of ['', '1a 2', 'a', 'a{', 'a{x="1} 2', 'a{x=1} 2', 'a b']) {
    assert.equal(parseMetricSample(line), undefined, line);
  }
});

test('a family that is declared several times is read whole', () => {
  const samples: MetricSample[] = [];
  readSamples(
    '# TYPE a counter\na{w="1"} 1\n\n# HELP a again\n# TYPE a counter\nbroken line here\na{w="2"} 2\n',
    (sample) => samples.push(sample),
  );
  assert.deepEqual(
    samples.map(({ labels, value }) => [labels.w, value]),
    [
      ['1', 1],
      ['2', 2],
    ],
  );
});

test('what is written reads back the same', () => {
  const samples = [
    { name: 'a_bucket', labels: { le: '+Inf', x: 'q"\\\n' }, value: 3 },
    { name: 'a_sum', labels: {}, value: 0.25 },
  ];
  const text = renderFamilies([{ name: 'a', type: 'histogram', help: 'h', samples }]);
  assert.ok(text.startsWith('# HELP a h\n# TYPE a histogram\na_bucket{le="+Inf",x="q\\"'));
  const back: MetricSample[] = [];
  readSamples(text, (sample) => back.push(sample));
  assert.deepEqual(back, samples);
});

test('samples that share their labels have one more each, behind the others', () => {
  const labels = { x: '1' };
  const samples = [
    { name: 'a_bucket', labels, last: ['le', '0.5'] as const, value: 1 },
    { name: 'a_bucket', labels, last: ['le', '+Inf'] as const, value: 2 },
    { name: 'a_count', labels, value: 2 },
    { name: 'a_bucket', labels: {}, last: ['le', '+Inf'] as const, value: 0 },
  ];
  const text = renderFamilies([{ name: 'a', type: 'histogram', help: 'h', samples }]);
  assert.deepEqual(text.split('\n').slice(2), [
    'a_bucket{x="1",le="0.5"} 1',
    'a_bucket{x="1",le="+Inf"} 2',
    'a_count{x="1"} 2',
    'a_bucket{le="+Inf"} 0',
    '',
  ]);
});
