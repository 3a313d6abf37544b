import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonCursor } from './cursor.ts';
import { fuzzCursor } from './testing/fuzz.ts';

test('the cursor reads what JSON.parse reads, on generated and damaged texts', () => {
  assert.equal(fuzzCursor(20_000, 11), undefined);
});

test('members that nobody looks at are passed', () => {
  const cursor = new JsonCursor(Buffer.from(' {"a":[1,{"b":2}],"\\u0062":3,"c":{}} '));
  assert.ok(cursor.isObject);
  cursor.enter();
  const keys: string[] = [];
  while (cursor.nextMember()) keys.push(`${cursor.key()}${cursor.keyIs(Buffer.from('b'))}`);
  assert.deepEqual(keys, ['afalse', 'btrue', 'cfalse']);
  assert.ok(cursor.isOver());
});

test('what follows the value, or is missing, is noticed', () => {
  for (const text of ['{} x', '[1', '{"a":1', '{"a"}', '[1 2]', '']) {
    const cursor = new JsonCursor(Buffer.from(text));
    assert.equal(cursor.isOver(), false, text);
  }
});
