import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstJsonNumber, readJsonNumbers, writeJsonNumbers } from './json-numbers.ts';

function read(text: string): string | undefined {
  const bytes = Buffer.from(text);
  const numbers = readJsonNumbers(bytes, { start: 0, end: bytes.length });
  if (numbers === undefined) return undefined;
  return `[${numbers.shape}] ${Array.from(numbers.values, (each) => (Object.is(each, -0) ? '-0' : each))}`;
}

test('numbers, booleans, null and the words for what is no number are read', () => {
  assert.equal(read('[[1,2.5],[-0,1e300]]'), '[2,2] 1,2.5,-0,1e+300');
  assert.equal(read('[true,false]'), '[2] 1,0');
  assert.equal(read('[NaN, -Infinity,Infinity,null]'), '[4] NaN,-Infinity,Infinity,NaN');
  assert.equal(read('[]'), '[0] ');
  assert.equal(read('[[],[]]'), '[2,0] ');
  assert.equal(read('7'), '[] 7');
});

test('ragged arrays, texts and objects are refused', () => {
  for (const text of ['[[1],[1,2]]', '[1,[2]]', '["NaN"]', '["1"]', '[{}]', '{}', '[[1],2]']) {
    assert.equal(read(text), undefined, text);
  }
});

test('numbers are written in their shape, −0 and what is no number too', () => {
  const write = (shape: number[], ...values: number[]): string =>
    writeJsonNumbers(shape, Float64Array.from(values)).toString();
  assert.equal(write([2, 2], 1, 2, 3, 0.5), '[[1,2],[3,0.5]]');
  assert.equal(write([2], Number.NaN, -0), '[NaN,-0.0]');
  assert.equal(
    write([3, 1], Infinity, -Infinity, 0.1 + 0.2),
    '[[Infinity],[-Infinity],[0.30000000000000004]]',
  );
  assert.equal(write([0]), '[]');
  assert.equal(write([2, 0]), '[[],[]]');
  assert.equal(write([], 3), '3');
});

test('the first number is found however deep it is', () => {
  const first = (text: string): number | undefined =>
    firstJsonNumber(Buffer.from(text), { start: 0, end: text.length });
  assert.equal(first('[ [ [-2, 1]]]'), -2);
  assert.equal(first('3'), 3);
  for (const text of ['[]', '[[]]', '["1"]', '{}', '[null]']) assert.equal(first(text), undefined);
});
