// Payload logs in a real Kafka: a graph behind Envoy whose units log to topics, a broker that is killed, started again, stands still and
// takes only small messages. Skipped where no broker has been fetched: `make test-kafka` does that.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc } from '../harness/client.ts';
import {
  hasKafka,
  type Kafka,
  KAFKA_USER,
  type KafkaRecord,
  startKafka,
} from '../harness/kafka.ts';
import { deployment } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import {
  type GrpcUnit,
  JSON_TYPE,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from '../harness/unit.ts';

const BODY = '{"data":{"ndarray":[[1.10,2]]},"jsonData":{"email":"a@example.com"}}';
const REDACTED = BODY.replace('"a@example.com"', '"[redacted]"');
const RESPONSE = '{"data":{"ndarray":[7.0]}}';

interface Counts {
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly waiting: number;
}

async function countsOf({ port }: Running): Promise<Counts> {
  const { text } = await ask(port, { method: 'GET', path: '/metrics' });
  const of = (name: string): number =>
    Number(new RegExp(`^sidegraph_payload_log_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    sent: of('sent_total'),
    failed: of('failed_total'),
    dropped: of('dropped_total'),
    waiting: of('waiting'),
  };
}

async function settled(running: Running, timeoutMs = 30_000): Promise<Counts> {
  const until = performance.now() + timeoutMs;
  let counts = await countsOf(running);
  while (counts.waiting > 0 && performance.now() < until) {
    await sleep(50);
    counts = await countsOf(running);
  }
  return counts;
}

const byType = (records: readonly KafkaRecord[]): ReadonlyMap<string, KafkaRecord> =>
  new Map(records.map((record) => [record.headers['ce_type'] ?? '', record]));

describe('payload logs in Kafka', { skip: !hasKafka() }, () => {
  let kafka: Kafka;
  let model: RestUnit;
  let grpcModel: GrpcUnit;

  before(async () => {
    kafka = await startKafka();
    model = await startRestUnit(() => ({ headers: JSON_TYPE, body: RESPONSE }));
    grpcModel = await startGrpcUnit(({ message }) => ({ message }));
  });
  after(async () => {
    await kafka?.close();
    await Promise.all([model?.close(), grpcModel?.close()]);
  });

  interface Setting {
    readonly url?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /** Of the filter's process, as secrets are in a cluster. */
    readonly env?: Readonly<Record<string, string>>;
  }

  function run({ url, variables = {}, annotations = {}, env = {} }: Setting): Promise<Running> {
    const logger = { mode: 'all', ...(url === undefined ? {} : { url }) };
    const graph = { name: 'm', type: 'MODEL', port: model.port, grpcPort: grpcModel.port, logger };
    const predictor = {
      name: 'p',
      svcOrchSpec: { env: Object.entries(variables).map(([name, value]) => ({ name, value })) },
      graph,
    };
    return runGraph(deployment([predictor], annotations), { env });
  }

  test('a topic gets what an HTTP sink gets, with the headers of CloudEvents and those of Seldon', async () => {
    const running = await run({ url: `kafka://127.0.0.1:${kafka.port}/own` });
    try {
      const headers = { 'seldon-puid': 'puid-1' };
      assert.equal((await ask(running.port, { body: BODY, headers })).text, RESPONSE);
      await ask(running.port, { path: '/api/v1.0/feedback', body: '{"reward":1}' });
      assert.deepEqual(await settled(running), { sent: 3, failed: 0, dropped: 0, waiting: 0 });
      const records = byType(await kafka.read('own', 3));
      const request = records.get('io.seldon.serving.inference.request');
      assert.equal(request?.value, BODY);
      const { ce_id: id, ce_time: time, ...rest } = request?.headers ?? {};
      assert.match(String(id), /^[0-9a-f-]{36}$/);
      assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
      assert.deepEqual(rest, {
        ce_specversion: '1.0',
        ce_source: `http://:${running.port}/`,
        ce_type: 'io.seldon.serving.inference.request',
        ce_modelid: 'm',
        ce_inferenceservicename: 'test',
        ce_namespace: 'ns',
        ce_endpoint: 'p',
        ce_protocol: 'seldon',
        ce_requestid: 'puid-1',
        type: 'io.seldon.serving.inference.request',
        'content-type': 'application/json',
        modelid: 'm',
        requestid: 'puid-1',
        inferenceservicename: 'test',
        namespace: 'ns',
        endpoint: 'p',
        protocol: 'seldon',
      });
      assert.equal(records.get('io.seldon.serving.inference.response')?.value, RESPONSE);
      assert.equal(records.get('io.seldon.serving.feedback')?.value, '{"reward":1}');
    } finally {
      await running.stop();
    }
  });

  test('gRPC messages, and the broker and topic that Seldon’s variables name', async () => {
    const running = await run({
      url: 'http://127.0.0.1:1/',
      variables: { LOGGER_KAFKA_BROKER: `127.0.0.1:${kafka.port}` },
    });
    try {
      const message = bytesField(4, Buffer.from('payload'));
      assert.equal((await askGrpc(running.grpcPort, { message })).status, 0);
      assert.deepEqual(await settled(running), { sent: 2, failed: 0, dropped: 0, waiting: 0 });
      for (const { value, headers } of await kafka.read('seldon', 2)) {
        assert.equal(value, message.toString());
        assert.equal(headers['content-type'], 'application/protobuf');
      }
    } finally {
      await running.stop();
    }
  });

  test('over TLS with a password, from variables of the filter; fields can be left out', async () => {
    const url = `kafka://localhost:${kafka.securePort}/secure`;
    const env = {
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_USERNAME: KAFKA_USER.name,
      KAFKA_SASL_PASSWORD: KAFKA_USER.password,
      KAFKA_SSL_CA_CERT: kafka.ca,
    };
    const annotations = { 'sidegraph.io/payload-log-redact': 'jsonData.email' };
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-512']) {
      const secrets = { ...env, KAFKA_SASL_MECHANISM: mechanism };
      const running = await run({ url, annotations, env: secrets });
      try {
        await ask(running.port, { body: BODY });
        assert.deepEqual(await settled(running), { sent: 2, failed: 0, dropped: 0, waiting: 0 });
      } finally {
        await running.stop();
      }
    }
    const values = (await kafka.read('secure', 4)).map(({ value }) => value).sort();
    assert.deepEqual(values, [REDACTED, REDACTED, RESPONSE, RESPONSE].sort());
    for (const wrong of [{ KAFKA_SASL_PASSWORD: 'wrong' }, { KAFKA_SSL_CA_CERT: '' }]) {
      const running = await run({ url, env: { ...env, ...wrong } });
      try {
        await ask(running.port, { body: BODY });
        const { sent, failed } = await settled(running);
        assert.deepEqual({ sent, failed }, { sent: 0, failed: 2 });
        assert.match(running.output(), /PAYLOAD_LOG_FAILED/);
        assert.doesNotMatch(running.output(), new RegExp(KAFKA_USER.password));
      } finally {
        await running.stop();
      }
    }
  });

  test('a topic that takes only small messages gets them one by one, and the large one is lost', async () => {
    await kafka.createTopic('small', 1, 'max.message.bytes=4096');
    const running = await run({ url: `kafka://127.0.0.1:${kafka.port}/small` });
    try {
      const large = `{"x":"${'y'.repeat(8000)}"}`;
      const bodies = Array.from({ length: 20 }, (_, at) => (at === 7 ? large : BODY));
      await Promise.all(bodies.map((body) => ask(running.port, { body })));
      assert.deepEqual(await settled(running), { sent: 39, failed: 1, dropped: 0, waiting: 0 });
      assert.match(
        running.output(),
        /larger than the max message size|MESSAGE_TOO_LARGE|too large/i,
      );
    } finally {
      await running.stop();
    }
  });

  test('a broker that is killed and started again loses what is counted at most, and no request waits', async () => {
    const running = await run({ url: `kafka://127.0.0.1:${kafka.port}/killed` });
    try {
      await ask(running.port, { body: BODY });
      await settled(running);
      const restarted = kafka.kill().then(() => kafka.restart());
      const ids: string[] = [];
      const times: number[] = [];
      let isBack = false;
      void restarted.then(() => {
        isBack = true;
      });
      for (let count = 0; !isBack && count < 2000; count++) {
        const id = `killed-${count}`;
        const reply = await ask(running.port, { body: BODY, headers: { 'seldon-puid': id } });
        assert.equal(reply.status, 200);
        ids.push(id);
        times.push(reply.ms);
        await sleep(20);
      }
      await restarted;
      times.sort((a, b) => a - b);
      assert.ok((times[times.length >> 1] ?? 0) < 50, `median ${times[times.length >> 1]} ms`);
      const counts = await settled(running);
      assert.equal(counts.sent + counts.failed + counts.dropped, 2 * ids.length + 2);
      const records = await kafka.read('killed', counts.sent);
      const logged = new Set(records.map(({ headers }) => headers['ce_requestid']));
      const lost = ids.filter((id) => !logged.has(id));
      assert.ok(lost.length <= counts.failed, `${lost.length} lost, ${counts.failed} counted`);
      // Whatever was sent in the last seconds before it was back.
      assert.ok(ids.slice(-100).every((id) => logged.has(id)));
    } finally {
      await running.stop();
    }
  });

  test('a broker that stands still costs events, which are counted, and no request waits', async () => {
    const running = await run({ url: `kafka://127.0.0.1:${kafka.port}/still` });
    try {
      await ask(running.port, { body: BODY });
      await settled(running);
      kafka.pause();
      const times: number[] = [];
      for (let count = 0; count < 100; count++) {
        const reply = await ask(running.port, { body: BODY });
        assert.equal(reply.status, 200);
        times.push(reply.ms);
      }
      times.sort((a, b) => a - b);
      assert.ok((times[50] ?? 0) < 50, `median ${times[50]} ms`);
      const { failed } = await settled(running);
      assert.ok(failed > 0, `${failed} failed`);
      kafka.resume();
      await ask(running.port, { body: BODY });
      const counts = await settled(running);
      assert.equal(counts.failed, failed);
      assert.equal(counts.sent + counts.failed, 204);
    } finally {
      kafka.resume();
      await running.stop();
    }
  });
});
