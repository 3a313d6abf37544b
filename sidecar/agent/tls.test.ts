// A pod with a certificate (`predictors[].ssl`) beside a real Envoy: both ports take TLS alone, REST and gRPC, and a renewed
// certificate is served at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { renderPlanFile } from '../../cluster/plan-file.ts';
import { ask } from '../../e2e/harness/client.ts';
import { deployment, model } from '../../e2e/harness/manifest.ts';
import { startRestUnit } from '../../e2e/harness/unit.ts';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { openPod } from './testing/pod.ts';

const ENV = { SIDEGRAPH_DEPLOYMENT: 'test', SIDEGRAPH_PREDICTOR: 'p', POD_NAMESPACE: 'ns' };
const BODY = '{"data":{"ndarray":[[1]]}}';
const PREDICT = '/api/v1.0/predictions';

test('a pod with a certificate takes TLS alone, and the renewed one at once', async () => {
  const unit = await startRestUnit(() => ({ body: BODY }));
  const pod = await openPod(ENV);
  const dir = mkdtempSync(join(tmpdir(), 'sgc-'));
  try {
    await mountCertificate(dir, 'first.example.com', 1);
    pod.mount(planOf(unit.port));
    pod.startAgent([`--tls-dir=${dir}`, '--tls-certificate=server.pem']);
    await pod.until('the agent is live', async () => (await pod.probe('/live')) === 200);
    await pod.startEnvoy();
    await pod.until('all is ready', async () => (await pod.probe('/ready')) === 200);
    const response = await call(pod.port);
    assert.deepEqual(response, { status: 200, text: BODY, subject: 'first.example.com' });
    assert.equal((await ask(pod.port, { body: BODY })).status, -1);
    assert.equal(await http2Status(pod.port), 200);
    await mountCertificate(dir, 'second.example.com', 2);
    await pod.until(
      'the renewed certificate is served',
      async () => (await call(pod.port)).subject === 'second.example.com',
    );
  } finally {
    await pod.close();
    await unit.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

function planOf(port: number): string {
  const { deployments } = loadDeployments(JSON.stringify(deployment(model('m', port), {})), {
    source: 'test',
  });
  const [loaded] = deployments;
  assert.ok(loaded !== undefined);
  return renderPlanFile(compileDeployment(loaded, {}), 'test-p-plan-r1');
}

/** As the kubelet mounts a Secret, with a link that is swapped. */
async function mountCertificate(dir: string, name: string, version: number): Promise<void> {
  const made = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
  const data = join(dir, `..${version}`);
  mkdirSync(data);
  writeFileSync(join(data, 'server.pem'), made.cert);
  writeFileSync(join(data, 'tls.key'), made.private);
  symlinkSync(`..${version}`, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  if (version > 1) return;
  for (const file of ['server.pem', 'tls.key']) symlinkSync(`..data/${file}`, join(dir, file));
}

function call(port: number): Promise<{ status: number; text: string; subject: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', port, path: PREDICT, rejectUnauthorized: false, headers };
    const sent = request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, subject: String(CN) }),
      );
    });
    sent.on('error', reject);
    sent.end(BODY);
  });
}

/** As gRPC clients come: HTTP/2, agreed on by ALPN. */
async function http2Status(port: number): Promise<number> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const stream = session.request({ ':method': 'GET', ':path': '/ready' });
  stream.resume();
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  await once(stream, 'close');
  session.close();
  return Number(headers[':status']);
}
