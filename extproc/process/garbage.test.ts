// What a request leaves behind is garbage of V8's young generation, which costs next to nothing. Objects that the collector takes for
// reachable, because others of their kind that are old and dead refer to them, are promoted instead, and paid for by full collections.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { workerExecArgv } from '../../lib/runtime/exec-argv.ts';

const SCRIPT = join(import.meta.dirname, '../testing/old-space.ts');
/** Measured: 0 to 3. With a closure as a field of each stream requests come to 170 to 1,200, with a Map of streams overlapping ones to 1,100. */
const MAX_BYTES = 60;

/**
 * Where other processes want all of the processor, one run in three of requests promotes 1,000 bytes each, for a reason that was not found. Each
 * known cause does so in every run.
 */
const TRIES = 3;

function promotedBytes(what: string): number {
  const child = spawnSync(process.execPath, [...workerExecArgv, SCRIPT, what], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const [bytes = Number.NaN, count = 0] = child.stdout.trim().split(' ').map(Number);
  assert.ok(count > 3000, `${child.stdout}\n${child.stderr}`);
  return bytes;
}

describe('bytes that are promoted to the old generation', () => {
  for (const what of ['requests', 'overlapping', 'rest calls', 'grpc calls']) {
    test(what, () => {
      let least = Number.POSITIVE_INFINITY;
      for (let at = 0; at < TRIES && least > MAX_BYTES; at++)
        least = Math.min(least, promotedBytes(what));
      assert.ok(least <= MAX_BYTES, `${least} bytes each`);
    });
  }
});
