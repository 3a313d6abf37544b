// Kafka as a sink where it goes wrong: no broker, brokers that hang, hang up, talk nonsense or answer without end. Each costs its events,
// which are counted, and nothing else. What a real broker takes is in e2e/kafka.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { EventSender } from './event-sender.ts';
import { readKafkaSecurity } from './kafka-settings.ts';
import {
  MAX_BROKER_RESPONSE_BYTES,
  MAX_EVENTS_IN_FLIGHT,
  MAX_KAFKA_BATCH_EVENTS,
  MAX_WAITING_EVENTS,
} from './limits.ts';
import type { OpenEvent } from './event-body.ts';
import { KafkaSink, type KafkaTimes } from './kafka-sink.ts';
import { admits, event, loggedPlan, offer, settled } from './testing/sink.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});
/** A bug in a client must not come out as an exception of the process. */
const thrown: unknown[] = [];
process.on('uncaughtException', (error) => thrown.push(error));
process.on('unhandledRejection', (error) => thrown.push(error));

interface FakeBroker {
  port: number;
  readonly sockets: Set<Socket>;
  connections: number;
}

async function startBroker(behave: (socket: Socket) => void): Promise<FakeBroker> {
  const broker = { port: 0, sockets: new Set<Socket>(), connections: 0 };
  const server = createServer((socket) => {
    broker.connections++;
    broker.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => broker.sockets.delete(socket));
    behave(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  broker.port = (server.address() as AddressInfo).port;
  return broker;
}

const TIMES: KafkaTimes = { batch: 2000, attempt: 500, betweenAttempts: 100, idle: 300 };

function openSink(broker: FakeBroker | undefined): KafkaSink {
  const brokers = [{ host: '127.0.0.1', port: broker?.port ?? 1 }];
  return new KafkaSink(brokers, () => ({ tls: undefined, sasl: undefined }), TIMES);
}

const opened = (bytes = 2): OpenEvent => {
  const made = event('kafka://broker/t', bytes);
  return { event: made, body: made.body, contentEncoding: undefined };
};

const BEHAVIOURS: readonly (readonly [string, RegExp, ((socket: Socket) => void) | undefined])[] = [
  ['is not there', /ECONNREFUSED/, undefined],
  ['hangs up at once', /closed|ECONNRESET|EPIPE/, (socket) => socket.destroy()],
  [
    'takes a request and hangs up',
    /closed|ECONNRESET|EPIPE/,
    (socket) => socket.on('data', () => socket.destroy()),
  ],
  [
    'takes requests and never answers',
    /did not answer in time|timed out/,
    (socket) => socket.resume(),
  ],
  [
    'is no broker',
    /./,
    (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ],
  [
    'answers with noise',
    /./,
    (socket) => {
      let seed = 1;
      socket.on('data', () =>
        socket.write(Buffer.from(Array.from({ length: 200 }, () => (seed = (seed * 16807) % 251)))),
      );
    },
  ],
  [
    'answers what was asked with an empty response',
    /Out of bounds/,
    (socket) =>
      socket.on('data', (chunk) => {
        const response = Buffer.alloc(8);
        response.writeInt32BE(4, 0);
        chunk.copy(response, 4, 8, 12);
        socket.write(response);
      }),
  ],
  [
    'speaks TLS',
    /Broker requires TLS/,
    (socket) => socket.on('data', () => socket.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x28]))),
  ],
];

test('a broker that does not take an event costs it, in time, and says why', async () => {
  await Promise.all(
    BEHAVIOURS.map(async ([what, expected, behave]) => {
      const sink = openSink(behave === undefined ? undefined : await startBroker(behave));
      const begun = performance.now();
      const [why] = await sink.send('t', [opened()]);
      const ms = performance.now() - begun;
      assert.ok(ms < TIMES.batch + 1500, `${what}: ${ms} ms`);
      assert.match(String(why), expected, what);
      await sink.close();
    }),
  );
});

test('as many batches as are sent at a time end in time, and leave no connection', async () => {
  const broker = await startBroker((socket) => socket.resume());
  const sink = openSink(broker);
  const batches = Array.from({ length: 10 }, () => sink.send('t', [opened(), opened()]));
  const begun = performance.now();
  for (const outcome of await Promise.all(batches))
    assert.ok(outcome.length === 2 && outcome.every((why) => why !== undefined), outcome.join());
  assert.ok(performance.now() - begun < TIMES.batch + 1500);
  assert.ok(broker.connections <= 10, `${broker.connections} connections`);
  await sink.close();
  for (let tries = 0; broker.sockets.size > 0 && tries < 100; tries++) await sleep(10);
  assert.equal(broker.sockets.size, 0);
});

test('a broker that answers without end is left', async () => {
  let written = 0;
  const broker = await startBroker((socket) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(0x7fffffff);
    socket.write(length);
    const flood = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) written += 65_536;
    };
    socket.on('drain', flood);
    socket.resume();
    flood();
  });
  const sink = openSink(broker);
  const before = process.memoryUsage().external;
  await sink.send('t', [opened()]);
  const each = written / broker.connections;
  assert.ok(each < MAX_BROKER_RESPONSE_BYTES + 8 * 1024 * 1024, `${each} bytes`);
  assert.ok(process.memoryUsage().external - before < 64 * 1024 * 1024);
  await sink.close();
});

test('nothing is sent less securely than it is asked for', async () => {
  let requests = 0;
  const broker = await startBroker((socket) => socket.on('data', () => requests++));
  const sink = new KafkaSink(
    [{ host: '127.0.0.1', port: broker.port }],
    () => readKafkaSecurity({ KAFKA_SECURITY_PROTOCOL: 'TLS' }),
    TIMES,
  );
  const begun = performance.now();
  assert.match(String(await sink.send('t', [opened()])), /^KAFKA_SECURITY_PROTOCOL is none of /);
  assert.ok(performance.now() - begun < TIMES.batch / 2, 'without another attempt');
  assert.equal(requests, 0);
});

test('security is what the variables of Seldon’s executor say', () => {
  const file = fileURLToPath(import.meta.url);
  const sasl = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  assert.deepEqual(readKafkaSecurity({}), { tls: undefined, sasl: undefined });
  assert.deepEqual(readKafkaSecurity({ KAFKA_SECURITY_PROTOCOL: 'plaintext', ...sasl }), {
    tls: undefined,
    sasl: undefined,
  });
  assert.deepEqual(readKafkaSecurity({ KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', ...sasl }), {
    tls: undefined,
    sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' },
  });
  const secure = readKafkaSecurity({
    KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SSL_CA_CERT: 'CA',
    KAFKA_SSL_CLIENT_KEY_FILE: file,
    ...sasl,
  });
  assert.equal(secure.sasl?.mechanism, 'SCRAM-SHA-512');
  assert.equal(secure.tls?.ca, 'CA');
  assert.equal(secure.tls?.key, readFileSync(file, 'utf8'));
  for (const variables of [
    { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
    { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_USERNAME: 'u' },
    { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'GSSAPI', ...sasl },
    { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_CERT_FILE: '/no/such/file' },
  ])
    assert.throws(() => readKafkaSecurity(variables));
});

test('a queue for a broker that is not there is bounded, and the event loop goes on', async () => {
  const url = 'kafka://127.0.0.1:1/t';
  const sender = new EventSender(SILENT_LOG);
  await sender.load([loggedPlan(url)]);
  let admitted = 0;
  for (let count = 0; count < MAX_WAITING_EVENTS + 2000; count++) {
    if (!admits(sender, url, 2)) continue;
    admitted++;
    offer(sender, event(url));
  }
  const sending = sender.counts();
  assert.equal(sending.dropped, MAX_WAITING_EVENTS + 2000 - admitted);
  assert.ok(admitted <= MAX_WAITING_EVENTS + MAX_EVENTS_IN_FLIGHT * MAX_KAFKA_BATCH_EVENTS);
  assert.equal(sending.waiting, admitted);
  const delays: number[] = [];
  for (let count = 0; count < 100; count++) {
    const begun = performance.now();
    await sleep(10);
    delays.push(performance.now() - begun);
  }
  delays.sort((a, b) => a - b);
  assert.ok((delays[50] ?? 0) < 30, `${delays[50]} ms for 10`);
  assert.equal(sender.counts().sent, 0);
  // What waits when the process ends is dropped, and counted.
  await sender.close();
  await settled(sender);
  const { sent, dropped, failed } = sender.counts();
  assert.equal(sent, 0);
  assert.equal(dropped + failed, MAX_WAITING_EVENTS + 2000);
});

after(async () => {
  await sleep(TIMES.attempt);
  assert.deepEqual(thrown, []);
});
