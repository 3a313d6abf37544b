import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
} from 'node:zlib';
import { cpuMs, longestTurnMs } from '../../../testing/cpu-time.ts';
import { HeldAccount, HeldBytes } from '../held-bytes.ts';
import { MAX_WAITING_UNPACKS, UNPACK_NOW_BYTES } from './limits.ts';
import type { Encoding } from './encodings.ts';
import { countUnpacking, unpack, type Unpacked } from './unpack.ts';

const MIB = 1024 * 1024;
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const PACKERS: readonly (readonly [string, Encoding, (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', (bytes) => gzipSync(bytes)],
  [
    'gzip of several members',
    'gzip',
    (bytes) => Buffer.concat(halves(bytes).map((half) => gzipSync(half))),
  ],
  ['zlib', 'deflate', (bytes) => deflateSync(bytes)],
  ['raw deflate', 'deflate', (bytes) => deflateRawSync(bytes)],
  ['br', 'br', (bytes) => brotliCompressSync(bytes, QUICK)],
];

function halves(bytes: Buffer): Buffer[] {
  const middle = Math.floor(bytes.length / 2);
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

function accountOf(maxBytes: number): { all: HeldBytes; account: HeldAccount } {
  const all = new HeldBytes(maxBytes);
  return { all, account: new HeldAccount(all) };
}

function unpacked(
  packed: Buffer,
  encoding: Encoding,
  maxBytes: number,
  account: HeldAccount,
): Promise<Unpacked> {
  return new Promise((resolve) => unpack(packed, encoding, maxBytes, account, resolve));
}

const SIZES = [0, 1, 1000, UNPACK_NOW_BYTES, UNPACK_NOW_BYTES + 1, 3 * MIB];

for (const [name, encoding, pack] of PACKERS) {
  test(`${name}: what was packed comes out, and just its bytes are held`, async () => {
    for (const size of SIZES) {
      for (const plain of [Buffer.alloc(size, 'abc'), randomBytes(size)]) {
        const { all, account } = accountOf(64 * MIB);
        const result = await unpacked(pack(plain), encoding, Math.max(size, 1), account);
        assert.equal(result.kind, 'plain', `${size}`);
        assert.ok(result.kind === 'plain' && result.body.equals(plain), `${size}`);
        assert.equal(all.bytes, size);
      }
    }
  });

  test(`${name}: one byte more than may be is too large, and nothing stays held`, async () => {
    for (const size of SIZES.slice(2)) {
      const { all, account } = accountOf(64 * MIB);
      const packed = pack(Buffer.alloc(size));
      assert.deepEqual(await unpacked(packed, encoding, size - 1, account), { kind: 'too-large' });
      assert.equal(all.bytes, 0);
    }
  });

  test(`${name}: cut short or damaged it is broken, and nothing stays held`, async () => {
    for (const size of SIZES.slice(2)) {
      const packed = pack(randomBytes(size));
      for (const bad of [
        packed.subarray(0, packed.length - 9),
        Buffer.alloc(packed.length, 0xf8),
      ]) {
        const { all, account } = accountOf(64 * MIB);
        assert.deepEqual(await unpacked(bad, encoding, 8 * MIB, account), { kind: 'broken' });
        assert.equal(all.bytes, 0);
      }
    }
  });

  test(`${name}: without room it stops on the way, and nothing stays held`, async () => {
    const { all, account } = accountOf(4 * MIB);
    const packed = pack(Buffer.alloc(32 * MIB));
    assert.deepEqual(await unpacked(packed, encoding, 32 * MIB, account), { kind: 'overloaded' });
    assert.equal(all.bytes, 0);
  });
}

test('what is small is unpacked at once', () => {
  const { account } = accountOf(MIB);
  let result: Unpacked | undefined;
  const handle = unpack(gzipSync('abc'), 'gzip', 1000, account, (each) => {
    result = each;
  });
  assert.equal(handle, undefined);
  assert.deepEqual(result, { kind: 'plain', body: Buffer.from('abc') });
});

test('bytes behind a gzip member that are none are skipped, as zlib does', async () => {
  const plain = Buffer.alloc(MIB, 'abc');
  const { account } = accountOf(64 * MIB);
  const packed = Buffer.concat([gzipSync(plain), Buffer.from('\0garbage')]);
  const result = await unpacked(packed, 'gzip', 2 * MIB, account);
  assert.ok(result.kind === 'plain' && result.body.equals(plain));
});

test('one is unpacked at a time, more wait, one too many is refused; those that are cancelled leave nothing', async () => {
  const all = new HeldBytes(1024 * MIB);
  const packed = gzipSync(Buffer.alloc(4 * MIB));
  const handles = Array.from({ length: 1 + MAX_WAITING_UNPACKS }, () => {
    const handle = unpack(packed, 'gzip', 8 * MIB, new HeldAccount(all), () =>
      assert.fail('it was cancelled'),
    );
    assert.ok(handle);
    return handle;
  });
  const refused = await unpacked(packed, 'gzip', 8 * MIB, new HeldAccount(all));
  assert.deepEqual(refused, { kind: 'overloaded' });
  for (const handle of handles) handle.cancel();
  for (const handle of handles) handle.cancel();
  assert.equal(countUnpacking(), 0);
  assert.equal(all.bytes, 0);
  const after = await unpacked(packed, 'gzip', 8 * MIB, new HeldAccount(all));
  assert.equal(after.kind, 'plain');
});

test('an account that closes on the way ends the work', async () => {
  const { all, account } = accountOf(64 * MIB);
  const result = unpacked(gzipSync(Buffer.alloc(16 * MIB)), 'gzip', 32 * MIB, account);
  account.close();
  assert.deepEqual(await result, { kind: 'overloaded' });
  assert.equal(all.bytes, 0);
});

test('what a gzip body says of its length is not relied on', async () => {
  for (const said of [0, 1, 100_000, 5 * MIB, 0xffff_ffff]) {
    const plain = randomBytes(3 * MIB);
    const packed = gzipSync(plain);
    packed.writeUInt32LE(said, packed.length - 4);
    const { all, account } = accountOf(64 * MIB);
    assert.deepEqual(await unpacked(packed, 'gzip', 8 * MIB, account), { kind: 'broken' });
    // The last of several members speaks for itself alone.
    const members = Buffer.concat([gzipSync(plain), gzipSync('')]);
    const result = await unpacked(members, 'gzip', 8 * MIB, account);
    assert.ok(result.kind === 'plain' && result.body.equals(plain));
    assert.equal(all.bytes, plain.length);
  }
});

test('a body has no more than twice its memory', async () => {
  for (const [, encoding, pack] of PACKERS) {
    for (const size of SIZES) {
      const { account } = accountOf(64 * MIB);
      const result = await unpacked(pack(randomBytes(size)), encoding, 32 * MIB, account);
      assert.ok(result.kind === 'plain');
      assert.ok(result.body.buffer.byteLength <= 2 * size + 64, `${size}`);
    }
  }
});

test('the event loop goes on while 32 MiB are unpacked', async () => {
  const { account } = accountOf(256 * MIB);
  // Digits: they take far longer than zeros, and than what a turn takes besides.
  const digits = Buffer.from(randomBytes(16 * MIB).toString('hex'), 'latin1');
  const packed = gzipSync(digits, { level: 1 });
  const onLoopMs = cpuMs(() => gunzipSync(packed));
  const longestMs = await longestTurnMs(() => unpacked(packed, 'gzip', 32 * MIB, account));
  assert.ok(longestMs < onLoopMs / 2, `${longestMs.toFixed(1)} ms of ${onLoopMs.toFixed(1)} ms`);
});
