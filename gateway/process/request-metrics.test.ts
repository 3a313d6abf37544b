// The requests of each deployment on the agent's page, as a real Envoy counts them: REST and gRPC, over both listeners, within a bound.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, constants } from 'node:http2';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../e2e/harness/ports.ts';
import { type GrpcUnit, startGrpcUnit } from '../../e2e/harness/unit.ts';
import { askAdmin } from '../../envoy/process/admin.ts';
import { grpc, rest } from '../../envoy/testing/clients.ts';
import { mountCertificate } from '../testing/certificate.ts';
import { sketchDeployment, sketchServices } from '../testing/objects.ts';
import { startTestGateway, type TestGateway, until } from '../testing/gateway.ts';

const PREDICT = '/seldon.protos.Seldon/Predict';
/** Deployments times classes in `counts`: what the first test needs. */
const SERIES = 9;
const UNAVAILABLE = 14;
const INVALID_ARGUMENT = 3;

describe('the requests of each deployment', () => {
  let dir: string;
  let gateway: TestGateway;
  let grpcModel: GrpcUnit;
  let tlsPort = 0;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sidegraph-requests-'));
    await mountCertificate(dir, 'gateway.example.com', 1);
    tlsPort = await freePort();
    grpcModel = await startGrpcUnit(async ({ message, headers }) => {
      await delay(Number(headers['x-wait'] ?? 0));
      return { message, status: Number(headers['x-status'] ?? 0) };
    }, '0.0.0.0');
    gateway = await startTestGateway({
      model: (asked, response) => {
        asked.resume();
        const { 'x-status': status = '200', 'x-wait': wait = '0' } = asked.headers;
        asked.on('end', () =>
          setTimeout(() => {
            response.statusCode = Number(status);
            response.end('{}');
          }, Number(wait)),
        );
      },
      options: { maxRequestSeries: SERIES, tls: { port: tlsPort, dir: join(dir, 'tls') } },
      concurrency: 2,
    });
    for (const name of ['busy', 'rpc', 'quiet'])
      gateway.deploy(
        { namespace: 'team', name, predictors: [{ name: 'p' }] },
        { http: gateway.modelPort, grpc: grpcModel.port },
      );
    const absent = { namespace: 'team', name: 'absent', predictors: [{ name: 'p' }] };
    gateway.api.put(sketchDeployment(absent), ...sketchServices(absent));
    await until(async () => (await page()).includes('deployment_name="quiet"'), 'all are served');
  });
  after(async () => {
    await gateway?.close();
    await grpcModel?.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function page(): Promise<string> {
    return (await rest({ port: gateway.options.statusPort, method: 'GET', path: '/metrics' })).text;
  }

  /** `name/class` → requests. */
  async function counted(): Promise<Record<string, number>> {
    const lines = (await page()).matchAll(
      /^sidegraph_gateway_requests_total\{deployment_namespace="team",deployment_name="(.+?)",code_class="(.+?)"\} (\d+)$/gm,
    );
    return Object.fromEntries(
      [...lines].map(([, name, each, count]) => [`${name}/${each}`, Number(count)]),
    );
  }

  const call = (name: string, status: number) =>
    grpc(gateway.options.httpPort, PREDICT, {
      seldon: name,
      namespace: 'team',
      'x-status': `${status}`,
    });

  test('one without requests is there with none', async () => {
    const { 'quiet/2xx': quiet, 'busy/2xx': busy } = await counted();
    assert.deepEqual([quiet, busy], [0, 0]);
  });

  test('REST and gRPC are counted by class of status, over both listeners', async () => {
    for (const status of [200, 201, 302, 404, 500, 503])
      await gateway.predict('team', 'busy', { 'x-status': String(status) });
    await overTls(tlsPort, '/seldon/team/busy/api/v1.0/predictions');
    await call('rpc', 0);
    await call('rpc', INVALID_ARGUMENT);
    await call('rpc', UNAVAILABLE);
    await leave(gateway.options.httpPort, '/seldon/team/busy/api/v1.0/predictions');
    await leaveGrpc(gateway.options.httpPort, 'rpc');
    await until(
      async () => (await counted())['busy/none'] === 1 && (await counted())['rpc/none'] === 1,
      'the clients that left are counted',
    );
    assert.deepEqual(await counted(), {
      'absent/2xx': 0,
      'busy/2xx': 3,
      'busy/3xx': 1,
      'busy/4xx': 1,
      'busy/5xx': 2,
      'busy/none': 1,
      'quiet/2xx': 0,
      'rpc/2xx': 1,
      'rpc/4xx': 1,
      'rpc/5xx': 1,
      'rpc/none': 1,
    });
    assert.doesNotMatch(gateway.envoy().log(), /\[error\]/);
  });

  test('times are in cumulative buckets, seconds', async () => {
    await gateway.predict('team', 'busy', { 'x-wait': '300' });
    await until(async () => (await counted())['busy/2xx'] === 4, 'it is counted');
    const name = 'sidegraph_gateway_request_seconds';
    const text = await page();
    const read = (rest: string) =>
      Number(new RegExp(`^${name}_${rest.replace(/[{}+]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    const labels = 'deployment_namespace="team",deployment_name="busy"';
    const buckets = ['0.005', '0.025', '0.1', '0.25', '0.5', '1', '2.5', '10', '+Inf'].map((le) =>
      read(`bucket{${labels},le="${le}"}`),
    );
    assert.deepEqual(
      buckets,
      [...buckets].sort((a, b) => a - b),
    );
    assert.equal(buckets.at(-1), 8);
    assert.ok((buckets[3] ?? 0) <= 7, `${buckets}`);
    assert.equal(buckets[4], 8, `${buckets}`);
    assert.equal(read(`count{${labels}}`), 8);
    assert.ok(read(`sum{${labels}}`) > 0.28 && read(`sum{${labels}}`) < 2, text);
  });

  test('what no deployment got, and what is over the bound, is counted apart', async () => {
    const of = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await page())?.[1]);
    assert.equal(await of('sidegraph_gateway_request_series'), 9);
    assert.equal(await of('sidegraph_gateway_request_series_limit'), SERIES);
    assert.equal(await of('sidegraph_gateway_uncounted_requests_total'), 0);
    for (let count = 0; count < 3; count += 1) {
      const response = await gateway.predict('team', 'absent');
      assert.equal(response.status, 503);
    }
    await until(
      async () => (await of('sidegraph_gateway_uncounted_requests_total')) === 3,
      'they are counted as uncounted',
    );
    assert.equal((await counted())['absent/5xx'], undefined);
  });

  test('a page names each series once, and nothing of Envoy’s own form of them', async () => {
    const lines = (await page()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const names = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    );
    assert.deepEqual(
      lines.filter((line) => /request_us|stats_overflow/.test(line)),
      [],
    );
    assert.ok(names.some((name) => name.startsWith('envoy_http_downstream_rq_total')));
  });

  test('what has no requests any more leaves its room to others', async () => {
    const { adminSocket } = gateway.gateway().layout;
    await until(async () => {
      for (let count = 0; count < 200; count += 1)
        await askAdmin(adminSocket, '/stats?filter=^nothing$', AbortSignal.timeout(1000));
      return (await counted())['busy/5xx'] === undefined;
    }, 'it is forgotten');
    await gateway.predict('team', 'absent');
    await until(async () => (await counted())['absent/5xx'] === 1, 'it has a series now');
    assert.equal((await counted())['busy/2xx'], 0);
  });
});

test('a gateway that is not to count them names no deployment', async (t) => {
  const gateway = await startTestGateway({
    model: (asked, response) => {
      asked.resume();
      asked.on('end', () => response.end('{}'));
    },
    options: { maxRequestSeries: 0 },
  });
  t.after(() => gateway.close());
  gateway.deploy({ namespace: 'team', name: 'secret', predictors: [{ name: 'p' }] });
  await until(async () => (await gateway.predict('team', 'secret')).status === 200, 'it is served');
  const asked = { port: gateway.options.statusPort, method: 'GET', path: '/metrics' };
  const { text } = await rest(asked);
  assert.match(text, /^envoy_http_downstream_rq_total/m);
  assert.doesNotMatch(text, /secret|sidegraph_gateway_request/);
});

function overTls(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = tlsRequest(
      { host: '127.0.0.1', port, path, method: 'POST', rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume();
        response.on('end', resolve);
      },
    );
    asked.on('error', reject);
    asked.end('{}');
  });
}

/** A client that is gone before its response. */
async function leave(port: number, path: string): Promise<void> {
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers: { 'x-wait': '2000' },
  });
  asked.on('error', () => undefined);
  asked.end('{}');
  await delay(200);
  asked.destroy();
}

/** The same of a call. */
async function leaveGrpc(port: number, name: string): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': PREDICT,
    'content-type': 'application/grpc',
    te: 'trailers',
    namespace: 'team',
    seldon: name,
    'x-wait': '2000',
  });
  stream.on('error', () => undefined);
  stream.end(Buffer.alloc(5));
  await delay(200);
  stream.close(constants.NGHTTP2_CANCEL);
  session.close();
}
