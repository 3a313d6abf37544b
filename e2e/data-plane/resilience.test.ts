// Under load: plans swapped, the filter killed. No hang, no cut connection, clear 503s only for what the killed
// worker held.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ask } from '../harness/client.ts';
import { startLoad } from '../harness/load.ts';
import { deployment, model } from '../harness/manifest.ts';
import { runGraph, waitFor } from '../harness/run.ts';
import { echo, startRestUnit } from '../harness/unit.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const BODY = '{"data":{"ndarray":[[1.5,2.5]]}}';
const CONNECTIONS = 64;

function residentMb(pid: number): number {
  return (
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  );
}

describe('a plan swap', () => {
  test('is live within a second and fails no request; a broken file changes nothing', async () => {
    const unit = await startRestUnit(echo);
    const a = await startRestUnit(() => ({ body: '{"strData":"a"}' }));
    const b = await startRestUnit(() => ({ body: '{"strData":"b"}' }));
    const graph = (port: number) =>
      deployment({ name: 't', type: 'TRANSFORMER', port: unit.port, children: [model('m', port)] });
    const running = await runGraph(graph(a.port), { args: ['--watch'] });
    try {
      const load = startLoad(running.port, 8, BODY);
      for (const [port, text] of [
        [b.port, 'b'],
        [a.port, 'a'],
        [b.port, 'b'],
      ] as const) {
        await wait(500);
        writeFileSync(running.file, JSON.stringify(graph(port)));
        const until = performance.now() + 5_000;
        while (!(await ask(running.port, { body: BODY })).text.includes(`"${text}"`)) {
          assert.ok(performance.now() < until, `the new plan is not live: ${running.output()}`);
        }
      }
      writeFileSync(running.file, '{"kind": "SeldonDeployment", ');
      await running.waitFor(/YAML|syntax|parse/i);
      assert.equal((await ask(running.port, { body: BODY })).text, '{"strData":"b"}');
      const tally = await load.stop();
      assert.deepEqual([...tally.statuses.keys()], [200], JSON.stringify(tally.failures[0]));
      assert.ok(tally.requests > 100);
    } finally {
      await running.stop();
      await Promise.all([unit, a, b].map((each) => each.close()));
    }
  });
});

describe('the filter', () => {
  test('killed under load with the plan swapped every second: only what it held fails, with a clear 503', async () => {
    const unit = await startRestUnit(echo);
    // The transformer's timeout changes with each plan: a change that only the data plane sees.
    const graph = (timeoutMs: number) =>
      deployment(
        { name: 't', type: 'TRANSFORMER', port: unit.port, children: [model('m', unit.port)] },
        { 'seldon.io/rest-timeout': String(timeoutMs), 'sidegraph.io/deadline-ms': '9000' },
      );
    const running = await runGraph(graph(9_000), { args: ['--watch'] });
    try {
      const load = startLoad(running.port, CONNECTIONS, BODY);
      let killedAtMs = 0;
      let memoryMb = 0;
      const [killed = 0] = running.filterPids();
      const [envoy = 0] = running.envoyPids();
      for (let second = 1; second <= 30; second++) {
        await wait(1_000);
        writeFileSync(running.file, JSON.stringify(graph(9_000 + second)));
        if (second === 10) {
          process.kill(killed, 'SIGKILL');
          killedAtMs = second * 1_000;
        }
        if (second === 15) memoryMb = residentMb(envoy) + residentMb(running.filterPids()[0] ?? 0);
      }
      const endMb = residentMb(envoy) + residentMb(running.filterPids()[0] ?? 0);
      const tally = await load.stop();
      const text = JSON.stringify({
        ...tally,
        statuses: [...tally.statuses],
        failures: tally.failures.slice(0, 3),
      });
      assert.ok(
        [...tally.statuses.keys()].every((status) => status === 200 || status === 503),
        text,
      );
      assert.ok((tally.statuses.get(503) ?? 0) <= CONNECTIONS, text);
      for (const { atMs, reply } of tally.failures) {
        assert.ok(Math.abs(atMs - killedAtMs) < 3_000, text);
        assert.equal(reply.headers['sidegraph-error'], 'FILTER_UNAVAILABLE', reply.text);
        assert.equal(JSON.parse(reply.text).status.status, 'FAILURE');
        assert.ok(reply.headers['retry-after'] !== undefined);
      }
      assert.ok(tally.longestGapMs < 1_000, text);
      assert.ok(endMb - memoryMb < 60, `memory went from ${memoryMb} to ${endMb} MB`);
      assert.notEqual(running.filterPids()[0], killed);
    } finally {
      await running.stop();
      await unit.close();
    }
  });

  test('with two workers, the death of one fails only what it held', async () => {
    const unit = await startRestUnit(echo);
    const running = await runGraph(
      deployment({
        name: 't',
        type: 'TRANSFORMER',
        port: unit.port,
        children: [model('m', unit.port)],
      }),
      { args: ['--workers', '2'] },
    );
    try {
      await waitFor(
        () => running.filterPids().length === 2,
        5_000,
        () => 'two workers',
      );
      const load = startLoad(running.port, 16, BODY);
      await wait(1_000);
      process.kill(running.filterPids()[0] ?? 0, 'SIGKILL');
      await wait(2_000);
      const tally = await load.stop();
      const failed = tally.requests - (tally.statuses.get(200) ?? 0);
      assert.ok(
        failed <= 32,
        `${failed} of ${tally.requests} failed: ${tally.failures[0]?.reply.text}`,
      );
    } finally {
      await running.stop();
      await unit.close();
    }
  });
});
