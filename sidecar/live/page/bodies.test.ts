import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import { prettyJson, viewBody } from './bodies.ts';

const bodyOf = (content: string | Buffer, more: Partial<CopiedBody> = {}): CopiedBody => ({
  contentType: 'application/json',
  contentEncoding: null,
  bytes: content.length,
  base64: Buffer.from(content).toString('base64'),
  isCut: false,
  ...more,
});

test('JSON has a line for each field, and numbers and texts as they were sent', async () => {
  const text =
    '{"data":{"ndarray":[[1.10, 2e3],["a,b]\\"",null]],"names":[]},"n":12345678901234567890,"o":{}}';
  const { kind, text: shown, words } = await viewBody(bodyOf(text));
  assert.equal(kind, 'json');
  assert.equal(words, `${text.length} B, application/json`);
  assert.equal(
    shown,
    [
      '{',
      '  "data": {',
      '    "ndarray": [',
      '      [1.10, 2e3],',
      '      ["a,b]\\"", null]',
      '    ],',
      '    "names": []',
      '  },',
      '  "n": 12345678901234567890,',
      '  "o": {}',
      '}',
    ].join('\n'),
  );
});

test('what is shown means what was sent', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(JSON.parse(prettyJson(text)), JSON.parse(text));
      assert.deepEqual(JSON.parse(prettyJson(JSON.stringify(value, null, 3))), JSON.parse(text));
    }),
  );
});

test('what is no JSON is shown as text, what is no text as its first bytes', async () => {
  assert.deepEqual(await viewBody(bodyOf('data: 1\n\n', { contentType: 'text/event-stream' })), {
    kind: 'text',
    text: 'data: 1\n\n',
    words: '9 B, text/event-stream',
  });
  const binary = Buffer.from([0x0a, 0x03, 0x61, 0x62, 0x63, 0xff, ...Buffer.alloc(300)]);
  const { kind, text, words } = await viewBody(bodyOf(binary, { contentType: null }));
  assert.equal(kind, 'binary');
  assert.equal(words, '306 B, the beginning is shown');
  assert.equal(
    text.split('\n')[0],
    '0000  0a 03 61 62 63 ff 00 00 00 00 00 00 00 00 00 00  ..abc...........',
  );
  assert.equal(text.split('\n').length, 16);
  assert.equal((await viewBody(bodyOf('', { contentType: null }))).words, '0 B');
});

test('what was cut is told, and a character that was cut in two makes no binary of a text', async () => {
  const cut = bodyOf(Buffer.from('{"a":"ää').subarray(0, -1), { bytes: 1000, isCut: true });
  const { kind, text, words } = await viewBody(cut);
  assert.deepEqual([kind, text], ['text', '{"a":"ä']);
  assert.match(words, /^1000 B, application\/json, the first 9 B were captured$/);
  const long = await viewBody(bodyOf('x'.repeat(100_000)));
  assert.equal(long.text.length, 65_536);
  assert.match(long.words, /the beginning is shown/);
});

test('JSON that is nested without end is shown in part', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const { kind, text } = await viewBody(bodyOf(deep));
  assert.deepEqual([kind, text.length], ['json', 65_536]);
});

test('compressed bodies are unpacked where that can be done, and no bomb is', async () => {
  const packed = gzipSync('{"a":1}');
  const { text, words } = await viewBody(bodyOf(packed, { contentEncoding: 'gzip' }));
  assert.equal(text, '{\n  "a": 1\n}');
  assert.match(words, /gzip, unpacked/);
  assert.equal((await viewBody(bodyOf(packed, { contentEncoding: 'br' }))).kind, 'binary');
  assert.equal((await viewBody(bodyOf('no gzip', { contentEncoding: 'gzip' }))).kind, 'text');
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  assert.equal((await viewBody(bodyOf(bomb, { contentEncoding: 'gzip' }))).kind, 'binary');
});
