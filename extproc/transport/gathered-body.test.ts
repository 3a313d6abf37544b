import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldAccount, HeldBytes } from '../contract/held-bytes.ts';
import { GatheredBody, pins } from './gathered-body.ts';

const MIB = 1024 * 1024;

/** What is handed over in this turn of the event loop. */
function taken(body: GatheredBody): Buffer {
  const wholes: Buffer[] = [];
  body.take((whole) => wholes.push(whole));
  const [whole] = wholes;
  assert.ok(whole);
  return whole;
}

test('pieces are one body, and just its bytes are held when it is whole', () => {
  const all = new HeldBytes(MIB);
  const account = new HeldAccount(all);
  for (const sizes of [[], [100], [100, 1], [30_000, 1, 20_000, 40_000], Array(500).fill(7)]) {
    const body = new GatheredBody(account, MIB, false);
    const pieces = sizes.map((size: number, index) => Buffer.alloc(size, index));
    for (const piece of pieces) {
      assert.ok(account.hold(piece.length));
      assert.ok(body.add(piece, 0, piece.length));
    }
    const whole = Buffer.concat(pieces);
    assert.equal(body.length, whole.length);
    assert.deepEqual(taken(body), whole);
    assert.equal(all.bytes, whole.length);
    assert.equal(body.length, 0);
    account.release(whole.length);
  }
});

test('without room for the copy it says so, and what was dropped is not held', () => {
  const all = new HeldBytes(100_000);
  const account = new HeldAccount(all);
  const body = new GatheredBody(account, MIB, false);
  const piece = Buffer.alloc(30_000);
  assert.ok(account.hold(60_000));
  assert.ok(body.add(piece, 0, piece.length));
  assert.equal(body.add(piece, 0, piece.length), false);
  body.drop();
  account.close();
  assert.equal(all.bytes, 0);
});

test('a small part of a large read does not keep the read', () => {
  const read = Buffer.alloc(64 * 1024);
  assert.ok(pins(read, 1000));
  assert.equal(pins(read, 20_000), false);
  assert.equal(pins(read.subarray(0, 8000), 100), false);
  const body = new GatheredBody(new HeldAccount(new HeldBytes(MIB)), MIB, true);
  body.add(read, 10, 20);
  assert.notEqual(taken(body).buffer, read.buffer);
});
