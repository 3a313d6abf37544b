import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedParts } from './shared-parts.ts';

const pod = (name: string, port = 8080): unknown =>
  JSON.parse(
    JSON.stringify({
      metadata: { name },
      spec: {
        containers: [
          { name: 'model', ports: [{ port }], env: [], probe: { http: { port, path: '/' } } },
        ],
      },
    }),
  );

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly containers: readonly { readonly probe: object }[] };
}

test('equal parts are one, whatever is around them, and the values stay as they were', () => {
  const parts = new SharedParts();
  const [a, b, c] = [parts.share(pod('a')), parts.share(pod('b')), parts.share(pod('c', 9000))];
  assert.deepEqual([a, b, c], [pod('a'), pod('b'), pod('c', 9000)]);
  const [first, second, third] = [a, b, c] as Pod[];
  assert.equal(first?.spec, second?.spec);
  assert.notEqual(first?.spec, third?.spec);
  assert.equal(first?.metadata.name, 'a');
});

test('what is shared cannot be changed', () => {
  const { spec } = new SharedParts().share(pod('a')) as { spec: { containers: object[] } };
  assert.throws(() => spec.containers.push({}), TypeError);
});

test('parts that only look alike are not taken for each other', () => {
  const parts = new SharedParts();
  const texts =
    `{"a":[]} {"a":{}} {"a":""} {"a":null} {"a":0} {"a":"0"} {"a":false} {"b":0} {"a":1,"b":2} {"b":2,"a":1}
    ["a",1] {"0":"a","1":1} [[0]] [["0"]] "[true,\\"0\\",0]" [true,"0",0] {"a":{"a":1}} {"a":[1]} [{"a":1}] "" {} []`.split(
      /\s+/,
    );
  for (const text of [...texts, ...texts])
    assert.equal(JSON.stringify(parts.share(JSON.parse(text))), text);
});

test('large and rare parts are left alone, and what is kept is bounded', () => {
  const parts = new SharedParts();
  const large = { text: 'x'.repeat(2000) };
  assert.equal(parts.share(large), large);
  assert.ok(!Object.isFrozen(large));
  const before = parts.share({ kind: 'common' });
  for (let at = 0; at < 20_000; at += 1) parts.share({ at: `${at}` });
  assert.deepEqual(parts.share({ kind: 'common' }), before);
});
