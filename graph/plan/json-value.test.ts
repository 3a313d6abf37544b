import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, sortKeys } from './json-value.ts';

test('canonical JSON has sorted keys on every level, and leaves out what is undefined', () => {
  const value = { b: [{ d: 1, c: 'ü"' }, null], a: { y: undefined, x: true }, 10: 0, 9: {}, e: [] };
  assert.equal(
    canonicalJson(value),
    '{"10":0,"9":{},"a":{"x":true},"b":[{"c":"ü\\"","d":1},null],"e":[]}',
  );
});

test('a copy with sorted keys says the same, and keeps a key of any name', () => {
  const value = JSON.parse('{"b":1,"a":{"d":[{"z":1,"y":2}],"__proto__":{"c":3}}}') as object;
  const sorted = sortKeys(value);
  assert.equal(JSON.stringify(sorted), '{"a":{"__proto__":{"c":3},"d":[{"y":2,"z":1}]},"b":1}');
  assert.deepEqual(Object.keys(sortKeys({ a: undefined, b: 1 })), ['b']);
});
