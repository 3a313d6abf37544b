import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binary, edited, rest, textOf } from '../testing/payloads.ts';
import type { Payload } from '../payload.ts';
import { chainRest } from './chain-rest.ts';

function chained(payload: Payload): Payload | string {
  return edited(payload, chainRest(payload));
}

test('outputs become inputs, and all else stays as it was written', () => {
  const text =
    ' {"id":"i","model_name":"a","parameters":{"key":"value"}, "outputs" : [{"name":"f","datatype":"INT64","shape":[1,2],' +
    '"data":[9007199254740993,-0],"x":"\\u00e9"}],"model_version":null}\n';
  assert.equal(textOf(chained(rest(text))), text.replace('"outputs"', '"inputs"'));
});

test('NaN and infinities stay', () => {
  const text = '{"outputs":[{"data":[NaN,-Infinity,1e400],"name":"NaN"}]}';
  assert.equal(textOf(chained(rest(text))), text.replace('outputs', 'inputs'));
});

test('an escaped key is the same key, and of two the last one counts', () => {
  assert.equal(
    textOf(chained(rest('{"outputs":1,"\\u006futputs":[]}'))),
    '{"outputs":1,"inputs":[]}',
  );
  assert.equal(
    textOf(chained(rest('{"x":{"inputs":1},"outputs":[]}'))),
    '{"x":{"inputs":1},"inputs":[]}',
  );
});

test('a response that has inputs is a request already', () => {
  const text = '{"outputs":[],"inputs":[]}';
  assert.equal(chainRest(rest(text)), undefined);
});

test('what has neither is refused in the words of the executor', () => {
  assert.match(
    textOf(chained(rest('{"foo":1}'))),
    /^ANSWER_NOT_CHAINABLE Failed to convert kfserving response/,
  );
  for (const text of ['', '[1]', '1', '{"outputs":[}', '{"outputs":[]} x', '{"outputs":[nan]}']) {
    assert.match(textOf(chained(rest(text))), /^ANSWER_MALFORMED/, text);
  }
});

test('binary tensors stay behind the JSON, whose length is told anew, and the next response is asked for in binary', () => {
  const tensor = Buffer.from('9a99999999991740', 'hex');
  const output = '[{"name":"o","datatype":"FP64","shape":[1],"parameters":{"binary_data_size":8}}]';
  for (const [before, after] of [
    [`{"outputs":${output}}`, `{"parameters":{"binary_data_output":true},"inputs":${output}}`],
    [
      `{"outputs":${output},"parameters":null}`,
      `{"inputs":${output},"parameters":{"binary_data_output":true}}`,
    ],
    [
      `{"parameters":{"a":1},"outputs":${output}}`,
      `{"parameters":{"binary_data_output":true,"a":1},"inputs":${output}}`,
    ],
    [
      `{"parameters":{ },"outputs":${output}}`,
      `{"parameters":{"binary_data_output":true },"inputs":${output}}`,
    ],
    [
      `{"parameters":{"binary_data_output":false},"outputs":${output}}`,
      `{"parameters":{"binary_data_output":false},"inputs":${output}}`,
    ],
  ] as const) {
    const response = { ...binary(before, tensor), contentType: undefined };
    const request = chained(response);
    assert.ok(typeof request === 'object', before);
    assert.equal(request.layout, String(after.length));
    assert.equal(request.contentType, 'application/octet-stream');
    assert.equal(request.body.toString('latin1'), after + tensor.toString('latin1'));
  }
});

test('a header that says no length within the body is refused', () => {
  const body = Buffer.from('{"outputs":[]}');
  for (const layout of ['15', '-1', 'x', '', '1e1']) {
    assert.match(
      textOf(chained({ body, contentType: undefined, layout })),
      /^ANSWER_MALFORMED/,
      layout,
    );
  }
});

test('a large response is converted like a small one, whatever follows its outputs', () => {
  const data = `[${'1.5,'.repeat(5000)}NaN]`;
  for (const [after, key] of [
    ['', 'inputs'],
    [',"id":"x"', 'inputs'],
    [',"inputs":[]', 'outputs'],
    [',"\\u0069nputs":[]', 'outputs'],
    [',"x":"\\n"', 'inputs'],
    [',"x":{"inputs":1}', 'inputs'],
  ] as const) {
    const text = `{"outputs":${data}${after}}`;
    assert.equal(textOf(chained(rest(text))), text.replace('outputs', key), after);
  }
  assert.equal(
    textOf(chained(rest(`{"outputs":${data},"outputs":[]}`))),
    `{"outputs":${data},"inputs":[]}`,
  );
  assert.match(textOf(chained(rest(`{"outputs":${data}`))), /^ANSWER_MALFORMED/);
});
