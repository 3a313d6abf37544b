// Requests that are traced take another listener than the rest. What clients, units, metrics and the log see of them is the same; their
// last call has a span for each attempt, which ends with the response; the rest leave no span.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { ask, PREDICT, type Reply, type RestRequest } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { type Receiver, startReceiver, traceOf } from '../harness/otlp.ts';
import { freePort } from '../harness/ports.ts';
import { runGraph, type Running, waitFor } from '../harness/run.ts';
import { type RestBehaviour, type RestUnit, startRestUnit } from '../harness/unit.ts';

const CLIENT = 3;
const newId = (bytes: number): string => randomBytes(bytes).toString('hex');

let receiver: Receiver;
let router: RestUnit;
let model: RestUnit;
let behave: RestBehaviour = () => ({});

before(async () => {
  receiver = await startReceiver();
  router = await startRestUnit(({ body }) => {
    const branch = body.includes('nowhere') ? 1 : 0;
    return { body: `{"data":{"ndarray":[[${branch}]]}}` };
  });
  model = await startRestUnit((...asked) => behave(...asked));
});
after(async () => {
  await router.close();
  await model.close();
  await receiver.close();
});

async function withGraph(
  annotations: Readonly<Record<string, string>>,
  use: (running: Running) => Promise<void>,
): Promise<void> {
  const graph: Node = {
    name: 'r',
    type: 'ROUTER',
    port: router.port,
    children: [
      { name: 'm', type: 'MODEL', port: model.port },
      { name: 'nowhere', type: 'MODEL', port: await freePort() },
    ],
  };
  const args = ['--otlp', receiver.url, '--access-log', 'all'];
  const running = await runGraph(deployment(graph, annotations), { args });
  try {
    await use(running);
  } finally {
    await running.stop();
  }
}

/** A request of a trace, with the caller's decision. */
function traced(request: RestRequest, flags: '00' | '01', traceId = newId(16)): RestRequest {
  const traceparent = `00-${traceId}-${newId(8)}-${flags}`;
  return { ...request, headers: { ...request.headers, traceparent } };
}

const spanOf = (asked: RestUnit['asked'][number] | undefined): string =>
  String(asked?.headers['traceparent']).split('-')[2] ?? '';

test('clients see no difference, and each request is counted and logged once', async () => {
  behave = ({ body }) =>
    body.includes('fail')
      ? { status: 418, headers: { 'sidegraph-error': 'MINE', 'x-unit': 'm' }, body: 'no' }
      : { headers: { 'x-unit': 'm', 'keep-alive': 'timeout=1' }, body: '{"strData":"x"}' };
  const cloudEvent = { 'ce-specversion': '0.3' };
  const requests: RestRequest[] = [
    { body: '{"strData":"q"}' },
    { body: '{"strData":"q"}', headers: cloudEvent },
    { body: '{"strData":"fail"}' },
    { body: '{"strData":"nowhere"}' },
    { body: 'nonsense' },
    { body: '{"reward":1}', path: '/api/v1.0/feedback', headers: { 'seldon-routing': '{"r":0}' } },
    { body: '{"strData":"q"}', path: '/api/v1.0/nothing' },
    { method: 'GET' },
    { method: 'GET', path: '/api/v1.0/metadata' },
  ];
  const shown = ({ status, headers, text }: Reply, puid: string) => {
    const { date: _date, ...kept } = headers;
    assert.equal(headers['seldon-puid'], puid);
    return { status, headers: kept, text };
  };
  await withGraph({}, async (running) => {
    for (const request of requests) {
      const puid = newId(8);
      const own = { ...request, headers: { ...request.headers, 'seldon-puid': puid } };
      const plain = shown(await ask(running.port, traced(own, '00')), puid);
      const asTraced = shown(await ask(running.port, traced(own, '01')), puid);
      assert.deepEqual(asTraced, plain, JSON.stringify(request));
    }
    assert.equal(
      (await ask(running.port, traced({ body: '{"strData":"nowhere"}' }, '01'))).headers[
        'sidegraph-error'
      ],
      'UNIT_UNREACHABLE',
    );
    const { headers } = model.asked.at(-1) ?? {};
    assert.deepEqual(
      Object.keys(headers ?? {}).filter((name) => name.startsWith('x-sidegraph-')),
      [],
    );
    // Two of each of the first five requests, and one more.
    const wanted = { predictions: 2 * 5 + 1, feedback: 2 };
    await waitFor(
      () => isDeepStrictEqual(countLines(running), wanted),
      5_000,
      () => JSON.stringify(countLines(running)),
    );
    const page = (await ask(running.port, { method: 'GET', path: '/prometheus' })).text;
    assert.equal(total(page, 'server', 'service="predictions"'), 2 * 5 + 1);
    assert.equal(total(page, 'server', 'service="feedback"'), 2);
    assert.equal(total(page, 'client', 'model_name="m",.*service="/predict"'), 2 * 4);
  });
});

/** Lines of the access log with requests of the graph. */
function countLines({ file }: Running): { predictions: number; feedback: number } {
  const text = readFileSync(path.join(path.dirname(file), 's', 'access.log'), 'utf8');
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly method: string; readonly path: string });
  const count = (name: string): number =>
    lines.filter((each) => each.method === 'POST' && each.path === `/api/v1.0/${name}`).length;
  return { predictions: count('predictions'), feedback: count('feedback') };
}

function total(page: string, side: string, labels: string): number {
  const series = new RegExp(
    `^seldon_api_executor_${side}_requests_seconds_count\\{.*${labels}.*\\} (\\d+)$`,
    'gm',
  );
  return [...page.matchAll(series)].reduce((sum, [, count]) => sum + Number(count), 0);
}

test('each attempt of the last call has a span of its own, and the unit is its child', async () => {
  let isFirst = true;
  behave = (_asked, _response, socket) => {
    if (!isFirst) return { body: '{"strData":"x"}' };
    isFirst = false;
    socket.destroy();
    return undefined;
  };
  await withGraph({ 'sidegraph.io/retries': '1' }, async (running) => {
    const from = model.asked.length;
    const traceId = newId(16);
    const request = traced({ body: '{"strData":"q"}' }, '01', traceId);
    assert.equal((await ask(running.port, request)).status, 200);
    // The request; the router's call, which is two more at egress; two attempts of the last one.
    const spans = await traceOf(receiver, traceId, 6);
    assert.equal(spans.length, 6, spans.map(({ name }) => name).join());
    const attempts = model.asked.slice(from).map(spanOf);
    const [first, second] = attempts.map((id) => spans.find(({ spanId }) => spanId === id));
    assert.deepEqual([first?.name, second?.name], ['/predict', '/predict']);
    assert.deepEqual([first?.kind, second?.kind], [CLIENT, CLIENT]);
    assert.equal(first?.parentSpanId, second?.parentSpanId);
    assert.equal(first?.attributes['error'], 'true');
    assert.deepEqual(
      [second?.attributes['error'], second?.attributes['retry.count']],
      [undefined, '1'],
    );
    assert.ok((first?.end ?? 0) <= (second?.start ?? 0) + 1);
  });
});

test('the span of a last call ends with the last byte of its response', async () => {
  const pauseMs = 400;
  behave = (_asked, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"strData":');
    setTimeout(() => response.end('"x"}'), pauseMs);
    return undefined;
  };
  await withGraph({}, async (running) => {
    const traceId = newId(16);
    await ask(running.port, traced({ body: '{"strData":"q"}' }, '01', traceId));
    const spans = await traceOf(receiver, traceId, 3);
    const last = spans.find(({ spanId }) => spanId === spanOf(model.asked.at(-1)));
    const first = spans.find(({ spanId }) => spanId === last?.parentSpanId);
    for (const span of [last, first]) {
      assert.ok(span);
      assert.ok(span.end - span.start >= pauseMs - 5, `${span.name}: ${span.end - span.start} ms`);
    }
  });
});

test('traced clients that do not read hold up no other on the way between listeners', async () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 0x20);
  behave = ({ body }) => ({ body: body.includes('large') ? large : '{"strData":"x"}' });
  await withGraph({}, async (running) => {
    const sessions = Array.from({ length: 4 }, () =>
      http2.connect(`http://127.0.0.1:${running.port}`),
    );
    try {
      const unread = sessions.flatMap((session) =>
        Array.from({ length: 8 }, () => {
          const stream = session.request({
            ':method': 'POST',
            ':path': PREDICT,
            'content-type': 'application/json',
            traceparent: `00-${newId(16)}-${newId(8)}-01`,
          });
          stream.end('{"strData":"large"}');
          return new Promise((resolve, reject) => {
            stream.once('response', resolve);
            stream.once('error', reject);
          });
        }),
      );
      await Promise.all(unread);
      // What they do not read is more than a connection's window by far.
      for (let i = 0; i < 5; i++) {
        const reply = await ask(running.port, traced({ body: '{"strData":"q"}' }, '01'));
        assert.equal(reply.status, 200, reply.error ?? reply.text);
        assert.ok(reply.ms < 5_000, `${reply.ms} ms`);
      }
    } finally {
      for (const session of sessions) session.destroy();
    }
  });
});

test('requests that are not drawn are told to units with one context each, which is not sampled', async () => {
  behave = () => ({ body: '{"strData":"x"}' });
  await withGraph({ 'sidegraph.io/trace-sampling-percent': '0' }, async (running) => {
    const from = model.asked.length;
    const contextsOf = (unit: RestUnit) =>
      unit.asked.slice(-20).map(({ headers }) => headers['traceparent']);
    for (let i = 0; i < 20; i++) await ask(running.port, { body: '{"strData":"q"}' });
    assert.equal(model.asked.length, from + 20);
    const contexts = contextsOf(model);
    assert.deepEqual(contextsOf(router), contexts);
    assert.equal(new Set(contexts).size, 20);
    for (const context of contexts) assert.match(String(context), /^00-[0-9a-f]{32}-0{15}1-00$/);
    // What a client says itself is not drawn.
    await ask(running.port, traced({ body: '{"strData":"q"}' }, '00', 'c'.repeat(32)));
    assert.match(String(model.asked.at(-1)?.headers['traceparent']), /^00-c{32}-[0-9a-f]{16}-00$/);
  });
});
