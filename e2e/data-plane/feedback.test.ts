// Feedback that names its prediction by puid alone, from a request through a router to the very units that served it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askGrpc, type Reply } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const FEEDBACK = '/api/v1.0/feedback';
const TTL_MS = 1500;

/** A router that takes the branch that the request's body names, over models that say their names. */
interface Stand {
  readonly router: RestUnit;
  readonly models: Readonly<Record<string, RestUnit>>;
  readonly node: (name: string, ...children: string[]) => Node;
  /** The models take no feedback. */
  refuses: boolean;
  close(): Promise<void>;
}

async function openStand(...names: readonly string[]): Promise<Stand> {
  const router = await startRestUnit(({ path, body }) => ({
    body: path === '/route' ? `[${JSON.parse(body.toString()).branch}]` : '{"from":"router"}',
  }));
  const models: Record<string, RestUnit> = {};
  for (const name of names)
    models[name] = await startRestUnit(({ path }) =>
      path === '/send-feedback' && stand.refuses
        ? { status: 503, body: '{}' }
        : { body: `{"strData":"${name}"}` },
    );
  const stand: Stand = {
    refuses: false,
    router,
    models,
    node: (name, ...children) => ({
      name,
      type: 'ROUTER',
      port: router.port,
      children: children.map((child) => model(child, models[child]?.port ?? 0)),
    }),
    close: async () => {
      for (const unit of [router, ...Object.values(models)]) await unit.close();
    },
  };
  return stand;
}

const predict = (port: number, branch: number, puid?: string): Promise<Reply> =>
  ask(port, {
    body: JSON.stringify({ branch }),
    ...(puid === undefined ? {} : { headers: { 'seldon-puid': puid } }),
  });
const reward = (port: number, puid: unknown, value = 1): Promise<Reply> =>
  ask(port, { path: FEEDBACK, body: JSON.stringify({ puid, reward: value }) });

/** What a unit was given as feedback, and leaves its list empty. */
function takeFeedback(
  unit: RestUnit | undefined,
): { puid: string; routing: object; reward: number }[] {
  const given = (unit?.asked.splice(0) ?? []).filter(({ path }) => path === '/send-feedback');
  return given.map(({ body }) => {
    const { response, reward: value } = JSON.parse(body.toString());
    return { ...response.meta, reward: value };
  });
}

function assertError(reply: Reply, status: number, code: string): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers['sidegraph-error'], code);
  const { status: said } = JSON.parse(reply.text);
  assert.equal(said.code, status);
  assert.equal(said.status, 'FAILURE');
  assert.match(said.info, /\w/);
}

async function readMetric(port: number, pattern: RegExp): Promise<number> {
  const { text } = await ask(port, { method: 'GET', path: '/metrics' });
  return Number(pattern.exec(text)?.[1] ?? Number.NaN);
}

for (const workers of [1, 2]) {
  describe(`with ${workers} worker${workers === 1 ? '' : 's'}`, () => {
    let stand: Stand;
    let running: Running;
    before(async () => {
      stand = await openStand('a', 'b');
      running = await runGraph(
        deployment(stand.node('r', 'a', 'b'), {
          'sidegraph.io/feedback-ttl-ms': String(TTL_MS),
        }),
        { args: ['--workers', String(workers)] },
      );
    });
    after(async () => {
      await running.stop();
      await stand.close();
    });

    test('each feedback reaches the unit that served its request, with its reward', async () => {
      const { port } = running;
      const requests = await Promise.all(
        Array.from({ length: 40 }, async (_, at) => {
          const { status, headers } = await predict(port, at % 2);
          assert.equal(status, 200);
          return { puid: String(headers['seldon-puid']), branch: at % 2, reward: at / 64 };
        }),
      );
      const replies = await Promise.all(
        requests.map((each) => reward(port, each.puid, each.reward)),
      );
      for (const { status, text } of replies) {
        assert.equal(status, 200, text);
        assert.equal(text, '{"from":"router"}', 'what the root said to it');
      }
      for (const [branch, name] of ['a', 'b'].entries()) {
        const given = takeFeedback(stand.models[name]);
        const wanted = requests
          .filter((each) => each.branch === branch)
          .map((each) => ({ puid: each.puid, routing: { r: branch }, reward: each.reward }));
        assert.equal(given.length, wanted.length);
        assert.deepEqual(
          new Map(given.map((each) => [each.puid, each])),
          new Map(wanted.map((each) => [each.puid, each])),
        );
      }
      assert.equal(takeFeedback(stand.router).length, requests.length);
      const rewards = requests.filter(({ branch }) => branch === 1);
      const total = rewards.reduce((sum, each) => sum + each.reward, 0);
      const ofB = (name: string): RegExp => new RegExp(`${name}\\{.*model_name="b".*\\} (\\S+)`);
      assert.equal(await readMetric(port, ofB('model_feedback_total')), rewards.length);
      assert.equal(await readMetric(port, ofB('model_feedback_reward_total')), total);
      assert.equal(await readMetric(port, /by_puid_total\{result="given"\} (\d+)/), 40);
      for (const { puid } of requests)
        assertError(await reward(port, puid), 409, 'FEEDBACK_DUPLICATE');
      assert.deepEqual(takeFeedback(stand.models['b']), []);
    });

    test('what nobody remembers, and what is too late, reaches nobody and is counted', async () => {
      const { port } = running;
      const { headers } = await predict(port, 1);
      assertError(await reward(port, 'nobody-had-it'), 404, 'FEEDBACK_UNKNOWN');
      assertError(await reward(port, 7), 400, 'FEEDBACK_MALFORMED');
      await sleep(TTL_MS + 100);
      assertError(await reward(port, headers['seldon-puid']), 410, 'FEEDBACK_EXPIRED');
      assert.deepEqual(takeFeedback(stand.models['b']), []);
      for (const result of ['unknown', 'malformed', 'expired'])
        assert.equal(
          await readMetric(port, new RegExp(`by_puid_total\\{result="${result}"\\} (\\d+)`)),
          1,
          result,
        );
    });

    test('a negative reward is a penalty, and a counter only grows', async () => {
      const { port } = running;
      const before = await readMetric(port, /reward_total\{.*model_name="a".*\} (\S+)/);
      await predict(port, 0, 'bad');
      assert.equal((await reward(port, 'bad', -0.25)).status, 200);
      const [given] = takeFeedback(stand.models['a']);
      assert.equal(given?.reward, -0.25);
      assert.equal(await readMetric(port, /reward_total\{.*model_name="a".*\} (\S+)/), before);
      assert.equal(await readMetric(port, /penalty_total\{.*model_name="a".*\} (\S+)/), 0.25);
    });

    test('feedback that a unit did not take may come again', async () => {
      const { port } = running;
      const { headers } = await predict(port, 0);
      const puid = headers['seldon-puid'];
      const { a } = stand.models;
      await a?.close();
      const failed = await reward(port, puid);
      assert.equal(failed.status, 500, failed.text);
      // The latter where the connection that was kept ends as the call is written: feedback is not sent again.
      assert.match(String(failed.headers['sidegraph-error']), /^UNIT_(UNREACHABLE|RESET)$/);
      const again = await startRestUnit(() => ({ body: '{}' }), a?.port);
      try {
        assert.equal((await reward(port, puid)).status, 200);
        assert.equal(takeFeedback(again).length, 1);
      } finally {
        await again.close();
      }
    });

    test('it may come again at once, as often as it takes, and of two that come again together one counts', async () => {
      const { port } = running;
      // Which worker a feedback meets is Envoy's to say: some of each.
      for (let request = 0; request < 20; request++) {
        const puid = (await predict(port, 1)).headers['seldon-puid'];
        stand.refuses = true;
        for (let left = 3; left > 0; left--) {
          const failed = await reward(port, puid);
          assert.equal(failed.status, 503, failed.text);
        }
        stand.refuses = false;
        takeFeedback(stand.models['b']);
        const both = await Promise.all([reward(port, puid), reward(port, puid)]);
        assert.deepEqual(
          both.map(({ status }) => status).sort((a, b) => a - b),
          [200, 409],
        );
        assert.equal(takeFeedback(stand.models['b']).length, 1);
      }
    });
  });
}

test('of two workers each remembers its own requests, and one that dies forgets them', async () => {
  const stand = await openStand('a', 'b');
  const running = await runGraph(deployment(stand.node('r', 'a', 'b')), {
    args: ['--workers', '2'],
  });
  try {
    const puids = Array.from({ length: 30 }, (_, at) => `request-${at}`);
    for (const puid of puids) assert.equal((await predict(running.port, 1, puid)).status, 200);
    assert.equal(await readMetric(running.port, /feedback_memory_requests (\d+)/), puids.length);
    process.kill(running.filterPids()[0] ?? 0, 'SIGKILL');
    await running.waitFor(/the filter .*SIGKILL/);
    const statuses = new Map<number, number>();
    for (const puid of puids) {
      let reply = await reward(running.port, puid);
      // What the dead worker held, and what comes before Envoy knows of it.
      for (let left = 50; reply.status === 503 && left > 0; left--) {
        await sleep(100);
        reply = await reward(running.port, puid);
      }
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    }
    assert.deepEqual(
      [...statuses.keys()].sort((a, b) => a - b),
      [200, 404],
      JSON.stringify([...statuses]),
    );
    assert.equal(takeFeedback(stand.models['b']).length, statuses.get(200));
  } finally {
    await running.stop();
    await stand.close();
  }
});

test('after a swap of plans feedback follows the units, and says which are gone', async () => {
  const stand = await openStand('a', 'b', 'c');
  const running = await runGraph(deployment(stand.node('r', 'a', 'b')), { args: ['--watch'] });
  try {
    const { port } = running;
    for (const [puid, branch] of [
      ['one', 1],
      ['two', 0],
    ] as const)
      assert.equal((await predict(port, branch, puid)).status, 200);
    writeFileSync(running.file, JSON.stringify(deployment(stand.node('r', 'c', 'b'))));
    const until = performance.now() + 10_000;
    while ((await predict(port, 0)).text !== '{"strData":"c"}')
      assert.ok(performance.now() < until, `the new plan is not live: ${running.output()}`);
    assertError(await reward(port, 'two'), 410, 'FEEDBACK_ROUTE_GONE');
    assert.equal((await reward(port, 'one')).status, 200);
    assert.deepEqual(takeFeedback(stand.models['b']), [
      { puid: 'one', routing: { r: 1 }, reward: 1 },
    ]);
    for (const name of ['a', 'c']) assert.deepEqual(takeFeedback(stand.models[name]), []);
  } finally {
    await running.stop();
    await stand.close();
  }
});

test('of several predictors feedback goes to the one that served, wherever Envoy leads it', async () => {
  const [one, other] = await Promise.all([openStand('a', 'b'), openStand('x', 'y')]);
  const running = await runGraph(
    deployment([
      { name: 'p', traffic: 50, graph: one.node('r', 'a', 'b') },
      { name: 'q', traffic: 50, graph: other.node('s', 'x', 'y') },
    ]),
  );
  try {
    const served = new Map<string, string>();
    for (let at = 0; at < 20; at++) {
      const reply = await predict(running.port, at % 2, `request-${at}`);
      served.set(`request-${at}`, JSON.parse(reply.text).strData);
    }
    assert.ok(new Set(served.values()).size > 2, 'both predictors were asked');
    for (const puid of served.keys())
      assert.equal((await reward(running.port, puid)).status, 200, puid);
    for (const [name, unit] of Object.entries({ ...one.models, ...other.models })) {
      const wanted = [...served].filter(([, by]) => by === name).map(([puid]) => puid);
      assert.deepEqual(
        takeFeedback(unit).map(({ puid }) => puid),
        wanted,
        name,
      );
    }
  } finally {
    await running.stop();
    await one.close();
    await other.close();
  }
});

describe('over gRPC', () => {
  let router: GrpcUnit;
  let models: readonly GrpcUnit[];
  let refuses = false;
  let running: Running;
  before(async () => {
    // A tensor of the one value 1.
    const second = Buffer.from('1a10120e0a0201011208000000000000f03f', 'hex');
    router = await startGrpcUnit(({ path }) => ({
      message: path.endsWith('/Route') ? second : Buffer.alloc(0),
    }));
    models = await Promise.all(
      [0, 1].map(() =>
        startGrpcUnit(() => (refuses ? { status: 14 } : { message: Buffer.alloc(0) })),
      ),
    );
    const children = models.map(({ port }, at) => ({
      name: 'ab'[at] ?? '',
      type: 'MODEL',
      grpcPort: port,
    }));
    running = await runGraph(
      deployment({ name: 'r', type: 'ROUTER', grpcPort: router.port, children }),
      { args: ['--workers', '2'] },
    );
  });
  after(async () => {
    await running.stop();
    for (const unit of [router, ...models]) await unit.close();
  });

  test('a response of which only meta.puid is said is enough', async () => {
    const headers = { 'seldon-puid': 'one' };
    assert.equal((await askGrpc(running.grpcPort, { headers })).status, 0);
    // Feedback{response{meta{puid: "one"}}, reward: 0.5}
    const message = Buffer.from('120712050a036f6e651d0000003f', 'hex');
    const path = '/seldon.protos.Seldon/SendFeedback';
    const reply = await askGrpc(running.grpcPort, { path, message });
    assert.equal(reply.status, 0, reply.statusMessage);
    const [a, b] = models.map(({ asked }) =>
      asked.filter((each) => each.path.endsWith('/SendFeedback')).map((each) => each.message),
    );
    assert.deepEqual(a, []);
    // The same with response{meta{routing{"r": 1}}} after it.
    const routed = Buffer.concat([message, Buffer.from('120912071a050a01721001', 'hex')]);
    assert.deepEqual(b, [routed]);
    const again = await askGrpc(running.grpcPort, { path, message });
    assert.equal(again.status, 6, again.statusMessage);
    assert.match(again.statusMessage, /feedback for that puid/);
    const other = Buffer.from('120712050a03747768', 'hex');
    assert.equal((await askGrpc(running.grpcPort, { path, message: other })).status, 5);
  });

  test('feedback that a unit did not take may come again', async () => {
    const path = '/seldon.protos.Seldon/SendFeedback';
    // Feedback{response{meta{puid: "10"}}}
    const messages = Array.from({ length: 20 }, (_, at) =>
      Buffer.concat([Buffer.from('120612040a02', 'hex'), Buffer.from(String(10 + at))]),
    );
    for (const at of messages.keys()) {
      const headers = { 'seldon-puid': String(10 + at) };
      assert.equal((await askGrpc(running.grpcPort, { headers })).status, 0);
    }
    refuses = true;
    for (const message of messages)
      for (let left = 3; left > 0; left--) {
        const failed = await askGrpc(running.grpcPort, { path, message });
        assert.equal(failed.status, 14, failed.statusMessage);
      }
    refuses = false;
    for (const message of messages)
      assert.equal((await askGrpc(running.grpcPort, { path, message })).status, 0);
  });
});
