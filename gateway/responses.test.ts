// What a sidecar takes from a unit passes the gateway too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, until } from './testing/gateway.ts';

test('a response with as many headers as a unit may send passes', async (t) => {
  const gateway = await startTestGateway({
    model: (request, response) => {
      request.resume();
      request.on('end', () => {
        for (let i = 0; i < 950; i++) response.setHeader(`x-h${i}`, 'v');
        response.end('{}');
      });
    },
  });
  t.after(() => gateway.close());
  gateway.deploy({ namespace: 'one', name: 'many', predictors: [{ name: 'p' }] });
  await until(
    async () => (await gateway.predict('one', 'many')).status === 200,
    'one/many is served',
  );
  const response = await gateway.predict('one', 'many');
  assert.equal(response.headers['x-h949'], 'v');
});
