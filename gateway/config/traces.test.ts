// A real gateway Envoy with a receiver of traces: who is traced, what spans there are, and that clients, pods, log and counts see no
// difference between requests that are traced and others, which take another way through it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type Receiver, startReceiver, traceOf } from '../../e2e/harness/otlp.ts';
import { type RestUnit, startRestUnit } from '../../e2e/harness/unit.ts';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { type RestResponse, rest, say } from '../../envoy/testing/clients.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { readEnvoyMetrics } from '../process/envoy-metrics.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
  testGatewayLayout,
} from '../testing/envoy.ts';
import { ownAddress, until } from '../testing/gateway.ts';
import { sketchDeployment } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';
import type { GatewayLayout } from './bootstrap.ts';
import { renderPart } from './deployment-part.ts';
import { readServed } from './read-deployment.ts';
import { renderSnapshot } from './snapshot.ts';
import { tracedMatches } from './traced.ts';

const PATH = `/seldon/demo/m${SELDON.example.path}`;
/** What Envoy says instead of a client's loopback address where it passes a request on. */
const CLIENT = ownAddress();
const newId = (bytes: number): string => randomBytes(bytes).toString('hex');

interface Running {
  readonly envoy: GatewayEnvoy;
  readonly receiver: Receiver;
  readonly pod: RestUnit;
  ask(headers: Record<string, string>, path?: string): Promise<RestResponse>;
  /** A request whose caller has decided. */
  askTraced(flags: '00' | '01', headers?: Record<string, string>, path?: string): Promise<Asked>;
  /** Trace, span and flags that the pod was given last. */
  given(): readonly string[];
}

interface Asked {
  readonly trace: string;
  readonly caller: string;
  readonly response: RestResponse;
}

async function withGateway(
  samplingPercent: number,
  more: Partial<GatewayLayout>,
  use: (running: Running) => Promise<void>,
): Promise<void> {
  const dir = await makeTestDir();
  const receiver = await startReceiver();
  const pod = await startRestUnit(({ headers }) => ({
    status: Number(headers['x-answer'] ?? 200),
    body: '{}',
    headers: { 'x-pod': 'm' },
  }));
  const object = sketchDeployment({ namespace: 'demo', name: 'm', predictors: [{ name: 'main' }] });
  const { served } = readServed(object);
  assert.ok(served);
  const tracing = { url: receiver.url, samplingPercent, formats: ['jaeger'] as const };
  const layout: GatewayLayout = { ...(await testGatewayLayout(dir)), tracing, ...more };
  const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
  await server.listen(layout.discoverySocket);
  const place = [{ name: 'm-0', ip: '127.0.0.1', port: pod.port }];
  const part = renderPart(served, [
    { service: 'm-main', rest: place, grpc: place, isPredictor: true },
  ]);
  server.publish(new SnapshotEncoder().encode(renderSnapshot([part], tracedMatches(layout))));
  const envoy = await startGatewayEnvoy(dir, layout);
  const ask: Running['ask'] = (headers, path = PATH) =>
    rest({ port: envoy.layout.httpPort, path, body: '{}', headers });
  try {
    await envoy.ready();
    await use({
      envoy,
      receiver,
      pod,
      ask,
      async askTraced(flags, headers = {}, path = PATH) {
        const [trace, caller] = [newId(16), newId(8)];
        const traceparent = `00-${trace}-${caller}-${flags}`;
        return { trace, caller, response: await ask({ ...headers, traceparent }, path) };
      },
      given: () => String(pod.asked.at(-1)?.headers['traceparent']).split('-').slice(1),
    });
  } finally {
    server.close();
    await envoy.stop();
    await pod.close();
    await receiver.close();
    await removeDir(dir);
  }
}

/** Server and client span of a request, as they have to be below the caller's. */
async function assertSpans(
  { receiver, given }: Running,
  trace: string,
  caller: string,
): Promise<void> {
  const [traceId, spanId, flags] = given();
  assert.deepEqual([traceId, flags], [trace, '01']);
  const spans = await traceOf(receiver, trace, 2);
  const client = spans.find((span) => span.spanId === spanId);
  const own = spans.find((span) => span.spanId === client?.parentSpanId);
  assert.deepEqual(
    [spans.length, own?.parentSpanId, own?.name, own?.kind, client?.kind, client?.name],
    [2, caller, 'demo/m', 2, 3, SELDON.example.path],
  );
  assert.equal(own?.resource['service.name'], 'sidegraph-gateway');
}

test("the gateway takes part in its callers' traces, whatever header says them", () =>
  withGateway(0, {}, async (running) => {
    const { trace, caller } = await running.askTraced('01');
    await assertSpans(running, trace, caller);
    assert.deepEqual(
      [...new Set(running.receiver.spans().map((span) => span.attributes['client.address']))],
      [CLIENT],
    );
    const [other, parent] = [newId(16), newId(8)];
    await running.ask({ 'uber-trace-id': `${other}:${parent}:0:1` });
    await assertSpans(running, other, parent);
  }));

test('a request that is not traced leaves no span, and its pods do not decide again', () =>
  withGateway(0, {}, async ({ ask, askTraced, given, receiver }) => {
    const { trace, caller } = await askTraced('00');
    assert.deepEqual(given(), [trace, caller, '00']);
    await ask({});
    const [made, span, flags] = given();
    assert.match(String(made), /^0{16}[0-9a-f]{16}$/);
    assert.deepEqual([span, flags], ['0000000000000001', '00']);
    const { trace: last } = await askTraced('01');
    await traceOf(receiver, last, 2);
    assert.deepEqual([...new Set(receiver.spans().map(({ traceId }) => traceId))], [last]);
  }));

for (const percent of [10, 100])
  test(`where the caller has not decided, ${percent} % of requests begin a trace at the gateway`, () =>
    withGateway(percent, {}, async (running) => {
      const { ask, askTraced, given } = running;
      let asked = 0;
      do {
        await ask({});
        asked += 1;
      } while (given()[2] !== '01' && asked < 500);
      if (percent === 100) assert.equal(asked, 1);
      await assertSpans(running, String(given()[0]), '');
      const { trace } = await askTraced('00');
      assert.deepEqual([given()[0], given()[2]], [trace, '00']);
    }));

test('clients and pods see no difference, and each request is logged and counted once', () =>
  withGateway(0, {}, async ({ askTraced, envoy, pod }) => {
    const client = { 'x-forwarded-for': '203.0.113.7', 'x-request-id': 'mine', te: 'trailers' };
    const seen: object[][] = [[], []];
    for (const [at, flags] of (['00', '01'] as const).entries())
      for (const path of [PATH, `${PATH}?a=%2e/../b`, '/nowhere']) {
        const before = pod.asked.length;
        const { response } = await askTraced(flags, client, path);
        const { date: _date, ...headers } = response.headers;
        const asked = pod.asked.slice(before).map((request) => {
          const { traceparent: _context, tracestate: _state, ...kept } = request.headers;
          return { path: request.path, headers: kept };
        });
        seen[at]?.push({ ...response, headers, asked });
      }
    assert.deepEqual(seen[1], seen[0]);
    const lines = async () =>
      (await envoy.accessLog())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await until(async () => (await lines()).length >= 6, 'six lines');
    const shown = (await lines()).map((line) => {
      const { time: _time, duration_us: _us, protocol: _protocol, client, ...kept } = line;
      return { ...kept, client: client === CLIENT ? '127.0.0.1' : client };
    });
    assert.equal(shown.length, 6);
    assert.deepEqual(shown.slice(3), shown.slice(0, 3));
    assert.equal(shown[3]?.client, '127.0.0.1');
    const page = await readEnvoyMetrics(envoy.layout.adminSocket, {
      served: ['demo/m'],
      maxRequestSeries: 1000,
    });
    assert.match(page, /requests_total\{[^}]*name="m",code_class="2xx"\} 4$/m);
    assert.match(page, /unserved_requests_total 2$/m);
  }));

test('a client that says that its request was passed on changes nothing', () =>
  withGateway(0, {}, async (running) => {
    const { trace, caller } = await running.askTraced('01', { 'x-sidegraph-passed-on': '1' });
    await assertSpans(running, trace, caller);
    assert.equal(running.pod.asked.at(-1)?.headers['x-sidegraph-passed-on'], undefined);
  }));

test('a host that HTTP/2 has no form for is served as it is without a trace', () =>
  withGateway(10, {}, async ({ envoy, given }) => {
    for (const host of ['', 'user@a'])
      for (const flags of ['00', '01']) {
        const [trace, caller] = [newId(16), newId(8)];
        const context = `host: ${host}\r\ntraceparent: 00-${trace}-${caller}-${flags}`;
        const response = await say(
          envoy.layout.httpPort,
          `POST ${PATH} HTTP/1.1\r\n${context}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
        );
        assert.match(response, /^HTTP\/1\.1 200 /, `${host}, ${flags}`);
        assert.deepEqual(given(), [trace, caller, flags]);
      }
  }));

test('a response that cannot come back from there is no fault of a deployment that there is not', () =>
  withGateway(0, {}, async ({ askTraced }) => {
    const { response } = await askTraced('01', { 'x-answer': '101' });
    assert.deepEqual(
      [response.status, response.headers['sidegraph-error']],
      [503, 'POD_UNAVAILABLE'],
    );
    const { status } = JSON.parse(response.text) as { status: { info: string } };
    assert.equal(status.info, 'the pod sent no valid response');
  }));

test("filters of the user's own run once, at the client's listener, which makes the spans then", () => {
  const lua = {
    name: 'own',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: {
        inline_string: `function envoy_on_request(handle)
          handle:headers():add('x-own', handle:streamInfo():downstreamDirectRemoteAddress())
        end`,
      },
    },
  };
  return withGateway(0, { httpFilters: [lua] }, async (running) => {
    const { trace, caller } = await running.askTraced('01');
    await assertSpans(running, trace, caller);
    assert.match(String(running.pod.asked.at(-1)?.headers['x-own']), /^127\.0\.0\.1:\d+$/);
  });
});
