import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  HeldAccount,
  HeldBytes,
  SMALL_REQUEST_BYTES,
  SMALL_SHARE,
  STALLED_MS,
} from './held-bytes.ts';

const MIB = 1024 * 1024;

test('whatever requests hold, release and end with, no byte is forgotten and none is counted twice', () => {
  const steps = fc.array(
    fc.record({
      account: fc.nat(4),
      what: fc.constantFrom('hold', 'hold', 'hold', 'release', 'close'),
      bytes: fc.nat(400_000),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const all = new HeldBytes(MIB);
      const accounts = Array.from({ length: 5 }, () => new HeldAccount(all));
      for (const { account: index, what, bytes } of taken) {
        const account = accounts[index] as HeldAccount;
        const before = account.bytes;
        if (what === 'hold') {
          const isHeld = account.hold(bytes);
          assert.equal(account.bytes, isHeld ? before + bytes : before);
        } else if (what === 'release') account.release(bytes);
        else account.close();
        assert.ok(account.bytes >= 0);
        assert.ok(all.bytes <= all.maxBytes);
        assert.equal(
          all.bytes,
          accounts.reduce((sum, each) => sum + each.bytes, 0),
        );
      }
      for (const account of accounts) account.close();
      assert.equal(all.bytes, 0);
    }),
  );
});

test('a closed account holds nothing any more', () => {
  const all = new HeldBytes(MIB);
  const account = new HeldAccount(all);
  assert.ok(account.hold(1000));
  account.close();
  account.close();
  assert.equal(account.hold(1), false);
  account.release(1000);
  assert.equal(all.bytes, 0);
});

test('large requests leave room for small ones, and a small one that grows is large', () => {
  const all = new HeldBytes(10 * MIB);
  const large = new HeldAccount(all);
  assert.equal(large.hold(10 * MIB * (1 - SMALL_SHARE) + 1), false);
  assert.ok(large.hold(10 * MIB * (1 - SMALL_SHARE)));
  assert.equal(new HeldAccount(all).hold(SMALL_REQUEST_BYTES + 1), false);
  const small = new HeldAccount(all);
  assert.ok(small.hold(SMALL_REQUEST_BYTES));
  assert.equal(small.hold(1), false);
  small.release(1000);
  assert.ok(small.hold(1000));
});

test('a large body on its way that stands still goes first, then the largest, and never one that is smaller', () => {
  let now = 0;
  const all = new HeldBytes(10 * MIB, () => now);
  const gone: string[] = [];
  const upload = (name: string, bytes: number): HeldAccount => {
    const account = new HeldAccount(all, () => gone.push(name));
    assert.ok(account.hold(bytes));
    account.arrives();
    return account;
  };
  upload('still', 2 * MIB);
  now = STALLED_MS;
  upload('large', 4 * MIB);
  const whole = upload('whole', 3 * MIB);
  whole.settles();
  const asking = new HeldAccount(all);
  assert.ok(asking.hold(MIB));
  assert.deepEqual(gone, ['still']);
  assert.ok(asking.hold(2 * MIB));
  assert.deepEqual(gone, ['still', 'large']);
  assert.equal(asking.hold(8 * MIB), false);
  assert.equal(all.bytes, 6 * MIB);
  const second = upload('second', 2 * MIB);
  assert.equal(new HeldAccount(all).hold(2 * MIB), false, 'it would be no smaller');
  second.close();
  asking.close();
  whole.close();
  assert.equal(all.bytes, 0);
});
