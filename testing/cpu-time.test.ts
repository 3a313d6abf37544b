import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync } from 'node:zlib';
import { cpuMs, longestTurnMs } from './cpu-time.ts';

const zeros = Buffer.alloc(32 * 1024 * 1024);
const work = (): void => void deflateRawSync(zeros);

test('a turn is as long as what it does, at once or later', async () => {
  const onLoopMs = cpuMs(work);
  for (const during of [
    async () => work(),
    () => sleep(20).then(work),
    () => new Promise<void>((resolve) => setImmediate(() => resolve(work()))),
  ]) {
    const longestMs = await longestTurnMs(during);
    assert.ok(longestMs > onLoopMs / 2, `${longestMs} of ${onLoopMs} ms`);
  }
});

test('turns that do nothing are not long, whatever another thread does', async () => {
  const onLoopMs = cpuMs(work);
  const longestMs = await longestTurnMs(() => promisify(deflateRaw)(zeros));
  assert.ok(longestMs < onLoopMs / 2, `${longestMs} of ${onLoopMs} ms`);
});
