import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEvents } from './read-events.ts';

async function* chunks(...pieces: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function all(body: AsyncIterable<unknown>): Promise<readonly string[]> {
  const events: string[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test('events come whole, however they were cut, and what is no data is skipped', async () => {
  const text = Buffer.from('data: {"a":"–"}\n\n: a comment\n\ndata: 2\n\ndata: half');
  for (let at = 1; at < text.length; at++)
    assert.deepEqual(await all(chunks(text.subarray(0, at), text.subarray(at))), [
      '{"a":"–"}',
      '2',
    ]);
});

test('an event without end is not gathered', async () => {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let asked = 0;
  const endless = (async function* () {
    for (;;) {
      asked++;
      yield piece;
    }
  })();
  await assert.rejects(all(endless), /without end/);
  assert.ok(asked < 20);
});
