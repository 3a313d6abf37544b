import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyLoans, BodyPool } from './bodies.ts';
import {
  MAX_IDLE_BODY_BYTES,
  MAX_LENT_BODY_BYTES,
  MIN_LENT_BODY_BYTES,
} from './transport-limits.ts';

const KB = 1024;

test('a request gets as much as it asks for, and what one gives back the next one gets', () => {
  const pool = new BodyPool();
  const first = new BodyLoans(pool);
  const body = first.lend(220_000);
  assert.equal(body.length, 220_000);
  assert.equal(pool.idleBytes, 0);
  first.giveBack();
  assert.equal(pool.idleBytes, 224 * KB);
  const again = new BodyLoans(pool).lend(218_000);
  assert.equal(again.buffer, body.buffer);
  assert.equal(pool.idleBytes, 0);
});

test('two requests never share memory', () => {
  const pool = new BodyPool();
  const [one, two] = [new BodyLoans(pool), new BodyLoans(pool)];
  assert.notEqual(one.lend(100 * KB).buffer, two.lend(100 * KB).buffer);
  one.giveBack();
  one.giveBack();
  assert.notEqual(two.lend(100 * KB).buffer, two.lend(100 * KB).buffer);
});

test('of every length at most a fifth is unused', () => {
  for (let bytes = MIN_LENT_BODY_BYTES; bytes <= MAX_LENT_BODY_BYTES; bytes += 997) {
    const memory = new BodyPool().take(bytes);
    assert.ok(
      memory !== undefined && memory.length >= bytes && memory.length <= bytes * 1.25,
      `${bytes}`,
    );
  }
});

test('small and very large bodies are left to the collector', () => {
  const pool = new BodyPool();
  const loans = new BodyLoans(pool);
  for (const bytes of [0, 1, MIN_LENT_BODY_BYTES - 1, MAX_LENT_BODY_BYTES + 1])
    assert.equal(loans.lend(bytes).length, bytes);
  loans.giveBack();
  assert.equal(pool.idleBytes, 0);
});

test('what no request needed between two trims is let go', () => {
  const pool = new BodyPool();
  const [few, many] = [new BodyLoans(pool), new BodyLoans(pool)];
  for (let i = 0; i < 8; i += 1) many.lend(64 * KB);
  many.giveBack();
  pool.trim();
  assert.equal(pool.idleBytes, 8 * 64 * KB, 'all of it was in use until now');
  for (let i = 0; i < 3; i += 1) few.lend(64 * KB);
  few.giveBack();
  pool.trim();
  assert.equal(pool.idleBytes, 3 * 64 * KB);
  pool.trim();
  assert.equal(pool.idleBytes, 0);
});

test('what is kept idle is bounded', () => {
  const pool = new BodyPool();
  const loans = new BodyLoans(pool);
  for (let lent = 0; lent < 2 * MAX_IDLE_BODY_BYTES; lent += MAX_LENT_BODY_BYTES)
    loans.lend(MAX_LENT_BODY_BYTES);
  loans.giveBack();
  assert.equal(pool.idleBytes, MAX_IDLE_BODY_BYTES);
});
