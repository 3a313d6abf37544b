import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binary, rest, textOf } from '../testing/payloads.ts';
import type { Payload } from '../payload.ts';
import { constantRest } from './constant.ts';
import { findUnjoinableRest, joinRest } from './join-rest.ts';
import { readRestRoute } from './route-rest.ts';

function route(payload: Payload): number | string {
  const found = readRestRoute(payload);
  return typeof found === 'number' ? found : found.code;
}

const branch = (data: string): Payload =>
  rest(`{"outputs":[{"name":"b","datatype":"INT64","shape":[1],"data":${data}}]}`);

test('a branch is the first number of the first output, or what Seldon’s routers answer', () => {
  assert.equal(route(branch('[1]')), 1);
  assert.equal(route(branch('[[-2,7]]')), -2);
  assert.equal(route(branch('[1.9]')), 1);
  assert.equal(route(branch('[-0.5]')), 0);
  assert.equal(route(rest('[1]')), 1);
  assert.equal(route(rest('{"data":{"ndarray":[[-1]]}}')), -1);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(-1n);
  const json =
    '{"outputs":[{"name":"b","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}]}';
  assert.equal(route(binary(json, bytes)), -1);
});

test('responses without a number are told from what is no JSON', () => {
  for (const data of ['[]', '["1"]', '[null]', '[NaN]', '{}']) {
    assert.equal(route(branch(data)), 'ROUTE_UNUSABLE', data);
  }
  assert.equal(route(rest('{"outputs":[]}')), 'ROUTE_UNUSABLE');
  assert.equal(route(rest('{"foo":1}')), 'ROUTE_UNUSABLE');
  assert.equal(route(rest('{"outputs":')), 'ANSWER_MALFORMED');
});

test('a combiner gets the responses in a list', () => {
  const { pieces, contentType, layout } = joinRest([rest(' {"outputs":[NaN]}'), rest('{"b":2}\n')]);
  assert.equal(Buffer.concat(pieces).toString(), '[ {"outputs":[NaN]},{"b":2}\n]');
  assert.equal(contentType, 'application/json');
  assert.equal(layout, undefined);
});

test('binary tensors of the responses are behind the list', () => {
  const joined = joinRest([
    binary('{"a":1}', Buffer.from('AA')),
    rest('{"b":2}'),
    binary('{"c":3}', Buffer.from('C')),
  ]);
  assert.equal(Buffer.concat(joined.pieces).toString(), '[{"a":1},{"b":2},{"c":3}]AAC');
  assert.equal(joined.layout, '25');
  assert.equal(joined.contentType, 'application/octet-stream');
});

test('the first response that is no JSON is found', () => {
  assert.equal(findUnjoinableRest([rest('{"a":NaN}'), rest('[1]')]), undefined);
  assert.equal(findUnjoinableRest([rest('{}'), rest('{"a":}')])?.position, 1);
});

test('the constant is a response in the protocol', () => {
  assert.equal(
    textOf(constantRest('m')),
    '{"model_name":"m","outputs":[{"name":"output-0","datatype":"FP64","shape":[1,3],"data":[0.1,0.9,0.5]}]}',
  );
});
