// The queue and its sender against real sinks: slow, broken, gone; and what an event says.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { collectGarbage } from '../../lib/runtime/collect-garbage.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { FakeExchange, fakeHeaders } from '../walk/testing/fake-units.ts';
import { testPlan } from '../testing/plans.ts';
import { EventSender } from './event-sender.ts';
import { preparePayloads } from './events.ts';
import { MAX_EVENTS_IN_FLIGHT, MAX_WAITING_EVENT_BYTES, MAX_WAITING_EVENTS } from './limits.ts';
import {
  admits,
  event,
  loggedPlan,
  message,
  offer,
  servers,
  settled,
  startSink,
} from './testing/sink.ts';
import { SinkQueue } from './sink-queue.ts';

test('an event says what it is, of which unit and request, and holds the payload', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const payloads = preparePayloads(loggedPlan(sink.url), sender, 'http://:8000/');
  const exchange = new FakeExchange(message('{}'), fakeHeaders({ 'seldon-puid': 'p1' }));
  payloads?.log(0, 'request', message('{"a":1}'), exchange);
  payloads?.log(0, 'response', message(gzipSync('{"b":2}'), 'gzip'), exchange);
  payloads?.log(0, 'feedback', message('{}'), exchange);
  await settled(sender);
  const byType = new Map(sink.got.map((each) => [each.headers['ce-type'], each]));
  const request = byType.get('io.seldon.serving.inference.request');
  assert.equal(request?.body, '{"a":1}');
  const { 'ce-id': id, 'ce-time': time, ...headers } = request?.headers ?? {};
  assert.match(String(id), /^[0-9a-f-]{36}$/);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  for (const [name, value] of Object.entries({
    'ce-specversion': '1.0',
    'ce-source': 'http://:8000/',
    'ce-modelid': 'm',
    'ce-inferenceservicename': 'test-deployment',
    'ce-namespace': 'default',
    'ce-endpoint': 'p',
    'ce-protocol': 'seldon',
    'ce-requestid': 'p1',
    'content-type': 'application/json',
  }))
    assert.equal(headers[name], value, name);
  assert.equal(byType.get('io.seldon.serving.inference.response')?.body, '{"b":2}', 'unpacked');
  assert.ok(byType.has('io.seldon.serving.feedback'));
  assert.deepEqual(sender.counts(), { sent: 3, dropped: 0, failed: 0, withheld: 0, waiting: 0 });
});

test('events for a sink that is no http(s) URL count as failed, and harm nothing', async () => {
  const sender = new EventSender(SILENT_LOG);
  for (const url of ['kafka://sink/', 'mysink']) offer(sender, { ...event('{}'), url });
  await settled(sender);
  assert.deepEqual(sender.counts(), { sent: 0, dropped: 0, failed: 2, withheld: 0, waiting: 0 });
});

test('a client may ask for no log, and a share of 0.5 logs about half', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const payloads = preparePayloads(loggedPlan(sink.url), sender, '');
  for (const value of ['true', 'ON', '1'])
    payloads?.log(
      0,
      'request',
      message('{}'),
      new FakeExchange(message('{}'), fakeHeaders({ 'seldon-skip-logging': value })),
    );
  payloads?.log(
    0,
    'request',
    message('{}'),
    new FakeExchange(message('{}'), fakeHeaders({ 'seldon-skip-logging': 'no' })),
  );
  await settled(sender);
  assert.equal(sink.got.length, 1);
  const half = preparePayloads(loggedPlan(sink.url, { share: 0.5 }), sender, '');
  for (let count = 0; count < 400; count++)
    half?.log(0, 'request', message('{}'), new FakeExchange(message('{}')));
  await settled(sender);
  assert.ok(Math.abs(sink.got.length - 201) < 80, String(sink.got.length));
});

test('of a request that is sampled, what goes in and what comes out are both logged', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const payloads = preparePayloads(loggedPlan(sink.url, { share: 0.5 }), sender, '');
  for (let count = 0; count < 100; count++) {
    const exchange = new FakeExchange(message('{}'), fakeHeaders({ 'seldon-puid': `p${count}` }));
    payloads?.log(0, 'request', message('{}'), exchange);
    payloads?.log(0, 'response', message('{}'), exchange);
  }
  await settled(sender);
  const pairs = Map.groupBy(sink.got, ({ headers }) => headers['ce-requestid']);
  assert.ok(pairs.size > 0 && pairs.size < 100, String(pairs.size));
  assert.ok([...pairs.values()].every((events) => events.length === 2));
});

test('a sink that answers without end is left after what a response may have', async () => {
  let written = 0;
  const server = createServer((request, response) => {
    request.resume();
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
    };
    response.on('drain', write);
    write();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sender = new EventSender(SILENT_LOG);
  offer(sender, event(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  await settled(sender);
  assert.deepEqual(sender.counts(), { sent: 1, dropped: 0, failed: 0, withheld: 0, waiting: 0 });
  assert.ok(written < 64 * 1024 * 1024, String(written));
});

test('a plan without loggers has no sink', () => {
  assert.equal(
    preparePayloads(testPlan({ name: 'm', type: 'MODEL' }), new EventSender(SILENT_LOG), ''),
    undefined,
  );
});

test('a slow sink gets a few at a time, and what does not fit is dropped and counted', async () => {
  const sink = await startSink(200, 50);
  const sender = new EventSender(SILENT_LOG);
  let admitted = 0;
  for (let count = 0; count < MAX_WAITING_EVENTS + 500; count++) {
    if (!admits(sender, sink.url, 2)) continue;
    admitted++;
    offer(sender, event(sink.url));
  }
  assert.equal(admitted, MAX_WAITING_EVENTS + MAX_EVENTS_IN_FLIGHT);
  assert.equal(sender.counts().dropped, 500 - MAX_EVENTS_IN_FLIGHT);
  await sleep(120);
  assert.ok(sink.most <= MAX_EVENTS_IN_FLIGHT, String(sink.most));
});

test('every event of a long queue is sent', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  for (let count = 0; count < 2500; count++) offer(sender, event(sink.url));
  for (let tries = 0; sender.counts().waiting > 0 && tries < 6000; tries++) await sleep(10);
  assert.deepEqual(sender.counts(), { sent: 2500, dropped: 0, failed: 0, withheld: 0, waiting: 0 });
});

test('what was sent is not kept while more waits behind it', async () => {
  const queue = new SinkQueue('s');
  const bodies = Array.from({ length: 500 }, () => {
    const added = event('http://s/', 1000);
    queue.push(added);
    return new WeakRef(added.body);
  });
  for (let count = 0; count < 400; count++) queue.release(queue.takeBatch(1, 1) ?? []);
  // A weak reference holds what it was made of until the end of the turn.
  await sleep(10);
  collectGarbage(Number.NEGATIVE_INFINITY);
  const kept = bodies.filter((body) => body.deref() !== undefined).length;
  assert.ok(kept >= 100 && kept <= 110, `${kept} bodies are kept, 100 of them wait`);
  assert.equal(queue.length, 100);
});

test('what a client writes into headers is bounded too', async () => {
  const sink = await startSink(200, 50);
  const sender = new EventSender(SILENT_LOG);
  const id = 'x'.repeat(MAX_WAITING_EVENT_BYTES);
  offer(sender, { ...event(sink.url), headers: { 'ce-requestid': id } });
  assert.ok(!admits(sender, sink.url, 1));
  await settled(sender);
  assert.ok(admits(sender, sink.url, 1));
});

test('large payloads are bounded by their bytes, and what was sent makes room', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const large = MAX_WAITING_EVENT_BYTES / 2;
  offer(sender, event(sink.url, large));
  offer(sender, event(sink.url, large));
  assert.ok(!admits(sender, sink.url, 1));
  await settled(sender);
  assert.ok(admits(sender, sink.url, large));
});

test('a sink that is gone or says no costs the event, which is counted, and nothing else', async () => {
  const broken = await startSink(500);
  const sender = new EventSender(SILENT_LOG);
  offer(sender, event(broken.url));
  offer(sender, event('http://127.0.0.1:1/'));
  offer(sender, event('no url'));
  await settled(sender);
  assert.deepEqual(sender.counts(), { sent: 0, dropped: 0, failed: 3, withheld: 0, waiting: 0 });
});

test('a sink that switches protocols costs the events that it does so for, and the next one is sent', async () => {
  let left = 2 * MAX_EVENTS_IN_FLIGHT;
  const server = createServer((request, response) => {
    request.resume();
    if (left-- > 0)
      request.socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    else response.end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sender = new EventSender(SILENT_LOG);
  for (let count = 0; count <= 2 * MAX_EVENTS_IN_FLIGHT; count++) offer(sender, event(url));
  await settled(sender);
  const { sent, failed, waiting } = sender.counts();
  assert.deepEqual(
    { sent, failed, waiting },
    { sent: 1, failed: 2 * MAX_EVENTS_IN_FLIGHT, waiting: 0 },
  );
});

test('a sink that takes nothing neither delays another one nor takes its room', async () => {
  const dead = await startSink(200, 60_000);
  const live = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const large = 64 * 1024;
  const fill = MAX_WAITING_EVENT_BYTES / large;
  for (let count = 0; count < fill; count++) {
    assert.ok(admits(sender, dead.url, large));
    offer(sender, event(dead.url, large - 100));
  }
  while (admits(sender, dead.url, large)) offer(sender, event(dead.url, large - 100));
  const begun = performance.now();
  for (let count = 0; count < 100; count++) {
    assert.ok(admits(sender, live.url, large), `event ${count} has room`);
    offer(sender, event(live.url, large - 100));
  }
  for (let tries = 0; live.got.length < 100 && tries < 500; tries++) await sleep(10);
  assert.equal(live.got.length, 100);
  assert.ok(performance.now() - begun < 5000, 'long before the other one is given up');
  const of = new Map(sender.sinkCounts().map((counts) => [counts.sink, counts]));
  assert.deepEqual(of.get(new URL(live.url).origin), {
    sink: new URL(live.url).origin,
    sent: 100,
    dropped: 0,
    failed: 0,
    withheld: 0,
    waiting: 0,
  });
  const { dropped = 0, waiting = 0 } = of.get(new URL(dead.url).origin) ?? {};
  assert.ok(dropped > 1 && waiting > 300, `${dropped} dropped, ${waiting} waiting`);
});

test('two sinks that take nothing share the room, and neither drives the other out', async () => {
  const [one, other] = [await startSink(200, 60_000), await startSink(200, 60_000)];
  const sender = new EventSender(SILENT_LOG);
  for (let count = 0; count < MAX_WAITING_EVENTS; count++)
    if (admits(sender, one.url, 2)) offer(sender, event(one.url));
  for (let count = 0; count < 3 * MAX_WAITING_EVENTS; count++) {
    const { url } = count % 3 === 0 ? one : other;
    if (admits(sender, url, 2)) offer(sender, event(url));
  }
  const waiting = sender.sinkCounts().map((counts) => counts.waiting);
  const half = MAX_WAITING_EVENTS / 2;
  for (const each of waiting)
    assert.ok(Math.abs(each - half) <= MAX_EVENTS_IN_FLIGHT + 1, String(waiting));
});

test('a sink that fills the room in events and in bytes gives up no more than is needed', async () => {
  const [full, other] = [await startSink(200, 60_000), await startSink(200, 60_000)];
  const sender = new EventSender(SILENT_LOG);
  const { length } = Object.values(event(full.url).headers).join('');
  const each = Math.floor(MAX_WAITING_EVENT_BYTES / (MAX_WAITING_EVENTS + MAX_EVENTS_IN_FLIGHT));
  while (admits(sender, full.url, each - length)) offer(sender, event(full.url, each - length));
  assert.equal(sender.counts().waiting, MAX_WAITING_EVENTS + MAX_EVENTS_IN_FLIGHT);
  assert.ok(admits(sender, other.url, each));
  assert.deepEqual(
    sender.sinkCounts().map(({ dropped }) => dropped),
    // The one that found no room above, and the one that made room.
    [2, 0],
  );
});

test('an event that is larger than all that another sink could give costs that one nothing', async () => {
  const [full, huge] = [await startSink(200, 60_000), await startSink(200, 60_000)];
  const sender = new EventSender(SILENT_LOG);
  const quarter = MAX_WAITING_EVENT_BYTES / 4;
  for (let count = 0; count < 3; count++) offer(sender, event(full.url, quarter));
  assert.ok(!admits(sender, huge.url, 2 * quarter));
  assert.ok(!admits(sender, huge.url, 2 * MAX_WAITING_EVENT_BYTES));
  assert.deepEqual(
    sender.sinkCounts().map(({ dropped }) => dropped),
    [0, 2],
  );
});

test('what is sent at a time is shared by the sinks, so that its bound stays', async () => {
  const sinks = [await startSink(200, 300), await startSink(200, 300)];
  const sender = new EventSender(SILENT_LOG);
  for (const { url } of sinks) sender.sinkAt(url);
  for (let count = 0; count < 40; count++) for (const { url } of sinks) offer(sender, event(url));
  await sleep(200);
  const most = sinks.map((sink) => sink.most);
  assert.deepEqual(most, [MAX_EVENTS_IN_FLIGHT / 2, MAX_EVENTS_IN_FLIGHT / 2]);
});

test('sinks that no plan logs to any more take nothing from the others, and are no series', async () => {
  const sender = new EventSender(SILENT_LOG);
  for (let swap = 0; swap < 30; swap++) {
    const payloads = preparePayloads(loggedPlan(`http://127.0.0.1:1/${swap}`), sender, '');
    const gone = preparePayloads(loggedPlan(`http://sink-${swap}.example/`), sender, '');
    gone?.close();
    payloads?.close();
  }
  assert.deepEqual(sender.sinkCounts(), []);
  const sink = await startSink(200, 100);
  const payloads = preparePayloads(loggedPlan(sink.url), sender, '');
  const exchange = new FakeExchange(message('{}'), fakeHeaders({}));
  for (let count = 0; count < 2 * MAX_EVENTS_IN_FLIGHT; count++)
    payloads?.log(0, 'request', message('{}'), exchange);
  payloads?.close();
  const before = sender.sinkCounts().map(({ waiting }) => waiting);
  assert.deepEqual(before, [2 * MAX_EVENTS_IN_FLIGHT], 'what waits is still sent');
  await settled(sender);
  assert.equal(sink.most, MAX_EVENTS_IN_FLIGHT);
  assert.deepEqual(sender.sinkCounts(), []);
  assert.equal(sender.counts().sent, 2 * MAX_EVENTS_IN_FLIGHT, 'the sum of all never falls');
});

test('what is lost with the end of the process is said, also what was being sent', async () => {
  const [dead, gone] = [await startSink(200, 60_000), await startSink(200, 60_000)];
  const said: object[] = [];
  const sender = new EventSender({ ...SILENT_LOG, warn: (line: object) => void said.push(line) });
  for (const { url } of [dead, gone]) sender.sinkAt(url);
  for (let count = 0; count < 3; count++) offer(sender, event(dead.url));
  for (let count = 0; count < MAX_EVENTS_IN_FLIGHT; count++) offer(sender, event(gone.url));
  await sender.close();
  const code = 'PAYLOAD_LOG_DROPPED';
  const reason = 'the process ends';
  const none = { sent: 0, failed: 0, withheld: 0 };
  const half = MAX_EVENTS_IN_FLIGHT / 2;
  assert.deepEqual(said, [
    { code, sink: new URL(dead.url).origin, reason, ...none, dropped: 0, waiting: 3 },
    { code, sink: new URL(gone.url).origin, reason, ...none, dropped: half, waiting: half },
  ]);
});

test('a plan that follows another keeps the queue of their sink, with its counts', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const exchange = new FakeExchange(message('{}'), fakeHeaders({}));
  const first = preparePayloads(loggedPlan(sink.url), sender, '');
  first?.log(0, 'request', message('{}'), exchange);
  const second = preparePayloads(loggedPlan(sink.url), sender, '');
  first?.close();
  await settled(sender);
  second?.log(0, 'request', message('{}'), exchange);
  await settled(sender);
  assert.deepEqual(
    sender.sinkCounts().map(({ sent }) => sent),
    [2],
  );
});

test('a sink is called by where it is, without what may be secret', () => {
  const sender = new EventSender(SILENT_LOG);
  for (const url of [
    'https://user:secret@sink.example:8443/token/abc?key=secret',
    'https://sink.example:8443/other',
    'kafka://a:9092,b:9092/topic',
    'secret',
  ])
    sender.sinkAt(url);
  assert.deepEqual(
    sender.sinkCounts().map(({ sink }) => sink),
    ['https://sink.example:8443', 'kafka://a:9092,b:9092/topic', 'no URL of a sink'],
  );
});
