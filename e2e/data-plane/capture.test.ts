// Captured payloads of a graph that runs, over a real Envoy: what a client sent and got and what went to each unit, for walks and for
// graphs that Envoy serves alone, over REST and gRPC and in streams; nothing unless it is allowed and switched on, no credentials, and
// nothing for anybody but this machine.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { MAX_CAPTURED_BODY_BYTES } from '../../extproc/live/limits.ts';
import type { Capture, CaptureFacts, CapturedHeader } from '../../sidecar/live/captured.ts';
import { ask, askGrpc, PREDICT } from '../harness/client.ts';
import { LIVE_BODY, type LiveGraph, startLiveGraph } from '../harness/live-graph.ts';
import { startLoad } from '../harness/load.ts';
import { deployment, model } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { echo, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const SIDEGRAPH = path.join(import.meta.dirname, '..', '..', 'bin', 'sidegraph');

async function sidegraph(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(SIDEGRAPH, args);
  return stdout;
}

const ACTION = { 'sidegraph-action': '1' };

async function captures(url: string): Promise<Capture[]> {
  const text = await (await fetch(`${url}/captures`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Capture);
}

async function act(url: string, action: string): Promise<CaptureFacts> {
  const response = await fetch(`${url}/captures/${action}`, { method: 'POST', headers: ACTION });
  assert.equal(response.status, 200);
  return (await response.json()) as CaptureFacts;
}

/** The one request of that id. */
async function capturedAs(url: string, puid: string): Promise<Capture> {
  for (let tries = 0; tries < 60; tries++) {
    const found = (await captures(url)).find(({ request }) => request.puid === puid);
    if (found !== undefined) return found;
    await sleep(100);
  }
  assert.fail(`${puid} was not captured: ${JSON.stringify(await act(url, 'start'))}`);
}

const textOf = (body: { readonly base64: string } | null): string =>
  Buffer.from(body?.base64 ?? '', 'base64').toString();
const valueOf = (headers: readonly CapturedHeader[], name: string): string | null | undefined =>
  headers.find((header) => header.name === name)?.value;

/** Of what Envoy runs: whether there is anything that could capture. */
async function hasTap(url: string): Promise<boolean> {
  return (await (await fetch(`${url}/config_dump`)).text()).includes('sidegraph.tap');
}

describe('a walk', () => {
  let graph: LiveGraph;
  before(async () => {
    graph = await startLiveGraph(['--capture']);
  });
  after(() => graph?.close());

  test('is captured unit by unit, with what the client sent and got, and without credentials', async () => {
    const headers = {
      'seldon-puid': 'c1',
      authorization: 'Bearer SECRET',
      cookie: 'session=SECRET',
      'x-api-key': 'SECRET',
      'x-own': 'mine',
    };
    const asked = `${PREDICT}?token=SECRET&x=1`;
    const reply = await ask(graph.running.port, { body: LIVE_BODY, headers, path: asked });
    assert.equal(reply.status, 200);
    const capture = await capturedAs(graph.url, 'c1');
    assert.equal(capture.path, `${PREDICT}?token=&x=1`);
    assert.equal(capture.transport, 'rest');
    assert.equal(textOf(capture.asked.body), LIVE_BODY);
    assert.equal(textOf(capture.response.body), reply.text);
    assert.equal(capture.response.body.contentType, 'application/json');
    assert.equal(valueOf(capture.asked.headers, 'x-own'), 'mine');
    for (const name of ['authorization', 'cookie', 'x-api-key'])
      assert.equal(valueOf(capture.asked.headers, name), null);
    assert.equal(valueOf(capture.response.headers, 'seldon-routing'), '{"r":0}');
    assert.doesNotMatch(JSON.stringify(capture), /SECRET|x-envoy|x-sidegraph/);
    assert.deepEqual(
      capture.calls.map(({ unit, verb, by, status, sent, received }) => [
        unit,
        verb,
        by,
        status,
        textOf(sent),
        textOf(received),
      ]),
      [
        ['t', 'transform-input', 'filter', 200, LIVE_BODY, LIVE_BODY],
        ['r', 'route', 'filter', 200, LIVE_BODY, '{"data":{"ndarray":[[0]]}}'],
        ['a', 'predict', 'envoy', 200, LIVE_BODY, LIVE_BODY],
      ],
    );
  });

  test('is captured as the client sent it where the response is an error of ours', async () => {
    const headers = { 'seldon-puid': 'c2', 'content-type': 'text/plain' };
    await ask(graph.running.port, { body: 'no JSON', headers, path: '/api/v1.0/feedback' });
    const { asked, response, request } = await capturedAs(graph.url, 'c2');
    assert.equal(textOf(asked.body), 'no JSON');
    assert.equal(asked.body.contentType, 'text/plain');
    assert.equal(response.body.bytes, request.bytesOut);
  });

  test('is shown by tap, and saved as JSON', async () => {
    const kept = await sidegraph('tap', '--url', graph.url, '--capture', '--once', '-o', 'json');
    assert.deepEqual(
      kept
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Capture),
      await captures(graph.url),
    );
    const shown = await sidegraph('tap', '--url', graph.url, '--capture', '--once', '--unit', 'a');
    assert.match(
      shown,
      /  to r route: 26 B, application\/json\n    \{\n      "data": \{[^]*  from a predict: 26 B/,
    );
    assert.doesNotMatch(shown, /SECRET/);
  });

  test('of a long body has the beginning, and says so', async () => {
    const body = JSON.stringify({ strData: 'x'.repeat(MAX_CAPTURED_BODY_BYTES) });
    await ask(graph.running.port, { body, headers: { 'seldon-puid': 'long' } });
    const { asked, calls } = await capturedAs(graph.url, 'long');
    for (const copied of [asked.body, calls[0]?.sent])
      assert.deepEqual(
        [copied?.isCut, copied?.bytes, textOf(copied ?? null).length],
        [true, body.length, MAX_CAPTURED_BODY_BYTES],
      );
  });

  test('is shown to nobody but this machine, and changed by no page from elsewhere', async () => {
    const statusOf = (method: string, target: string, headers: http.OutgoingHttpHeaders) =>
      new Promise<number>((resolve, reject) => {
        const outgoing = http.request(`${graph.url}${target}`, { method, headers }, (incoming) => {
          incoming.resume();
          resolve(incoming.statusCode ?? 0);
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
    assert.equal(await statusOf('GET', '/captures', {}), 200);
    assert.equal(await statusOf('GET', '/captures', { host: 'evil.example.com' }), 421);
    assert.equal(await statusOf('POST', '/captures/clear', {}), 403);
    const origin = 'http://evil.example.com';
    assert.equal(await statusOf('POST', '/captures/clear', { ...ACTION, origin }), 403);
    assert.equal(await statusOf('OPTIONS', '/captures/clear', { origin }), 405);
    assert.equal(await statusOf('GET', '/captures/99999', {}), 404);
    assert.equal(await statusOf('POST', '/captures/constructor', ACTION), 405);
    assert.ok((await captures(graph.url)).length > 0);
  });

  test('is kept until it is cleared, and none is captured while it is paused', async () => {
    const { kept, max, isOn } = await act(graph.url, 'start');
    assert.deepEqual([kept, max, isOn], [3, 50, true]);
    assert.deepEqual((await act(graph.url, 'pause')).isOn, false);
    await ask(graph.running.port, { body: LIVE_BODY });
    await sleep(2500);
    assert.equal((await captures(graph.url)).length, 3);
    assert.equal((await act(graph.url, 'clear')).kept, 0);
    await act(graph.url, 'start');
    await ask(graph.running.port, { body: LIVE_BODY, headers: { 'seldon-puid': 'again' } });
    await capturedAs(graph.url, 'again');
  });

  test('is followed as it comes', async () => {
    const child = spawn(SIDEGRAPH, ['tap', '--url', graph.url, '--capture', '-o', 'json']);
    try {
      const puids = new Set<string>();
      let rest = '';
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = `${rest}${chunk.toString()}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) puids.add((JSON.parse(line) as Capture).request.puid);
      });
      await ask(graph.running.port, { body: LIVE_BODY, headers: { 'seldon-puid': 'followed' } });
      for (let tries = 0; !puids.has('followed') && tries < 100; tries++) await sleep(100);
      assert.ok(puids.has('followed'));
    } finally {
      child.kill();
    }
  });

  test('under load costs no request anything, and what is kept stays bounded', async () => {
    const load = startLoad(graph.running.port, 8, LIVE_BODY);
    await sleep(6000);
    const { statuses, requests } = await load.stop();
    assert.deepEqual(
      [...statuses.keys()].sort((a, b) => a - b),
      [200, 503],
    );
    assert.equal((statuses.get(200) ?? 0) + (statuses.get(503) ?? 0), requests);
    const { kept, pauses } = await act(graph.url, 'start');
    assert.ok(kept > 0 && kept <= 50, `${kept} kept`);
    assert.ok(pauses > 0, 'there were more than may be captured');
    for (const capture of await captures(graph.url))
      assert.equal(textOf(capture.asked.body), LIVE_BODY);
  });
});

describe('what Envoy serves alone', () => {
  let units: RestUnit[];
  let running: Running;
  let url: string;
  before(async () => {
    units = [
      await startRestUnit((asked, response) => {
        if (asked.headers['x-stream'] === undefined) return { body: '{"from":"main"}' };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        setTimeout(() => response.end('data: 2\n\n'), 50);
        return undefined;
      }),
      await startRestUnit(() => ({ body: '{"from":"shadow"}' })),
    ];
    const [main, shadow] = units;
    const adminPort = await freePort();
    url = `http://127.0.0.1:${adminPort}`;
    running = await runGraph(
      deployment([
        { name: 'main', traffic: 100, graph: model('m', main?.port ?? 0) },
        { name: 'copy', traffic: 100, shadow: true, graph: model('m', shadow?.port ?? 0) },
      ]),
      { args: ['--admin-port', String(adminPort), '--capture=2'] },
    );
  });
  after(async () => {
    await running?.stop();
    for (const unit of units ?? []) await unit.close();
  });

  test('is captured in each predictor, the copy for a shadow too', async () => {
    const headers = { 'seldon-puid': 'both', 'x-own': 'mine' };
    await ask(running.port, { body: LIVE_BODY, headers, path: `${PREDICT}?x=1` });
    await capturedAs(url, 'both');
    const found = (await captures(url)).map(({ request, path: target, asked, response, calls }) => [
      request.predictor,
      target,
      textOf(asked.body),
      textOf(response.body),
      calls.map(({ unit, verb, by, received }) => [unit, verb, by, textOf(received)]),
    ]);
    const last = (from: string) => [['m', 'predict', 'envoy', `{"from":"${from}"}`]];
    assert.deepEqual(
      found.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
      [
        ['copy', `${PREDICT}?x=1`, LIVE_BODY, '{"from":"shadow"}', last('shadow')],
        ['main', `${PREDICT}?x=1`, LIVE_BODY, '{"from":"main"}', last('main')],
      ],
    );
  });

  test('streams on, and the whole stream is captured; of all requests the newest are kept', async () => {
    const headers = { 'seldon-puid': 'stream', 'x-stream': '1' };
    const reply = await ask(running.port, { body: LIVE_BODY, headers });
    assert.equal(reply.text, 'data: 1\n\ndata: 2\n\n');
    await capturedAs(url, 'stream');
    const kept = await captures(url);
    assert.deepEqual(
      kept.map(({ request }) => request.puid),
      ['stream', 'stream'],
    );
    const main = kept.find(({ request }) => request.predictor === 'main');
    assert.equal(textOf(main?.response.body ?? null), 'data: 1\n\ndata: 2\n\n');
  });
});

test('over gRPC bodies are messages without their frame', async () => {
  const unit = await startGrpcUnit(({ message }) => ({ message }));
  const adminPort = await freePort();
  const url = `http://127.0.0.1:${adminPort}`;
  const running = await runGraph(
    deployment({
      name: 't',
      type: 'TRANSFORMER',
      grpcPort: unit.port,
      children: [{ name: 'm', type: 'MODEL', grpcPort: unit.port }],
    }),
    { args: ['--admin-port', String(adminPort), '--capture'] },
  );
  try {
    const message = bytesField(4, Buffer.from('payload'));
    const reply = await askGrpc(running.grpcPort, { message, headers: { 'seldon-puid': 'g1' } });
    assert.equal(reply.status, 0);
    const capture = await capturedAs(url, 'g1');
    assert.equal(capture.transport, 'grpc');
    assert.equal(capture.path, '/seldon.protos.Seldon/Predict');
    const expected = message.toString('base64');
    for (const body of [
      capture.asked.body,
      capture.response.body,
      ...capture.calls.flatMap(({ sent, received }) => [sent, received]),
    ])
      assert.deepEqual([body?.base64, body?.bytes, body?.isCut], [expected, message.length, false]);
    assert.deepEqual(
      capture.calls.map(({ unit: name, verb, by }) => [name, verb, by]),
      [
        ['t', 'transform-input', 'filter'],
        ['m', 'predict', 'envoy'],
      ],
    );
    assert.equal(valueOf(capture.response.headers, 'grpc-status'), '0');
  } finally {
    await running.stop();
    await unit.close();
  }
});

test('while a unit is still being started, requests to the others are captured', async () => {
  const unit = await startRestUnit(echo);
  const adminPort = await freePort();
  const url = `http://127.0.0.1:${adminPort}`;
  const listens =
    "require('node:net').createServer().listen(process.env.PREDICTIVE_UNIT_SERVICE_PORT)";
  const command = [process.execPath, '-e', `setTimeout(() => ${listens}, 4000)`];
  const slow = {
    name: 'slow',
    shadow: true,
    traffic: 100,
    componentSpecs: [{ spec: { containers: [{ name: 's', image: 'i', command }] } }],
    graph: { name: 's', type: 'MODEL' },
  };
  const main = { name: 'main', traffic: 100, graph: model('m', unit.port) };
  let isReady = false;
  const starting = runGraph(deployment([main, slow]), {
    args: ['--admin-port', String(adminPort), '--capture', '--free-ports'],
  }).finally(() => {
    isReady = true;
  });
  const early: string[] = [];
  try {
    while (!isReady) {
      const listeners = await fetch(`${url}/listeners`).then(
        (reply) => reply.text(),
        () => '',
      );
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(listeners)?.[1] ?? 0);
      const puid = `early-${early.length}`;
      if (port > 0) {
        await ask(port, { body: LIVE_BODY, headers: { 'seldon-puid': puid } });
        early.push(puid);
      }
      await sleep(200);
    }
    await capturedAs(url, early.at(-1) ?? 'none');
  } finally {
    await (await starting).stop();
    await unit.close();
  }
});

test('without the flag there is nothing that could capture', async () => {
  const graph = await startLiveGraph();
  try {
    await assert.rejects(sidegraph('tap', '--url', graph.url, '--capture'), /CAPTURE_OFF/);
    await assert.rejects(
      sidegraph('tap', '--url', graph.url, '--capture', '--once'),
      /CAPTURE_OFF/,
    );
    assert.equal((await fetch(`${graph.url}/captures`)).status, 404);
    const start = await fetch(`${graph.url}/captures/start`, { method: 'POST', headers: ACTION });
    assert.equal(start.status, 405);
    assert.equal(await hasTap(graph.url), false);
  } finally {
    await graph.close();
  }
});

test('paused from the start, nothing is captured until it is begun', async () => {
  const unit = await startRestUnit(echo);
  const adminPort = await freePort();
  const url = `http://127.0.0.1:${adminPort}`;
  const running = await runGraph(deployment(model('m', unit.port)), {
    args: ['--admin-port', String(adminPort), '--capture=paused'],
  });
  try {
    assert.equal(await hasTap(url), true);
    await ask(running.port, { body: LIVE_BODY });
    await sleep(2500);
    assert.deepEqual(await captures(url), []);
    assert.equal((await act(url, 'start')).isOn, true);
    await ask(running.port, { body: LIVE_BODY, headers: { 'seldon-puid': 'now' } });
    await capturedAs(url, 'now');
  } finally {
    await running.stop();
    await unit.close();
  }
});
