import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import type { Capture, CapturedCall } from '../captured.ts';
import { parseLine } from '../requests.ts';
import { compareBodies, MAX_DIFFERENCES } from './compare-bodies.ts';
import { compareCaptures, differenceWords } from './compare.ts';

const bodyOf = (content: string | Buffer, more: Partial<CopiedBody> = {}): CopiedBody => ({
  contentType: 'application/json',
  contentEncoding: null,
  bytes: content.length,
  base64: Buffer.from(content).toString('base64'),
  isCut: false,
  ...more,
});
const RULES = { tolerance: 0, puids: ['p-before', 'p-after'] } as const;

async function differences(before: string, after: string, tolerance = 0) {
  const found = await compareBodies(bodyOf(before), bodyOf(after), { ...RULES, tolerance });
  return found.differences.map((each) => [each.path, each.before, each.after]);
}

test('JSON differs by path, whatever order and white space it is written in', async () => {
  assert.deepEqual(await differences('{"a":1,"b":[1,2]}', '{ "b": [1, 2.0], "a": 1 }'), []);
  assert.deepEqual(
    await differences(
      '{"data":{"ndarray":[[1,2],[3]],"names":["x"]},"gone":null}',
      '{"data":{"ndarray":[[1,5],[3,4]],"names":{}},"odd name":true}',
    ),
    [
      ['data.ndarray[0][1]', '2', '5'],
      ['data.ndarray[1][1]', null, '4'],
      ['data.names', 'a list of 1', 'an object of 0'],
      ['gone', 'null', null],
      ['["odd name"]', null, 'true'],
    ],
  );
  assert.deepEqual(await differences('1', '"1"'), [['', '1', '"1"']]);
});

test('numbers are the same within the tolerance, of themselves or of the larger one', async () => {
  assert.deepEqual(await differences('[0.1,1000]', '[0.1000001,1000.5]', 1e-6), [
    ['[1]', '1000', '1000.5'],
  ]);
  assert.deepEqual(await differences('[0.1,1000]', '[0.1000001,1000.5]', 1e-3), []);
  assert.deepEqual(await differences('[0]', '[1e-9]', 1e-6), []);
  assert.deepEqual(await differences('12345678901234567890', '12345678901234567891'), [
    ['', '12345678901234567890', '12345678901234567891'],
  ]);
});

test("a request's own id is no difference, another one is", async () => {
  assert.deepEqual(await differences('{"puid":"p-before"}', '{"puid":"p-after"}'), []);
  assert.deepEqual(await differences('{"puid":"p-before"}', '{"puid":"x"}'), [
    ['puid', '"p-before"', '"x"'],
  ]);
});

test('a value is the same as itself, and a change is found where it was made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (value, other) => {
      const text = JSON.stringify(value);
      assert.deepEqual(await differences(text, JSON.stringify(value, null, 2)), []);
      const isSame = JSON.stringify(other) === text;
      const found = await differences(
        JSON.stringify({ a: [value] }),
        JSON.stringify({ a: [other] }),
      );
      if (!isSame) for (const [path] of found) assert.match(String(path), /^a\[0\]/);
      else assert.deepEqual(found, []);
    }),
  );
});

test('many differences are counted and the first ones told, and depth is no danger', async () => {
  const list = (value: number): string => JSON.stringify(Array(1000).fill(value));
  const { differences: told, count } = await compareBodies(bodyOf(list(1)), bodyOf(list(2)), RULES);
  assert.deepEqual([told.length, count], [MAX_DIFFERENCES, 1000]);
  const deep = (end: string): string => '['.repeat(50_000) + end + ']'.repeat(50_000);
  assert.equal((await compareBodies(bodyOf(deep('1')), bodyOf(deep('2')), RULES)).count, 1);
});

test('texts and bytes differ from a place on, and cut bodies as far as they go', async () => {
  assert.deepEqual(await differences('data: 1\n', 'data: 2\n'), [
    ['from character 6 on', '8 B, application/json', '8 B, application/json'],
  ]);
  const bytes = (last: number): CopiedBody => bodyOf(Buffer.from([255, 0, last]));
  assert.equal((await compareBodies(bytes(1), bytes(1), RULES)).count, 0);
  assert.equal(
    (await compareBodies(bytes(1), bytes(2), RULES)).differences[0]?.path,
    'from byte 2 on',
  );
  const cut = (text: string): CopiedBody => bodyOf(text, { bytes: 1000, isCut: true });
  assert.deepEqual(await compareBodies(cut('{"a":1'), cut('{"a":1,"b'), RULES), {
    differences: [],
    count: 0,
    isPartial: true,
  });
  assert.equal((await compareBodies(cut('{"a":1'), cut('{"a":2'), RULES)).count, 1);
});

test('what is compressed is compared by what it holds', async () => {
  const packed = (text: string, level: number): CopiedBody =>
    bodyOf(gzipSync(text, { level }), { contentEncoding: 'gzip' });
  const text = JSON.stringify({ a: 'x'.repeat(1000) });
  assert.equal((await compareBodies(packed(text, 1), packed(text, 9), RULES)).count, 0);
  assert.equal((await compareBodies(packed(text, 1), bodyOf(text), RULES)).count, 0);
});

const call = (unit: string, received: string, status = 200): CapturedCall => ({
  unit,
  verb: 'predict',
  by: 'filter',
  atMs: 1,
  ms: 2,
  status,
  sent: bodyOf('{}'),
  received: bodyOf(received),
});

function captureOf(calls: readonly CapturedCall[], line: object, response: string): Capture {
  const request = parseLine(JSON.stringify({ code: 200, ...line }), 1);
  assert.ok(request !== null);
  return {
    version: 1,
    id: 1,
    transport: 'rest',
    path: '/p',
    asked: { headers: [], body: bodyOf('{}') },
    response: { headers: [], body: bodyOf(response) },
    calls,
    request,
  };
}

test('calls are compared unit by unit, in whatever order those at once came', async () => {
  const before = captureOf(
    [call('a', '1'), call('b', '2'), call('c', '3')],
    { duration_us: 5000 },
    '1',
  );
  const after = captureOf([call('b', '2'), call('a', '9', 500), call('d', '4')], {}, '1');
  const { isSame, calls, response } = await compareCaptures(before, after, 0);
  assert.equal(isSame, false);
  assert.deepEqual(
    calls.map(({ unit, state, differences: found }) => [unit, state, found.map(differenceWords)]),
    [
      ['a', 'different', ['status: 200 → 500', 'received: 1 → 9']],
      ['b', 'same', []],
      ['c', 'missing', []],
      ['d', 'added', []],
    ],
  );
  assert.deepEqual([response.state, response.msBefore, response.msAfter], ['same', 5, 0]);
});

test('choices, status and errors are compared, times are not', async () => {
  const before = captureOf([], { routing: '{"r":0,"s":1}', duration_us: 1000 }, '{"a":1}');
  const other = { routing: '{"r":1}', code: 503, error: 'UNIT_UNREACHABLE', duration_us: 9000 };
  const { response } = await compareCaptures(before, captureOf([], other, '{"a":2}'), 0);
  assert.deepEqual(response.differences.map(differenceWords), [
    'status: 200 → 503',
    'error: nothing → UNIT_UNREACHABLE',
    'choice r: 0 → 1',
    'choice s: 1 → nothing',
    'response a: 1 → 2',
  ]);
  const slower = captureOf([], { routing: '{"r":0,"s":1}', duration_us: 99_000 }, '{"a":1}');
  assert.ok((await compareCaptures(before, slower, 0)).isSame);
});
