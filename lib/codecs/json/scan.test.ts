import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPath, keys } from './find.ts';
import { difference, fuzz, SEEDS } from './testing/fuzz.ts';
import { isJson, MAX_DEPTH } from './scan.ts';

function textAt(text: string, ...path: string[]): string {
  const bytes = Buffer.from(text);
  const found = findPath(bytes, keys(...path));
  return typeof found === 'string' ? found : bytes.toString('utf8', found.start, found.end);
}

test('the scanner agrees with JSON.parse on every seed', () => {
  for (const seed of SEEDS) assert.equal(difference(Buffer.from(seed)), undefined, seed);
});

test('the scanner agrees with JSON.parse on generated and damaged texts', () => {
  assert.equal(fuzz(20_000, 7), undefined);
});

test('a member is found by its path, whatever is around it', () => {
  assert.equal(textAt(' { "x" : "}" , "a" : { "b" : [1, {"b":2}] } } ', 'a', 'b'), '[1, {"b":2}]');
  assert.equal(textAt('{"a":{"b":1}}', 'a', 'c'), 'absent');
  assert.equal(textAt('{"a":[1]}', 'a', 'b'), 'absent');
  assert.equal(textAt('{"a":{"b":1}', 'a', 'b'), 'invalid');
});

test('of equal keys the last one counts, also when it is written with escapes', () => {
  assert.equal(textAt('{"a":1,"\\u0061":2}', 'a'), '2');
  assert.equal(textAt('{"a":{"b":1},"a":3}', 'a', 'b'), 'absent');
});

test('nesting is bounded', () => {
  const nested = (depth: number): Buffer =>
    Buffer.from('['.repeat(depth) + '1' + ']'.repeat(depth));
  assert.equal(isJson(nested(MAX_DEPTH)), true);
  assert.equal(isJson(nested(MAX_DEPTH + 1)), false);
});
