import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValues, writeValues } from '../tensors/datatypes.ts';
import { askNumpy, hasNumpy } from '../tensors/testing/numpy.ts';
import { edited, rest, textOf } from '../testing/payloads.ts';
import type { Payload } from '../payload.ts';
import { averageRest } from './average-rest.ts';
import { chainRest } from './chain-rest.ts';
import { constantRest } from './constant.ts';
import { findUnjoinableRest, joinRest } from './join-rest.ts';
import { readRestRoute } from './route-rest.ts';
import { readTensors } from './tensors-rest.ts';

function chained(text: string): string {
  const payload = rest(text);
  return textOf(edited(payload, chainRest(payload)));
}

function average(...texts: string[]): string {
  return textOf(averageRest(texts.map((text) => rest(text))));
}

test('predictions become instances and outputs inputs, and all else stays as it was written', () => {
  const text =
    ' {"a":{"outputs":1}, "predictions" : [[9007199254740993, NaN,-0.0]] ,"z":"\\u00e9"}\n';
  assert.equal(chained(text), text.replace('predictions', 'instances'));
  assert.equal(chained('{"outputs":{"x":[1]}}'), '{"inputs":{"x":[1]}}');
  assert.equal(chained('{"predictions":[],"outputs":[]}'), '{"instances":[],"outputs":[]}');
});

test('a large response is converted like a small one, whatever follows its predictions', () => {
  const data = `[${'1.5,'.repeat(5000)}NaN]`;
  for (const [after, key] of [
    ['', 'instances'],
    [',"outputs":[]', 'instances'],
    [',"instances":[]', 'predictions'],
    [',"\\u0069nputs":[]', 'predictions'],
  ] as const) {
    const text = `{"predictions":${data}${after}}`;
    assert.equal(chained(text), text.replace('predictions', key), after);
  }
  assert.equal(
    chained(`{"outputs":${data},"predictions":[]}`),
    `{"outputs":${data},"instances":[]}`,
  );
});

test('a response that has instances or inputs is a request already', () => {
  assert.equal(chainRest(rest('{"instances":[1],"predictions":[2]}')), undefined);
  assert.equal(chainRest(rest('{"inputs":[1],"outputs":[2]}')), undefined);
});

test('what has none of them is refused in the words of the executor', () => {
  assert.match(
    chained('{"foo":1}'),
    /^ANSWER_NOT_CHAINABLE Failed to convert tensorflow response so it could be chained to new input/,
  );
  for (const text of ['', '[1]', '{"predictions":[}', 'null']) {
    assert.match(chained(text), /^ANSWER_MALFORMED/, text);
  }
});

test('the mean of every datatype is numpy’s', { skip: !hasNumpy }, () => {
  for (const { datatype, nested, flat, mean, meanDatatype } of askNumpy().means) {
    for (const [texts, key] of [
      [nested, 'predictions'],
      [flat, 'outputs'],
    ] as const) {
      const made = averageRest(texts.map((text) => rest(`{"${key}":${text}}`)));
      assert.ok('body' in made, `${datatype}: ${textOf(made)}`);
      const tensors = readTensors(made.body);
      assert.ok(typeof tensors === 'object');
      const values = tensors[0]?.values ?? new Float64Array();
      const inType = readValues(meanDatatype, writeValues(meanDatatype, values));
      assert.deepEqual(inType, readValues(meanDatatype, mean), datatype);
    }
  }
});

test('rows and columns of several outputs are averaged by name', () => {
  assert.equal(
    average(
      '{"predictions":[{"a":[1,2],"b":3},{"a":[5,6],"b":7}],"x":1}',
      '{"predictions":[{"b":4,"a":[2,2]},{"b":8,"a":[6,6]}]}',
    ),
    '{"predictions":[{"a":[1.5,2],"b":3.5},{"a":[5.5,6],"b":7.5}],"x":1}',
  );
  assert.equal(
    average('{"outputs":{"a":[[1]],"b":2}}', '{"outputs":{"b":4,"a":[[2]]}}'),
    '{"outputs":{"a":[[1.5]],"b":3}}',
  );
});

test('what cannot be averaged is said to be, with the response that it is in', () => {
  for (const [bad, info] of [
    ['{"predictions":[[1],[2,3]]}', /predictions is no regular array/],
    ['{"predictions":["a","b"]}', /predictions is no regular array/],
    ['{"predictions":[1,2,3]}', /the shape of "predictions" is \[3\]/],
    ['{"foo":1}', /neither predictions nor outputs/],
    ['{"predictions":', /not valid JSON/],
    ['[1]', /not valid JSON/],
  ] as const) {
    const mean = averageRest([rest('{"predictions":[1,2]}'), rest(bad)]);
    assert.ok('code' in mean, bad);
    assert.equal(mean.code, 'MERGE_UNUSABLE');
    assert.equal(mean.position, 1);
    assert.match(mean.info, info);
  }
  assert.match(
    average('{"predictions":[{"a":1}]}', '{"predictions":[{"b":1},{"a":2}]}'),
    /MERGE_UNUSABLE/,
  );
});

test('empty predictions have an empty mean', () => {
  assert.equal(average('{"predictions":[]}', '{"predictions":[]}'), '{"predictions":[]}');
});

test('a branch is the first number of the response, or what Seldon’s routers answer', () => {
  const route = (text: string): number | string => {
    const found = readRestRoute(rest(text));
    return typeof found === 'number' ? found : found.code;
  };
  assert.equal(route('{"predictions":[1]}'), 1);
  assert.equal(route('{"predictions":[[-2.5]]}'), -2);
  assert.equal(route('{"outputs":[[0]]}'), 0);
  assert.equal(route('[1]'), 1);
  assert.equal(route('{"data":{"ndarray":[2]}}'), 2);
  for (const text of [
    '{"predictions":[]}',
    '{"predictions":["a"]}',
    '{"predictions":[NaN]}',
    '{}',
  ]) {
    assert.equal(route(text), 'ROUTE_UNUSABLE', text);
  }
  assert.equal(route('{"predictions":'), 'ANSWER_MALFORMED');
});

test('a combiner gets the responses in a list, NaN and all', () => {
  const responses: Payload[] = [rest('{"predictions":[NaN]}'), rest(' [2]')];
  assert.equal(findUnjoinableRest(responses), undefined);
  assert.equal(
    Buffer.concat(joinRest(responses).pieces).toString(),
    '[{"predictions":[NaN]}, [2]]',
  );
  assert.equal(findUnjoinableRest([...responses, rest('{')])?.position, 2);
});

test('the constant is a response in the protocol', () => {
  assert.equal(textOf(constantRest()), '{"predictions":[[0.1,0.9,0.5]]}');
});
