// The gateway's part of traces: its spans are of the caller's trace, and what pods add are children of its call.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { startReceiver, traceOf } from '../../e2e/harness/otlp.ts';
import { startRestUnit } from '../../e2e/harness/unit.ts';
import { rest } from '../../envoy/testing/clients.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { makeTestDir, removeDir, startGatewayEnvoy, testGatewayLayout } from '../testing/envoy.ts';
import { sketchDeployment } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';
import { renderPart } from './deployment-part.ts';
import { readServed } from './read-deployment.ts';
import { renderSnapshot } from './snapshot.ts';

test("the gateway takes part in its callers' traces, and decides where they have not", async () => {
  const dir = await makeTestDir();
  const receiver = await startReceiver();
  const pod = await startRestUnit(() => ({ body: '{}' }));
  const object = sketchDeployment({ namespace: 'demo', name: 'm', predictors: [{ name: 'main' }] });
  const { served } = readServed(object);
  assert.ok(served);
  const tracing = { url: receiver.url, samplingPercent: 0, formats: ['jaeger'] as const };
  const layout = { ...(await testGatewayLayout(dir)), tracing };
  const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
  await server.listen(layout.discoverySocket);
  const place = [{ name: 'm-0', ip: '127.0.0.1', port: pod.port }];
  const part = renderPart(served, [
    { service: 'm-main', rest: place, grpc: place, isPredictor: true },
  ]);
  server.publish(new SnapshotEncoder().encode(renderSnapshot([part])));
  const envoy = await startGatewayEnvoy(dir, layout);
  try {
    await envoy.ready();
    const path = `/seldon/demo/m${SELDON.example.path}`;
    const called = async (headers: Record<string, string>): Promise<readonly string[]> => {
      const { httpPort } = envoy.layout;
      assert.equal((await rest({ port: httpPort, path, body: '{}', headers })).status, 200);
      return String(pod.asked.at(-1)?.headers['traceparent']).split('-');
    };
    const [trace, caller] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    for (const headers of [
      { traceparent: `00-${trace}-${caller}-01` },
      { 'uber-trace-id': `${trace}:${caller}:0:1` },
    ]) {
      const [, traceId, spanId, flags] = await called(headers);
      assert.deepEqual([traceId, flags], [trace, '01']);
      const spans = await traceOf(receiver, trace, 'traceparent' in headers ? 2 : 4);
      const client = spans.find((span) => span.spanId === spanId);
      const own = spans.find((span) => span.spanId === client?.parentSpanId);
      assert.deepEqual(
        [own?.parentSpanId, own?.name, own?.kind, client?.kind],
        [caller, 'demo/m', 2, 3],
      );
      assert.equal(own?.resource['service.name'], 'sidegraph-gateway');
    }
    const [, , , flags] = await called({});
    assert.equal(flags, '00');
  } finally {
    server.close();
    await envoy.stop();
    await pod.close();
    await receiver.close();
    await removeDir(dir);
  }
});
