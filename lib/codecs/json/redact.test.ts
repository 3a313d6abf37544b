import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plantPaths, redact } from './redact.ts';
import { MAX_DEPTH } from './scan.ts';
import { fuzzRedact, readPaths } from './testing/fuzz-redact.ts';

const MARK = Buffer.from('"X"');

function redacted(body: string | Buffer, ...paths: string[]): string {
  return redact(Buffer.from(body), plantPaths(readPaths(paths)), MARK, 1000).toString();
}

test('a value is replaced whatever it is, and no other byte changes', () => {
  const body = '{ "id":12345678901234567890.10, "user" : {"email":\t"a@b.c" ,"n":1e400} }\n';
  assert.equal(
    redacted(body, 'user.email'),
    '{ "id":12345678901234567890.10, "user" : {"email":\t"X" ,"n":1e400} }\n',
  );
  for (const value of ['1', 'null', '""', '[1,{"a":2}]', '{"email":{}}', '"\\"}"'])
    assert.equal(redacted(`{"email":${value},"a":1}`, 'email'), '{"email":"X","a":1}', value);
});

test('every member of the name is replaced, also one that comes again or is written with escapes', () => {
  assert.equal(
    redacted(
      '{"u":{"email":1},"u":{"e\\u006dail":2,"\\u0065\\u006D\\u0061\\u0069\\u006c":3}}',
      'u.email',
    ),
    '{"u":{"email":"X"},"u":{"e\\u006dail":"X","\\u0065\\u006D\\u0061\\u0069\\u006c":"X"}}',
  );
  assert.equal(
    redacted('{"é😀":1,"\\u00e9\\ud83d\\uDE00":2}', '"é😀"'),
    '{"é😀":"X","\\u00e9\\ud83d\\uDE00":"X"}',
  );
});

test('a path goes through arrays, however they are nested', () => {
  assert.equal(
    redacted('[{"us":[[{"email":1}],{"email":[2]},3]},[]]', 'us.email'),
    '[{"us":[[{"email":"X"}],{"email":"X"},3]},[]]',
  );
});

test('a star is any key and any element', () => {
  assert.equal(redacted('{"d":{"a":1,"b":[2]}}', 'd.*'), '{"d":{"a":"X","b":"X"}}');
  assert.equal(redacted('{"d":[1,[2]]}', 'd.*'), '{"d":["X","X"]}');
  assert.equal(
    redacted('{"d":[{"p":{"e":1}},{"e":2}]}', 'd.*.e'),
    '{"d":[{"p":{"e":"X"}},{"e":"X"}]}',
  );
});

test('two stars are any number of keys', () => {
  assert.equal(
    redacted('{"email":1,"a":[{"b":{"email":2,"c":"email"}}]}', '**.email'),
    '{"email":"X","a":[{"b":{"email":"X","c":"email"}}]}',
  );
  assert.equal(
    redacted('{"b":1,"a":{"b":2,"c":{"b":3}}}', 'a.**.b'),
    '{"b":1,"a":{"b":"X","c":{"b":"X"}}}',
  );
});

test('what no path leads to is the same memory', () => {
  const body = Buffer.from('{"a":{"emails":1,"Email":2},"b":["email"]}');
  const tree = plantPaths([[{ kind: 'key', key: 'email' }]]);
  assert.equal(redact(body, tree, MARK, 1), body);
});

test('numbers that JSON does not have are read as Python writes them', () => {
  assert.equal(redacted('{"s":[NaN,-Infinity],"t":"NaN"}', 't'), '{"s":[NaN,-Infinity],"t":"X"}');
  assert.equal(redacted('{"s":[NaN,Infinit]}', 't'), 'invalid');
});

test('what is no JSON to its end gives nothing', () => {
  for (const body of [
    '',
    '{"email":1',
    '{"email":1}}',
    '{"email":1} {"email":2}',
    "{'email':1}",
    '{email:1}',
    '{"email":1,}',
    '{"email":1}// x',
    'json={"email":1}',
    '\ufeff{"email":1}',
    '{"email":01}',
    Buffer.from('{"email":1}', 'utf16le'),
    Buffer.from([...Buffer.from('{"e'), 0xff, ...Buffer.from('mail":1}')]),
    Buffer.from([...Buffer.from('{"'), 0xc1, 0xa5, ...Buffer.from('mail":1}')]),
  ])
    assert.equal(redacted(body, 'email'), 'invalid', body.toString());
});

test('nesting and what comes out are bounded', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}{"e":1}${']'.repeat(depth)}`;
  assert.match(redacted(nested(400), 'e'), /\{"e":"X"\}/);
  assert.equal(redacted(nested(MAX_DEPTH), 'e'), 'invalid');
  assert.equal(redacted('['.repeat(1_000_000), 'e'), 'invalid');
  assert.equal(redacted(`[${'1,'.repeat(300)}1]`, '*'), 'too-large');
  assert.equal(redacted(`{"a":"${'x'.repeat(1000)}","b":1}`, 'b'), 'too-large');
});

test('redaction agrees with a naive one on generated and damaged texts', () => {
  assert.equal(fuzzRedact(10_000, 11), undefined);
});
