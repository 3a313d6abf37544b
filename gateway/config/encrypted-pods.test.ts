// The gateway's Envoy before pods that take TLS (`predictors[].ssl`), by REST and by gRPC's HTTP/2.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { grpc, rest } from '../../envoy/testing/clients.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { makeTestDir, removeDir, startGatewayEnvoy, testGatewayLayout } from '../testing/envoy.ts';
import { sketchDeployment } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';
import { renderPart } from './deployment-part.ts';
import { readServed } from './read-deployment.ts';
import { renderSnapshot } from './snapshot.ts';

test('pods with a certificate are called by TLS', async () => {
  const dir = await makeTestDir();
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'pod' }], {
    keyType: 'ec',
  });
  const names: unknown[] = [];
  const plain = createServer({ cert, key }, (incoming, response) => {
    names.push((incoming.socket as { servername?: unknown }).servername);
    incoming.resume().on('end', () => response.end('{"by":"tls"}'));
  });
  const h2 = createSecureServer({ cert, key });
  h2.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.resume().on('end', () => stream.end());
  });
  for (const each of [plain, h2]) await once(each.listen(0, '127.0.0.1'), 'listening');
  const portOf = (own: { address(): unknown }): number => (own.address() as AddressInfo).port;
  const object = sketchDeployment({
    namespace: 'demo',
    name: 'm',
    predictors: [{ name: 'main', ssl: { certSecretName: 'main-cert' } }],
  });
  const { served } = readServed(object);
  assert.ok(served);
  const layout = await testGatewayLayout(dir);
  const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
  await server.listen(layout.discoverySocket);
  const part = renderPart(served, [
    {
      service: 'm-main',
      rest: [{ name: 'm-0', ip: '127.0.0.1', port: portOf(plain) }],
      grpc: [{ name: 'm-0', ip: '127.0.0.1', port: portOf(h2) }],
      isPredictor: true,
    },
  ]);
  server.publish(new SnapshotEncoder().encode(renderSnapshot([part])));
  const envoy = await startGatewayEnvoy(dir, layout);
  try {
    await envoy.ready();
    const { httpPort } = envoy.layout;
    const path = `/seldon/demo/m${SELDON.example.path}`;
    const response = await rest({ port: httpPort, path, body: '{}' });
    assert.deepEqual([response.status, response.text], [200, '{"by":"tls"}']);
    assert.deepEqual(names, ['m-main.demo']);
    const headers = { seldon: 'm', namespace: 'demo' };
    const called = await grpc(httpPort, SELDON.example.grpcPath ?? '', headers);
    assert.equal(called.status, 0);
  } finally {
    server.close();
    await envoy.stop();
    plain.close();
    h2.close();
    await removeDir(dir);
  }
});
