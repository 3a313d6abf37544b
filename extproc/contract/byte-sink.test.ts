import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { ByteSink, SEGMENT_BYTES } from './byte-sink.ts';
import { HeldAccount, HeldBytes } from './held-bytes.ts';

const MIB = 1024 * 1024;

function pieces(bytes: Buffer, most: number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cut.at(-1)?.length ?? 0)
    cut.push(bytes.subarray(at, at + randomInt(1, most + 1)));
  return cut;
}

const SIZES = [0, 1, 1024, 1025, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 5 * MIB + 7];

for (const way of ['at once', 'in steps'] as const) {
  test(`pieces of any size are the bytes that came, handed over ${way}`, async () => {
    for (const size of SIZES) {
      for (const most of [1000, 70_000, 3 * MIB]) {
        const all = new HeldBytes(64 * MIB);
        const sink = new ByteSink(new HeldAccount(all), size);
        const bytes = randomBytes(size);
        for (const piece of pieces(bytes, most)) {
          assert.ok(sink.append(Buffer.concat([piece, piece]), piece.length, 2 * piece.length));
          assert.ok(all.bytes >= sink.length && all.bytes <= size);
        }
        assert.equal(sink.length, size);
        const whole =
          way === 'at once'
            ? sink.take()
            : await new Promise<Buffer>((resolve) => sink.takeInSteps(resolve));
        assert.ok(whole.equals(bytes), `${size} in pieces of ${most}`);
        assert.equal(all.bytes, size);
        assert.equal(sink.length, 0);
      }
    }
  });
}

test('without room it is as before, and what is dropped is not held', () => {
  const all = new HeldBytes(4 * MIB);
  const sink = new ByteSink(new HeldAccount(all));
  const piece = Buffer.alloc(500_000, 'a');
  let added = 0;
  while (sink.append(piece, 0, piece.length)) added++;
  assert.equal(sink.length, added * piece.length);
  assert.ok(sink.length > 3 * MIB, String(sink.length));
  const whole = sink.take();
  assert.equal(whole.length, added * piece.length);
  assert.ok(whole.every((byte) => byte === piece[0]));
  assert.equal(all.bytes, whole.length);
  const other = new ByteSink(new HeldAccount(all));
  assert.ok(other.append(piece, 0, 1000));
  other.drop();
  assert.equal(all.bytes, whole.length);
});

test('the event loop goes on while a large one is put together', async () => {
  const sink = new ByteSink(new HeldAccount(new HeldBytes(64 * MIB)));
  const piece = Buffer.alloc(MIB, 'a');
  for (let added = 0; added < 32; added++) sink.append(piece, 0, piece.length);
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  count();
  const whole = await new Promise<Buffer>((resolve) => sink.takeInSteps(resolve));
  over = true;
  assert.equal(whole.length, 32 * MIB);
  assert.ok(turns >= 31, String(turns));
});
