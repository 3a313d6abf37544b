import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countRowsJson, countRowsProto } from './rows.ts';

function inJson(text: string): number {
  // Where it is in a feedback, other bytes are around it.
  const body = Buffer.from(`{"request": ${text} ,"reward":1}`);
  return countRowsJson(body, { start: 12, end: 12 + Buffer.byteLength(text) });
}

const fromHex = (hex: string): number =>
  countRowsProto(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

test('an ndarray has as many rows as items', () => {
  const counts: readonly (readonly [string, number])[] = [
    ['[[1,2],[3,4],[5,6]]', 3],
    ['[ [1] , [2] ]', 2],
    ['[1,2,3,4]', 4],
    ['["a,b",{"c":[1,2]},null]', 3],
    ['[[]]', 1],
    ['[ ]', 0],
    ['7', 1],
    ['null', 1],
  ];
  for (const [ndarray, rows] of counts)
    assert.equal(inJson(`{"meta":{},"data":{"names":["x"],"ndarray":${ndarray}}}`), rows, ndarray);
});

test('a tensor says its rows, and no more are believed than there are bytes', () => {
  const tensor = (shape: string): number =>
    inJson(`{"data":{"tensor":{"shape":${shape},"values":[1,2,3,4,5,6]}}}`);
  assert.equal(tensor('[3,2]'), 3);
  assert.equal(tensor('[ 6 ]'), 6);
  assert.equal(tensor('[0,2]'), 0);
  assert.equal(
    tensor('[4294967295,1]'),
    Buffer.byteLength(
      '{"request": {"data":{"tensor":{"shape":[4294967295,1],"values":[1,2,3,4,5,6]}}} ,"reward":1}',
    ),
  );
  for (const shape of ['[]', '[-3]', '[1.5]', '["3"]', '3', '[[2]]', '[null]', '[1e999]'])
    assert.equal(tensor(shape), 1, shape);
});

test('anything else is one row', () => {
  for (const text of [
    '{}',
    'null',
    '[]',
    '7',
    '{"strData":"a"}',
    '{"data":[]}',
    '{"data":{"tensor":7}}',
  ])
    assert.equal(inJson(text), 1, text);
});

test('of any ndarray the items are counted as JSON.parse has them', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (ndarray, indent) => {
      const text = JSON.stringify({ data: { ndarray } }, null, indent);
      const parsed: unknown = JSON.parse(JSON.stringify(ndarray));
      assert.equal(inJson(text), Array.isArray(parsed) ? parsed.length : 1, text);
    }),
  );
});

test('over gRPC rows are counted alike', () => {
  assert.equal(countRowsProto(undefined), 1);
  assert.equal(fromHex(''), 1);
  // data{ndarray{values{} values{} values{}}}
  assert.equal(fromHex('1a08 1a06 0a00 0a00 0a00'), 3);
  assert.equal(fromHex('1a02 1a00'), 0);
  // data{tensor{shape: 2, 1  values: …}}: packed, and one by one
  assert.equal(fromHex('1a18 1216 0a020201 1210 000000000000f03f 000000000000f03f'), 2);
  assert.equal(fromHex('1a06 1204 0802 0801'), 2);
  // shape{-1}, shape{2^31 - 1}
  assert.equal(fromHex('1a0d 120b 08ffffffffffffffffff01'), 1);
  assert.equal(fromHex('1a08 1206 08ffffffff07'), 10);
  // strData, and what is no protobuf
  assert.equal(fromHex('2a0161'), 1);
  assert.equal(fromHex('1a7f'), 1);
});
