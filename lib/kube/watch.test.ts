import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitLines } from './watch.ts';

async function* chunked(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

test('lines are the same however the bytes are cut, and a last half line is dropped', async () => {
  const text = '{"a":"ä"}\n\n{"b":2}\n{"c":"€€"}\n{"half';
  for (let size = 1; size <= text.length; size += 1) {
    const lines: string[] = [];
    for await (const line of splitLines(chunked(text, size))) lines.push(line.toString());
    assert.deepEqual(lines, ['{"a":"ä"}', '{"b":2}', '{"c":"€€"}'], `in chunks of ${size}`);
  }
});

test('a line without an end does not fill the memory', async () => {
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(1 << 20, 'x');
  };
  await assert.rejects(async () => {
    for await (const _line of splitLines(endless())) assert.fail('a line without an end');
  }, /over 8388608 bytes/);
});
