// Payload logs of a graph that runs: each unit with a logger sends what goes in and what comes out, over REST and gRPC, and a sink that
// is slow, gone or refuses costs no request anything.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import {
  type GrpcUnit,
  JSON_TYPE,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from '../harness/unit.ts';

const BODY = '{"data":{"ndarray":[[1.10,2]]}}';

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 300; tries++) await sleep(20);
  assert.ok(done());
}

describe('payload logs', () => {
  let sink: RestUnit;
  let model: RestUnit;
  let grpcModel: GrpcUnit;
  let running: Running;

  before(async () => {
    sink = await startRestUnit(() => ({ status: 200 }));
    model = await startRestUnit(() => ({ headers: JSON_TYPE, body: '{"data":{"ndarray":[7.0]}}' }));
    grpcModel = await startGrpcUnit(({ message }) => ({ message }));
    const logger = { mode: 'all', url: `http://127.0.0.1:${sink.port}/events` };
    const graph = { name: 'm', type: 'MODEL', port: model.port, grpcPort: grpcModel.port, logger };
    running = await runGraph(deployment(graph));
  });
  after(async () => {
    await running?.stop();
    await Promise.all([sink?.close(), model?.close(), grpcModel?.close()]);
  });

  test('of one model over REST are its request and its response, byte for byte, with the way back to both', async () => {
    const headers = { 'seldon-puid': 'puid-1' };
    const reply = await ask(running.port, { body: BODY, headers });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, '{"data":{"ndarray":[7.0]}}');
    await until(() => sink.asked.length === 2);
    const events = new Map(sink.asked.map((each) => [each.headers['ce-type'], each]));
    const request = events.get('io.seldon.serving.inference.request');
    const response = events.get('io.seldon.serving.inference.response');
    assert.equal(request?.body.toString(), BODY);
    assert.equal(response?.body.toString(), '{"data":{"ndarray":[7.0]}}');
    for (const event of [request, response]) {
      assert.equal(event?.path, '/events');
      assert.equal(event?.headers['ce-requestid'], 'puid-1');
      assert.equal(event?.headers['ce-modelid'], 'm');
      assert.equal(event?.headers['ce-source'], `http://:${running.port}/`);
    }
    const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
    assert.match(text, /^sidegraph_payload_log_sent_total 2$/m);
  });

  test('over gRPC are the messages without their frame', async () => {
    const before = sink.asked.length;
    const message = bytesField(4, Buffer.from('payload'));
    const reply = await askGrpc(running.grpcPort, { message });
    assert.equal(reply.status, 0);
    await until(() => sink.asked.length === before + 2);
    for (const { body, headers } of sink.asked.slice(before)) {
      assert.deepEqual(body, message);
      assert.equal(headers['content-type'], 'application/protobuf');
    }
  });

  test('of feedback is one event, and none of a request that asks for none', async () => {
    const before = sink.asked.length;
    const skipped = await ask(running.port, {
      body: BODY,
      headers: { 'seldon-skip-logging': 'ON' },
    });
    assert.equal(skipped.status, 200);
    const feedback = '{"reward":1,"response":{"meta":{}}}';
    await ask(running.port, { path: '/api/v1.0/feedback', body: feedback });
    await until(() => sink.asked.length === before + 1);
    assert.equal(sink.asked[before]?.headers['ce-type'], 'io.seldon.serving.feedback');
    assert.equal(sink.asked[before]?.body.toString(), feedback);
  });
});

test('a sink that hangs or is gone takes nothing from the requests, and is counted', async () => {
  const hanging = await startRestUnit(() => undefined);
  const model = await startRestUnit(() => ({ headers: JSON_TYPE, body: '{}' }));
  const unit = (name: string, url: string) => ({
    name,
    type: 'TRANSFORMER',
    port: model.port,
    logger: { mode: 'all', url },
  });
  const running = await runGraph(
    deployment({
      ...unit('gone', 'http://127.0.0.1:1/'),
      children: [unit('hangs', `http://127.0.0.1:${hanging.port}/`)],
    }),
  );
  try {
    const times: number[] = [];
    for (let count = 0; count < 200; count++) {
      const reply = await ask(running.port, { body: BODY });
      assert.equal(reply.status, 200);
      times.push(reply.ms);
    }
    times.sort((a, b) => a - b);
    assert.ok((times[100] ?? 0) < 50, `median ${times[100]} ms`);
    const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
    const failed = Number(/^sidegraph_payload_log_failed_total (\d+)$/m.exec(text)?.[1]);
    const waiting = Number(/^sidegraph_payload_log_waiting (\d+)$/m.exec(text)?.[1]);
    assert.ok(failed > 0 && waiting > 0, `${failed} failed, ${waiting} waiting`);
  } finally {
    await running.stop();
    await Promise.all([hanging.close(), model.close()]);
  }
});
