// What is left out of payload logs, over a real Envoy: requests and responses of every kind, of which no value that is left out may reach the
// sink, whatever a client makes of its JSON, while units and clients get all of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { seededRandom } from '../../lib/codecs/json/testing/fuzz.ts';
import { makeCases, readPaths } from '../../lib/codecs/json/testing/fuzz-redact.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment } from '../harness/manifest.ts';
import { type Running, runGraph, waitFor } from '../harness/run.ts';
import {
  type GrpcUnit,
  JSON_TYPE,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from '../harness/unit.ts';

const SECRET = 's3cret@example.com';
const RESPONSE = `{"data":{"names":["${SECRET}"],"ndarray":[[1.10,18446744073709551617]]}}`;
/** Of all units; of the model one more. */
const PATHS = ['jsonData.user.email', '**.email', 'data.*.*'];

interface Counts {
  readonly sent: number;
  readonly withheld: number;
}

describe('redaction of payload logs', () => {
  let sink: RestUnit;
  let model: RestUnit;
  let transformer: RestUnit;
  let grpcUnit: GrpcUnit;
  let running: Running;

  before(async () => {
    sink = await startRestUnit(() => ({ status: 200 }));
    model = await startRestUnit(() => ({ headers: JSON_TYPE, body: RESPONSE }));
    transformer = await startRestUnit(({ headers, body }) => {
      const encoding = headers['content-encoding'];
      return { headers: encoding === undefined ? {} : { 'content-encoding': encoding }, body };
    });
    grpcUnit = await startGrpcUnit(({ message }) => ({ message }));
    const logger = { mode: 'all', url: `http://127.0.0.1:${sink.port}/` };
    const graph = {
      name: 't',
      type: 'TRANSFORMER',
      port: transformer.port,
      grpcPort: grpcUnit.port,
      logger: { ...logger, mode: 'request' },
      children: [{ name: 'm', type: 'MODEL', port: model.port, grpcPort: grpcUnit.port, logger }],
    };
    const redact = `${PATHS.join(', ')}, m=data.names`;
    running = await runGraph(deployment(graph, { 'sidegraph.io/payload-log-redact': redact }));
  });
  after(async () => {
    await running?.stop();
    await Promise.all([sink, model, transformer, grpcUnit].map((each) => each?.close()));
  });

  async function counts(): Promise<Counts> {
    const { text } = await ask(running.port, { method: 'GET', path: '/metrics' });
    const of = (name: string): number =>
      Number(new RegExp(`^sidegraph_payload_log_${name}_total (\\d+)$`, 'm').exec(text)?.[1]);
    return { sent: of('sent'), withheld: of('withheld') };
  }

  /** Until so many events more than before are sent or withheld. */
  async function settled(earlier: Counts, events: number): Promise<Counts> {
    let now = earlier;
    const isThere = async (): Promise<boolean> => {
      now = await counts();
      return now.sent + now.withheld >= earlier.sent + earlier.withheld + events;
    };
    for (let tries = 0; !(await isThere()) && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return { sent: now.sent - earlier.sent, withheld: now.withheld - earlier.withheld };
  }

  test('units and clients get what the sink does not', async () => {
    const earlier = await counts();
    const body = `{ "big":12345678901234567890.10, "jsonData":{"user":{"email":"${SECRET}","id":1e2}}}`;
    const reply = await ask(running.port, { body, headers: { 'seldon-puid': 'whole' } });
    assert.equal(reply.text, RESPONSE);
    assert.equal(model.asked.at(-1)?.body.toString(), body);
    assert.deepEqual(await settled(earlier, 3), { sent: 3, withheld: 0 });
    const events = sink.asked.map((each) => [
      `${each.headers['ce-modelid']} ${String(each.headers['ce-type']).split('.').at(-1)}`,
      each.body.toString(),
    ]);
    const request = body.replace(`"${SECRET}"`, '"[redacted]"');
    assert.deepEqual(Object.fromEntries(events), {
      't request': request,
      'm request': request,
      'm response': '{"data":{"names":"[redacted]","ndarray":["[redacted]"]}}',
    });
  });

  test('a feedback, a compressed request and one of 2 MiB are redacted too', async () => {
    const before = sink.asked.length;
    const earlier = await counts();
    const request = `{"jsonData":{"user":{"email":"${SECRET}"}}}`;
    const feedback = `{"request":${request},"response":${RESPONSE},"truth":${request},"reward":1}`;
    await ask(running.port, { path: '/api/v1.0/feedback', body: feedback });
    const gzip = { 'content-encoding': 'gzip' };
    await ask(running.port, { body: gzipSync(request), headers: gzip });
    const large = `{"data":{"x":"${'y'.repeat(2 * 1024 * 1024)}"},"z":[{"\\u0065mail":"${SECRET}"}]}`;
    await ask(running.port, { body: large });
    assert.deepEqual(await settled(earlier, 7), { sent: 7, withheld: 0 });
    const bodies = sink.asked.slice(before).map((each) => each.body.toString());
    assert.equal(bodies.filter((each) => each.includes(SECRET)).length, 0);
    assert.ok(bodies.includes(request.replace(`"${SECRET}"`, '"[redacted]"')));
    assert.ok(bodies.includes(large.replace(`"${SECRET}"`, '"[redacted]"')));
    assert.ok(
      bodies.includes(
        '{"request":{"jsonData":{"user":{"email":"[redacted]"}}},"response":{"data":{"names":"[redacted]","ndarray":["[redacted]"]}},"truth":{"jsonData":{"user":{"email":"[redacted]"}}},"reward":1}',
      ),
    );
  });

  test('gRPC is not sent at all, and counted', async () => {
    const before = sink.asked.length;
    const earlier = await counts();
    const message = bytesField(4, Buffer.from(SECRET));
    assert.equal((await askGrpc(running.grpcPort, { message })).status, 0);
    assert.deepEqual(await settled(earlier, 3), { sent: 0, withheld: 3 });
    assert.equal(sink.asked.length, before);
  });

  test('of hundreds of hostile bodies the sink gets what a naive redaction makes, or nothing', async () => {
    const random = seededRandom(Number(process.env['SIDEGRAPH_SEED'] ?? 17));
    const cases = Array.from({ length: 150 }, () => makeCases(random, readPaths(PATHS))).flat();
    const earlier = await counts();
    for (const [at, { body }] of cases.entries())
      await ask(running.port, { body, headers: { 'seldon-puid': `case-${at}` } });
    const sent = cases.filter(({ expected }) => expected !== undefined).length;
    assert.ok(sent > 150 && sent < 290, String(sent));
    // The transformer's request; the model's request and response too, where it was called.
    await settled(earlier, cases.length);
    await waitFor(
      () => sink.asked.filter(isRequestOf('t')).filter(hasPuid('case-')).length === sent,
      10_000,
      () => 'the requests that can be redacted',
    );
    for (const [at, { body, expected }] of cases.entries()) {
      const events = sink.asked.filter(isRequestOf('t')).filter(hasPuid(`case-${at}$`));
      const told = body.toString('latin1');
      assert.deepEqual(
        events.map((each) => each.body.toString()),
        expected === undefined ? [] : [expected],
        told,
      );
    }
  });
});

const isRequestOf =
  (unit: string) =>
  ({ headers }: { headers: NodeJS.Dict<string | string[]> }): boolean =>
    headers['ce-modelid'] === unit && String(headers['ce-type']).endsWith('.request');

const hasPuid =
  (puid: string) =>
  ({ headers }: { headers: NodeJS.Dict<string | string[]> }): boolean =>
    new RegExp(`^${puid}`).test(String(headers['ce-requestid']));
