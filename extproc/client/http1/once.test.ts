// Feedback counts a reward, so no unit may see one twice: not even where a write failed whose first half was read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { callOnce } from '../testing/calling.ts';
import { Http1Client } from './client.ts';

const TIMES = 150;

test('what is not replaceable is seen once by a unit that resets the connection while it is written', async (t) => {
  const unit = new Worker(new URL('../testing/resetting-unit.ts', import.meta.url));
  t.after(() => unit.terminate());
  const [port] = (await once(unit, 'message')) as [number];
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const client = new Http1Client({ address, host: `127.0.0.1:${port}` });
  t.after(() => client.close());
  const body = Buffer.alloc(12_000_000, 'x');
  const codes = new Set<string>();
  for (let i = 0; i < TIMES; i++) {
    await callOnce(client, { path: '/small' });
    const busy = i % 2 === 0 ? setInterval(() => spin(0.3), 0) : undefined;
    const result = await callOnce(client, { path: '/large', body, replaceable: false });
    clearInterval(busy);
    codes.add(result.kind === 'failure' ? result.code : 'response');
  }
  unit.postMessage('');
  const [heads] = (await once(unit, 'message')) as [number];
  assert.deepEqual([heads, [...codes]], [TIMES, ['UNIT_RESET']]);
});

/** Keeps the event loop from what the sockets say, as a busy process does. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
