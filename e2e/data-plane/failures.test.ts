// One table of outcomes for native, tail and side calls alike: what a client sees when a unit fails, and how.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph, waitFor } from '../harness/run.ts';
import { echo, type RestBehaviour, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

/** The failing unit as the only one (native), the last one (tail) and the first one (side). */
const PLACES: readonly (readonly [string, (failing: Node, healthy: number) => Node])[] = [
  ['native', (failing) => failing],
  [
    'tail',
    (failing, healthy) => ({ name: 'h', type: 'TRANSFORMER', port: healthy, children: [failing] }),
  ],
  [
    'side',
    (failing, healthy) => ({ ...failing, type: 'TRANSFORMER', children: [model('h', healthy)] }),
  ],
];

/** Waits until the graph's metrics have the line. */
async function counted(running: Running, line: RegExp): Promise<void> {
  let text = '';
  const end = Date.now() + 10_000;
  while (!line.test(text)) {
    assert.ok(Date.now() < end, `no ${line.source} in\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    text = (await ask(running.port, { method: 'GET', path: '/metrics' })).text;
  }
}

/** The line of a unit's calls of one code. */
function clientCount(code: string, unit: string, count = 1): RegExp {
  return new RegExp(
    `client_requests_seconds_count\\{code="${code}",.*model_name="${unit}",.* ${count}$`,
    'm',
  );
}

async function withFailing(
  behaviour: RestBehaviour,
  annotations: Record<string, string>,
  check: (running: Running, place: string) => Promise<void>,
): Promise<void> {
  const failing = await startRestUnit(behaviour);
  const healthy = await startRestUnit(echo);
  try {
    for (const [place, graph] of PLACES) {
      const running = await runGraph(
        deployment(graph(model('f', failing.port), healthy.port), annotations),
      );
      try {
        await check(running, place);
      } finally {
        await running.stop();
      }
    }
  } finally {
    await failing.close();
    await healthy.close();
  }
}

describe('a failing unit, wherever it is', () => {
  test('its own 503 passes with status, body and type, never wrapped', async () => {
    const response = {
      status: 503,
      headers: { 'content-type': 'application/problem+json' },
      body: '{"mine":true}',
    };
    await withFailing(
      () => response,
      {},
      async (running, place) => {
        const reply = await ask(running.port, { body: '{}' });
        assert.equal(reply.status, 503, place);
        assert.equal(reply.text, '{"mine":true}', place);
        assert.equal(reply.headers['content-type'], 'application/problem+json', place);
        assert.equal(reply.headers['sidegraph-error'], undefined, place);
      },
    );
  });

  test('unreachable: 500 with a FAILURE body that says so, and a code', async () => {
    const healthy = await startRestUnit(echo);
    const dead = await freePort();
    for (const [place, graph] of PLACES) {
      const running = await runGraph(deployment(graph(model('f', dead), healthy.port)));
      try {
        const reply = await ask(running.port, { body: '{}' });
        assert.equal(reply.status, 500, `${place}: ${reply.text}`);
        assert.match(reply.text, /"code":500.*connection refused.*"status":"FAILURE"/, place);
        assert.equal(reply.headers['content-type'], 'application/json', place);
        assert.equal(reply.headers['sidegraph-error'], 'UNIT_UNREACHABLE', place);
      } finally {
        await running.stop();
      }
    }
    await healthy.close();
  });

  test('resets the connection: 500 UNIT_RESET', async () => {
    const reset: RestBehaviour = (_asked, _response, socket) => {
      socket.resetAndDestroy();
      return undefined;
    };
    await withFailing(reset, {}, async (running, place) => {
      const reply = await ask(running.port, { body: '{}' });
      assert.equal(reply.status, 500, `${place}: ${reply.text}`);
      assert.equal(reply.headers['sidegraph-error'], 'UNIT_RESET', place);
      await counted(running, /client_requests_seconds_count\{code="500",.*model_name="f"/m);
    });
  });

  test('slower than seldon.io/rest-timeout: 500 UNIT_TIMEOUT, in time', async () => {
    const slow: RestBehaviour = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return { body: '{}' };
    };
    await withFailing(slow, { 'seldon.io/rest-timeout': '300' }, async (running, place) => {
      const reply = await ask(running.port, { body: '{}' });
      assert.equal(reply.status, 500, `${place}: ${reply.text}`);
      assert.equal(reply.headers['sidegraph-error'], 'UNIT_TIMEOUT', place);
      assert.ok(reply.ms < 1_500, `${place}: ${reply.ms} ms`);
    });
  });

  test('slower than sidegraph.io/deadline-ms: 504 DEADLINE_EXCEEDED, in time', async () => {
    const slow: RestBehaviour = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return { body: '{}' };
    };
    await withFailing(slow, { 'sidegraph.io/deadline-ms': '400' }, async (running, place) => {
      const reply = await ask(running.port, { body: '{}' });
      assert.equal(reply.status, 504, `${place}: ${reply.text}`);
      assert.equal(reply.headers['sidegraph-error'], 'DEADLINE_EXCEEDED', place);
      assert.ok(reply.ms < 1_500, `${place}: ${reply.ms} ms`);
    });
  });

  test('answers 201 and 204: successes, the walk goes on', async () => {
    for (const status of [201, 204]) {
      await withFailing(
        () => ({ status, body: status === 204 ? '' : '{"made":1}' }),
        {},
        async (running, place) => {
          const reply = await ask(running.port, { body: '{"in":1}' });
          assert.equal(reply.error, undefined, place);
          if (place === 'side') {
            assert.equal(reply.status, 200, reply.text);
            assert.equal(reply.text, status === 204 ? '' : '{"made":1}');
          } else assert.equal(reply.status, status, `${place}: ${reply.text}`);
        },
      );
    }
  });

  test('closes every connection after its response, and idle ones after a moment: no request is lost', async () => {
    const closing: RestBehaviour = (asked) => ({
      headers: { connection: 'close' },
      body: asked.body,
    });
    await withFailing(closing, {}, async (running, place) => {
      for (let i = 0; i < 30; i++) {
        const reply = await ask(running.port, { body: '{"n":1}' });
        assert.equal(reply.status, 200, `${place} ${i}: ${reply.text}`);
      }
    });
  });
});

describe('a client that goes away', () => {
  test('cancels the calls in flight', async () => {
    const slow = await startRestUnit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return { body: '{}' };
    });
    const running = await runGraph(
      deployment({
        name: 'c',
        type: 'COMBINER',
        port: slow.port,
        children: [model('a', slow.port), model('b', slow.port)],
      }),
    );
    try {
      const controller = new AbortController();
      const reply = ask(running.port, { body: '{}', signal: controller.signal });
      await waitFor(
        () => slow.asked.length === 2,
        5_000,
        () => `two calls, have ${slow.asked.length}`,
      );
      controller.abort();
      assert.equal((await reply).status, -1);
      await waitFor(
        () => slow.asked.every((asked) => asked.aborted),
        1_500,
        () => 'both calls cancelled',
      );
      await counted(running, /server_requests_seconds_count\{code="499".* 1$/m);
      for (const name of ['a', 'b']) await counted(running, clientCount('499', name));
    } finally {
      await running.stop();
      await slow.close();
    }
  });

  test('is no fault of the only unit, nor is a request whose deadline passes, in the metrics', async () => {
    const message = Buffer.from('2a0141', 'hex');
    const late = () => new Promise((resolve) => setTimeout(resolve, 2_000));
    const rest = await startRestUnit(async () => {
      await late();
      return { body: '{}' };
    });
    const grpc = await startGrpcUnit(async () => {
      await late();
      return { message };
    });
    const node = { name: 'f', type: 'MODEL', port: rest.port, grpcPort: grpc.port };
    const running = await runGraph(deployment(node, { 'sidegraph.io/deadline-ms': '1000' }));
    try {
      const signal = AbortSignal.timeout(300);
      assert.equal((await ask(running.port, { body: '{}', signal })).status, -1);
      await counted(running, /server_requests_seconds_count\{code="499".* 1$/m);
      await counted(running, clientCount('499', 'f', 1));
      assert.equal((await ask(running.port, { body: '{}' })).status, 504);
      await counted(running, /server_requests_seconds_count\{code="504".* 1$/m);
      await counted(running, clientCount('499', 'f', 2));
      assert.equal((await askGrpc(running.grpcPort, { message })).status, 4);
      await counted(running, clientCount('Canceled', 'f', 1));
      const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
      assert.doesNotMatch(text, /client_requests_seconds_count\{code="(500|504|Unavailable)"/);
    } finally {
      await running.stop();
      await rest.close();
      await grpc.close();
    }
  });
});

describe('a unit that drops idle connections', () => {
  test('a reused connection that dies before the response is replaced, unseen by the client', async () => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      let served = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        served++;
        if (served > 1) socket.resetAndDestroy();
        else
          socket.write(
            'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
          );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const healthy = await startRestUnit(echo);
    const port = (server.address() as net.AddressInfo).port;
    const running = await runGraph(
      deployment({ name: 't', type: 'TRANSFORMER', port, children: [model('m', healthy.port)] }),
    );
    try {
      for (let i = 0; i < 10; i++) {
        const reply = await ask(running.port, { body: '{}' });
        assert.equal(reply.status, 200, `${i}: ${reply.text}`);
      }
    } finally {
      await running.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await healthy.close();
    }
  });
});

describe('gRPC failures', () => {
  const message = Buffer.from('2a0141', 'hex');

  test("a unit's status and message pass, as only, last and first unit", async () => {
    const failing = await startGrpcUnit(() => ({ status: 9, statusMessage: 'not%20now' }));
    const healthy = await startGrpcUnit((asked) => ({ message: asked.message }));
    for (const [place, graph] of PLACES) {
      const failingNode: Node = { name: 'f', type: 'MODEL', grpcPort: failing.port };
      const running = await runGraph(deployment(graph(failingNode, healthy.port)));
      try {
        const reply = await askGrpc(running.grpcPort, { message });
        assert.equal(reply.status, 9, `${place}: ${reply.statusMessage}`);
        assert.equal(reply.statusMessage, 'not now', place);
      } finally {
        await running.stop();
      }
    }
    await failing.close();
    await healthy.close();
  });

  test('a unit that is down is 14, one that is too slow is 4', async () => {
    const slow = await startGrpcUnit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return { message };
    });
    const healthy = await startGrpcUnit((asked) => ({ message: asked.message }));
    const dead = await freePort();
    for (const [place, graph] of PLACES) {
      for (const [port, status] of [
        [dead, 14],
        [slow.port, 4],
      ] as const) {
        const node: Node = { name: 'f', type: 'MODEL', grpcPort: port };
        const running = await runGraph(
          deployment(graph(node, healthy.port), { 'seldon.io/grpc-timeout': '300' }),
        );
        try {
          const reply = await askGrpc(running.grpcPort, { message });
          assert.equal(reply.status, status, `${place}: ${reply.statusMessage}`);
          if (status === 4) await counted(running, clientCount('DeadlineExceeded', 'f'));
        } finally {
          await running.stop();
        }
      }
    }
    await slow.close();
    await healthy.close();
  });
});
