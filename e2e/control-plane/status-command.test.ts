// `sidegraph status` against a real API server: what is there, who may not look, and what is not there.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CommandOutput, sidegraph } from './run-command.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { ApiServer } from '../kube/apiserver.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';

const WRITE = { manager: 'test' };

describe('sidegraph status on a real API server', { skip: whyNoKube() }, () => {
  let api: ApiServer;
  let client: KubeClient;
  const show = (...argv: string[]): Promise<CommandOutput> =>
    sidegraph('status', '--kubeconfig', api.kubeconfig, ...argv);

  before(async () => {
    api = await startApiServer({ users: { nobody: ['strangers'] } });
    client = new KubeClient(api.config());
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  test('without the definition it says what to install', async () => {
    const { code, err } = await show('-n', 'demo');
    assert.equal(code, 1);
    assert.match(err, /has no SeldonDeployments: their definition is not installed/);
  });

  test('what is there is shown with its pods, and the exit code says whether all is well', async () => {
    await applyCrd(client);
    const none = await show('-A');
    assert.deepEqual([none.code, none.out], [0, 'the cluster has no SeldonDeployment\n']);

    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } }, WRITE);
    const made = await client.create(graph('iris'), WRITE);
    const unseen = await show('-n', 'demo');
    assert.equal(unseen.code, 1);
    assert.match(unseen.out, /demo\/iris {2}Unknown\n.*kubectl annotate namespace demo/);

    const status = {
      state: 'Available',
      observedGeneration: made.metadata.generation,
      predictors: [{ name: 'main', ready: true, traffic: 100, plan: 'aaaa' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await client.patch(refOf(made), { status }, { ...WRITE, type: 'merge', subresource: 'status' });
    await client.create(pod('iris-main-1'), WRITE);
    const { code, out } = await show('-n', 'demo', 'iris');
    assert.equal(code, 0);
    assert.match(out, /demo\/iris {2}Available/);
    assert.match(out, /main {2}100 % {2}serves {2}plan aaaa in 1 of 1 pods/);
    // There is no kubelet to ask the pod through.
    assert.match(out, /iris-main-1 {2}not ready {2}plan aaaa asked for {2}starting/);

    const json = await show('-n', 'demo', '-o', 'json');
    const [state] = JSON.parse(json.out) as { name: string; predictors: { pods: object[] }[] }[];
    assert.equal(state?.name, 'iris');
    assert.equal(state?.predictors[0]?.pods.length, 1);
  });

  test('a name that is not there, a user without rights, a server that is not there', async () => {
    const missing = await show('-n', 'demo', 'irsi');
    assert.equal(missing.code, 1);
    assert.match(missing.err, /namespace demo has no SeldonDeployment irsi/);

    const file = join(api.dir, 'nobody');
    writeFileSync(file, api.config('nobody').exportConfig());
    const forbidden = await sidegraph('status', '--kubeconfig', file, '-n', 'demo');
    assert.equal(forbidden.code, 1);
    assert.match(forbidden.err, /you may not read that.*\n.*get and list seldondeployments/);

    const away = join(api.dir, 'away');
    writeFileSync(away, api.config().exportConfig().replaceAll(api.url, 'https://127.0.0.1:1'));
    const silent = await sidegraph('status', '--kubeconfig', away);
    assert.equal(silent.code, 1);
    assert.match(silent.err, /the cluster at https:\/\/127\.0\.0\.1:1 does not answer/);

    const context = await show('--context', 'other');
    assert.match(context.err, /the kubeconfig has no context other/);
  });
});

function graph(name: string): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name, namespace: 'demo' },
    spec: { predictors: [{ name: 'main', graph: { name: 'm', implementation: 'SIMPLE_MODEL' } }] },
  };
}

function pod(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'demo',
      labels: {
        'sidegraph.io/deployment': 'iris',
        'sidegraph.io/predictor': 'main',
        'sidegraph.io/injected': 'true',
      },
      annotations: { 'sidegraph.io/plan-hash': 'aaaa' },
    },
    spec: { containers: [{ name: 'm', image: 'i' }] },
  };
}
