// Several workers of the filter behind one Envoy, which logs all that it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../harness/client.ts';
import { deployment, model } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import { echo, startRestUnit } from '../harness/unit.ts';

const REQUESTS = 40;

test('with two workers and Envoy at debug, /metrics counts the side calls of both', async () => {
  const unit = await startRestUnit(echo);
  const running = await runGraph(
    deployment({
      name: 't',
      type: 'TRANSFORMER',
      port: unit.port,
      children: [model('m', unit.port)],
    }),
    { args: ['--workers', '2', '--log-level', 'debug'] },
  );
  try {
    const body = '{"data":{"ndarray":[[1]]}}';
    const replies = await Promise.all(
      Array.from({ length: REQUESTS }, () => ask(running.port, { body })),
    );
    assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
    const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
    const count = /client_requests_seconds_count\{.*model_name="t".*\} (\d+)/.exec(text)?.[1];
    assert.equal(Number(count), REQUESTS);
    assert.match(text, /^sidegraph_filter_workers 2$/m);
  } finally {
    await running.stop();
    await unit.close();
  }
});
