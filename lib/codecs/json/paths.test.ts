import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PATH_STEPS, parsePath } from './paths.ts';

function steps(text: string): readonly string[] {
  const read = parsePath(text);
  if (read.kind === 'wrong') assert.fail(`${text}: ${read.what}`);
  return read.path.map((step) => (step.kind === 'key' ? `=${step.key}` : step.kind));
}

test('a path is keys with dots between, in quotes where they have other characters', () => {
  assert.deepEqual(steps('jsonData.user.email'), ['=jsonData', '=user', '=email']);
  assert.deepEqual(steps('a-b_c.$id.@x'), ['=a-b_c', '=$id', '=@x']);
  assert.deepEqual(steps('größe.名前'), ['=größe', '=名前']);
  assert.deepEqual(steps('user."e mail.x, \\"=\\u00e9"'), ['=user', '=e mail.x, "=é']);
  assert.deepEqual(steps('"0"."*".""'), ['=0', '=*', '=']);
});

test('a star is any key, two are any number of keys', () => {
  assert.deepEqual(steps('data.*.x'), ['=data', 'any', '=x']);
  assert.deepEqual(steps('**.email'), ['deep', '=email']);
  assert.deepEqual(steps('a.**.*'), ['=a', 'deep', 'any']);
});

test('what is no path is told with its place and what to write', () => {
  const told = (text: string): string => {
    const read = parsePath(text);
    return read.kind === 'wrong' ? `${read.what}: ${read.advice}` : 'right';
  };
  assert.match(told(''), /^it is empty: write a path/);
  assert.match(told('a..b'), /^column 3 has no key/);
  assert.match(told('a.'), /^column 3 has no key/);
  assert.match(told('.a'), /^column 1 has no key/);
  assert.match(told('a b'), /^column 2 has " ": .*quotes/);
  assert.match(told('a"b"'), /^column 2 has "\\""/);
  assert.match(told('a*'), /^column 2 has "\*"/);
  assert.match(told('***'), /^column 3 has "\*"/);
  assert.match(told('$.a'), /^it begins with \$/);
  assert.match(told('$'), /^it begins with \$/);
  assert.match(told('a[0].b'), /^column 2 has a bracket: leave brackets out/);
  assert.match(told('a.0.b'), /^0 looks like the index of an array: leave it out.*"0" in quotes/);
  assert.match(told('a.**'), /^it ends with \*\*/);
  assert.match(told('a.**.**.b'), /twice in a row/);
  assert.match(told('"\\x"'), /no string of JSON/);
  assert.match(told('"\\ud800"'), /no string of JSON/);
  assert.match(told('"a'), /^column 1 has/);
  assert.equal(told(Array(MAX_PATH_STEPS).fill('a').join('.')), 'right');
  assert.match(
    told(
      Array(MAX_PATH_STEPS + 1)
        .fill('a')
        .join('.'),
    ),
    /^it has more than 16 steps: write at most 16$/,
  );
});
