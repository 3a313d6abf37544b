import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHealthServer } from './health.ts';
import { Registry } from './registry.ts';

test('health, readiness and metrics are answered, with what is wrong in words', async () => {
  const registry = new Registry();
  registry.counter('things_total', 'Things.').add(3);
  let wrong: string | undefined = 'the watch of pods is 300 s old';
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    registry,
    healthy: { watches: () => wrong },
    ready: { synced: () => undefined },
  });
  const ask = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await ask('/healthz'), [
    503,
    '[-] watches: the watch of pods is 300 s old\nnot ok\n',
  ]);
  wrong = undefined;
  assert.deepEqual(await ask('/healthz?verbose'), [200, '[+] watches ok\nok\n']);
  assert.deepEqual(await ask('/readyz'), [200, '[+] synced ok\nok\n']);
  assert.match((await ask('/metrics'))[1], /^things_total 3$/m);
  assert.equal((await ask('/'))[0], 404);
  await server.close();
});
