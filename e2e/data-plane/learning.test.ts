// Built-in routers that learn, over a real Envoy: feedback favours one of two models, and the traffic moves to it; in all workers, over
// both transports, over a swap of plans and the death of a worker.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ask, askGrpc, type Reply } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const FEEDBACK = '/api/v1.0/feedback';
const SEND_FEEDBACK = '/seldon.protos.Seldon/SendFeedback';
/** What is learned in one worker has come to the others, and to the metrics. */
const SHARED_MS = 10_000;

async function startModels(
  ...names: readonly string[]
): Promise<Readonly<Record<string, RestUnit>>> {
  const started = names.map(async (name) => {
    const unit = await startRestUnit(({ path }) => ({
      body: path === '/predict' ? `{"strData":"${name}"}` : '{}',
    }));
    return [name, unit] as const;
  });
  return Object.fromEntries(await Promise.all(started));
}

function bandit(
  implementation: string,
  models: Readonly<Record<string, RestUnit>>,
  parameters: readonly (readonly [name: string, type: string, value: string])[] = [],
): Node {
  return {
    name: 'bandit',
    implementation,
    parameters: parameters.map(([name, type, value]) => ({ name, type, value })),
    children: Object.entries(models).map(([name, { port }]) => model(name, port)),
  };
}

/** What the metrics say of each branch: tries and successes. */
async function readLearned(port: number): Promise<Record<string, readonly [number, number]>> {
  const { text } = await ask(port, { method: 'GET', path: '/metrics' });
  const read = (name: string, child: string): number =>
    Number(new RegExp(`${name}\\{.*model_name="${child}".*\\} (\\S+)`).exec(text)?.[1]);
  const children = [...text.matchAll(/^sidegraph_branch_tries_total\{.*model_name="(.+?)"/gm)];
  return Object.fromEntries(
    children.map(([, child = '']) => [
      child,
      [
        read('sidegraph_branch_tries_total', child),
        read('sidegraph_branch_successes_total', child),
      ] as const,
    ]),
  );
}

async function waitForLearned(
  port: number,
  wanted: Record<string, readonly [number, number]>,
): Promise<void> {
  const until = performance.now() + SHARED_MS;
  for (;;) {
    const found = await readLearned(port);
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    assert.ok(performance.now() < until, `${JSON.stringify(found)}: ${JSON.stringify(wanted)}`);
    await sleep(50);
  }
}

/** How many of the requests each model has served; each on a connection of its own, so that all workers serve some. */
async function countServed(port: number, requests: number): Promise<Record<string, number>> {
  const served: Record<string, number> = {};
  for (let left = requests; left > 0; left -= 10) {
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(port, { body: '{}' })));
    for (const { status, text } of replies) {
      assert.equal(status, 200, text);
      const { strData } = JSON.parse(text);
      served[strData] = (served[strData] ?? 0) + 1;
    }
  }
  return served;
}

const giveByRouting = (port: number, branch: number, reward: number, rows = 1): Promise<Reply> =>
  ask(port, {
    path: FEEDBACK,
    body: JSON.stringify({
      request: { data: { ndarray: Array.from({ length: rows }, () => [0]) } },
      response: { meta: { routing: { bandit: branch } } },
      reward,
    }),
  });

for (const workers of [1, 2]) {
  describe(`EPSILON_GREEDY with ${workers} worker${workers === 1 ? '' : 's'}`, () => {
    let models: Readonly<Record<string, RestUnit>>;
    let running: Running;
    before(async () => {
      models = await startModels('a', 'b');
      const node = bandit('EPSILON_GREEDY', models, [
        ['n_branches', 'INT', '2'],
        ['epsilon', 'FLOAT', '0.2'],
        ['best_branch', 'INT', '0'],
      ]);
      running = await runGraph(deployment(node), {
        args: ['--workers', String(workers), '--watch'],
      });
    });
    after(async () => {
      await running.stop();
      for (const unit of Object.values(models)) await unit.close();
    });

    test('feedback by puid moves the traffic, and is sent to the model but makes no call to the router', async () => {
      const { port } = running;
      const before = await countServed(port, 200);
      // 160 are expected; five standard deviations are 28.
      assert.ok((before['a'] ?? 0) >= 132, JSON.stringify(before));
      let rewarded = { a: 0, b: 0 };
      for (let at = 0; at < 60; at++) {
        const reply = await ask(port, { body: '{}' });
        const { strData } = JSON.parse(reply.text) as { strData: 'a' | 'b' };
        const given = await ask(port, {
          path: FEEDBACK,
          body: JSON.stringify({
            puid: reply.headers['seldon-puid'],
            reward: strData === 'b' ? 1 : 0.25,
          }),
        });
        assert.equal(given.status, 200, given.text);
        rewarded = { ...rewarded, [strData]: rewarded[strData] + 1 };
      }
      assert.ok(rewarded.b > 0, 'some requests tried the other branch');
      await waitForLearned(port, {
        a: [rewarded.a, rewarded.a / 4],
        b: [rewarded.b, rewarded.b],
      });
      const sent = Object.values(models).flatMap(({ asked }) => asked.map(({ path }) => path));
      assert.equal(sent.filter((path) => path === '/send-feedback').length, 60);
      const now = await countServed(port, 200);
      assert.ok((now['b'] ?? 0) >= 132, JSON.stringify(now));
    });

    test("feedback in Seldon's form counts its rows, and what is out of 0 to 1 as the nearest", async () => {
      const { port } = running;
      const { a, b } = await readLearned(port);
      assert.equal((await giveByRouting(port, 0, 1, 1000)).status, 200);
      for (const reward of [-3, 7])
        assert.equal((await giveByRouting(port, 1, reward)).status, 200);
      await waitForLearned(port, {
        a: [a![0] + 1000, a![1] + 1000],
        b: [b![0] + 2, b![1] + 1],
      });
      const now = await countServed(port, 200);
      assert.ok((now['a'] ?? 0) >= 132, JSON.stringify(now));
      const { text } = await ask(port, { method: 'GET', path: '/metrics' });
      assert.match(text, /^sidegraph_router_feedback_total\{result="clamped"\} 2$/m);
      assert.match(text, /^sidegraph_branch_value\{branch="0",.*\} 0\.9\d+$/m);
    });

    test('a duplicate by puid teaches nothing, nor does feedback of no branch', async () => {
      const { port } = running;
      const learned = await readLearned(port);
      const { headers } = await ask(port, { body: '{}' });
      const body = JSON.stringify({ puid: headers['seldon-puid'], reward: 0 });
      assert.equal((await ask(port, { path: FEEDBACK, body })).status, 200);
      assert.equal((await ask(port, { path: FEEDBACK, body })).status, 409);
      assert.equal((await ask(port, { path: FEEDBACK, body: '{"reward":1}' })).status, 200);
      const sum = (of: Record<string, readonly [number, number]>): number =>
        Object.values(of).reduce((total, [tries]) => total + tries, 0);
      const until = performance.now() + SHARED_MS;
      while (sum(await readLearned(port)) === sum(learned)) assert.ok(performance.now() < until);
      await sleep(300);
      assert.equal(sum(await readLearned(port)), sum(learned) + 1);
      const { text } = await ask(port, { method: 'GET', path: '/metrics' });
      assert.match(text, /^sidegraph_router_feedback_total\{result="ignored"\} 1$/m);
    });

    test('a swap of plans keeps what is known of the children that stay, and a worker that is started again knows it', async () => {
      const { port } = running;
      const { a, b } = await readLearned(port);
      const node = bandit('EPSILON_GREEDY', { c: models['b']!, a: models['a']! }, [
        ['epsilon', 'FLOAT', '0'],
        // Who knows nothing would begin with c.
        ['best_branch', 'INT', '0'],
      ]);
      writeFileSync(running.file, JSON.stringify(deployment(node)));
      // The plan before is still held for requests that it serves.
      await waitForLearned(port, { a: a!, b: b!, c: [0, 0] });
      const until = performance.now() + SHARED_MS;
      for (let isLive = false; !isLive; ) {
        assert.ok(performance.now() < until, `the new plan is not live: ${running.output()}`);
        const { text, headers } = await ask(port, { body: '{}' });
        isLive = text === '{"strData":"a"}' && headers['seldon-routing'] === '{"bandit":1}';
      }
      assert.deepEqual(await countServed(port, 60), { a: 60 });
      process.kill(running.filterPids()[0] ?? 0, 'SIGKILL');
      await running.waitFor(/the filter .*SIGKILL/);
      let served = 0;
      for (const end = performance.now() + 20_000; served < 60; ) {
        assert.ok(performance.now() < end, running.output());
        const { status, text } = await ask(port, { body: '{}' });
        if (status !== 200) await sleep(50);
        else {
          assert.equal(text, '{"strData":"a"}');
          served++;
        }
      }
    });
  });
}

test('predictors learn each for themselves, a shadow nothing, and its copies take no feedback away', async () => {
  const models = await startModels('a', 'b', 'x', 'y');
  const of = (...names: readonly string[]): Node =>
    bandit('EPSILON_GREEDY', Object.fromEntries(names.map((name) => [name, models[name]!])), [
      ['epsilon', 'FLOAT', '0.5'],
    ]);
  const predictors = [
    { name: 'main', traffic: 50, graph: of('a', 'b') },
    { name: 'canary', traffic: 50, graph: of('x', 'y') },
    { name: 'shadow', traffic: 100, shadow: true, graph: of('a', 'b') },
  ];
  const running = await runGraph(deployment(predictors));
  try {
    const { port } = running;
    const given: Record<string, number> = { a: 0, b: 0, x: 0, y: 0 };
    for (let left = 100; left > 0; left--) {
      const { text, headers } = await ask(port, { body: '{}' });
      const { strData } = JSON.parse(text) as { strData: string };
      const body = JSON.stringify({ puid: headers['seldon-puid'], reward: 1 });
      const reply = await ask(port, { path: FEEDBACK, body });
      assert.equal(reply.status, 200, reply.text);
      given[strData] = (given[strData] ?? 0) + 1;
    }
    const wanted = {
      'main a': given['a'],
      'main b': given['b'],
      'canary x': given['x'],
      'canary y': given['y'],
      'shadow a': 0,
      'shadow b': 0,
    };
    let text = '';
    let tries: Record<string, number> = {};
    const until = performance.now() + SHARED_MS;
    do {
      ({ text } = await ask(port, { method: 'GET', path: '/metrics' }));
      const series = text.matchAll(
        /^sidegraph_branch_tries_total\{.*model_name="(.)",predictor_name="(.*?)".*\} (\d+)$/gm,
      );
      tries = Object.fromEntries(
        [...series].map(([, child, predictor, n]) => [`${predictor} ${child}`, Number(n)]),
      );
    } while (!isDeepStrictEqual(tries, wanted) && performance.now() < until);
    assert.deepEqual(tries, wanted);
    assert.match(text, /^sidegraph_feedback_by_puid_total\{result="given"\} 100$/m);
    assert.match(text, /^sidegraph_feedback_by_puid_total\{result="duplicate"\} 0$/m);
  } finally {
    await running.stop();
    for (const unit of Object.values(models)) await unit.close();
  }
});

test('what is learned over REST is known over gRPC, and the other way round', async () => {
  // One port of a unit for each transport.
  const rest = await startModels('a', 'b');
  const grpc: GrpcUnit[] = await Promise.all(
    ['a', 'b'].map((name) =>
      // SeldonMessage{strData: name}
      startGrpcUnit(() => ({ message: Buffer.from([0x2a, 1, name.charCodeAt(0)]) })),
    ),
  );
  const children = Object.entries(rest).map(([name, { port }], at) => ({
    ...model(name, port),
    grpcPort: grpc[at]?.port ?? 0,
  }));
  const node = { ...bandit('THOMPSON_SAMPLING', {}, [['seed', 'INT', '4']]), children };
  const running = await runGraph(deployment(node), { args: ['--workers', '2'] });
  try {
    assert.equal((await giveByRouting(running.port, 1, 1, 1000)).status, 200);
    // Feedback{response{meta{routing{"bandit": 0}}}, reward: 0}, of one row.
    const message = Buffer.from('120e120c1a0a0a0662616e6469741000', 'hex');
    for (let left = 20; left > 0; left--) {
      const { status, statusMessage } = await askGrpc(running.grpcPort, {
        path: SEND_FEEDBACK,
        message,
      });
      assert.equal(status, 0, statusMessage);
    }
    await waitForLearned(running.port, { a: [20, 0], b: [1000, 1000] });
    assert.deepEqual(await countServed(running.port, 40), { b: 40 });
    for (let left = 40; left > 0; left--) {
      const reply = await askGrpc(running.grpcPort, { message: Buffer.alloc(0) });
      assert.equal(reply.message.toString('latin1', 2), 'b', reply.statusMessage);
    }
  } finally {
    await running.stop();
    for (const unit of [...Object.values(rest), ...grpc]) await unit.close();
  }
});
