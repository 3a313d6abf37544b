import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNonFinite } from './non-finite.ts';
import { isJson } from './scan.ts';

function without(text: string): string | undefined {
  return withoutNonFinite(Buffer.from(text))?.toString();
}

test('NaN and infinities become numbers of the same length', () => {
  const text = '{"a":[NaN,-Infinity , Infinity],"b":NaN}';
  const replaced = without(text);
  assert.equal(replaced, '{"a":[111,111111111 , 11111111],"b":111}');
  assert.ok(isJson(Buffer.from(replaced)));
});

test('texts that say NaN stay as they are', () => {
  assert.equal(
    without('{"NaN":"-Infinity \\" NaN","a":NaN}'),
    '{"NaN":"-Infinity \\" NaN","a":111}',
  );
  assert.equal(without('["NaN"]'), undefined);
  assert.equal(without('[1,2]'), undefined);
});

test('what is no JSON does not become JSON', () => {
  for (const text of [
    '[NaNNaN]',
    '[-NaN]',
    '[1NaN]',
    '[nan]',
    '[NaN',
    '["NaN]',
    '[+Infinity]',
    '{NaN:1}',
  ]) {
    const replaced = without(text);
    assert.ok(replaced === undefined || !isJson(Buffer.from(replaced)), text);
  }
});
