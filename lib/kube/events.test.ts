import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutBytes } from './events.ts';
import { microTime } from './lease.ts';

test('a note is cut to its bytes between two characters', () => {
  assert.equal(cutBytes('short', 10), 'short');
  for (let most = 4; most < 40; most += 1) {
    const cut = cutBytes('aä€😀'.repeat(10), most);
    assert.ok(Buffer.byteLength(cut) <= most, `${cut} in ${most} bytes`);
    assert.ok(cut.endsWith('…') && !cut.includes('\ufffd'));
  }
});

test('a time has the six digits that Kubernetes wants', () => {
  assert.equal(microTime(new Date(1_700_000_000_123)), '2023-11-14T22:13:20.123000Z');
});
