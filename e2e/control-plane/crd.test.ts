// The definition on a real API server: applied, explained, and every shape of manifest that Seldon took stored as it was
// written.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { ApiServer } from '../kube/apiserver.ts';
import { findKubeBin, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import { SHAPES } from './shapes.ts';

const GROUP = 'machinelearning.seldon.io';
const VERSIONS = ['v1', 'v1alpha2', 'v1alpha3'] as const;
const WRITE = { manager: 'test' };

type Json = Readonly<Record<string, unknown>>;

describe('the SeldonDeployment definition on a real API server', { skip: whyNoKube() }, () => {
  let api: ApiServer;
  let client: KubeClient;

  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  test('it is Established, and nothing in it is ignored', async () => {
    const name = `seldondeployments.${GROUP}`;
    const crd = await client.get({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name,
    });
    const { conditions = [] } = (crd?.['status'] ?? {}) as {
      conditions?: readonly { type: string; status: string }[];
    };
    const held = conditions.map(({ type, status }) => `${type}=${status}`).sort();
    assert.deepEqual(held, ['Established=True', 'NamesAccepted=True']);
  });

  test('kubectl explains the fields, those of children too', async () => {
    const spec = await explainSoon('sdep.spec');
    assert.match(spec, /predictors\s+<\[\]Object>/);
    assert.match(spec, /The graphs among which the traffic is split\./);
    const unit = await kubectl('explain', `sdep.spec.predictors.graph${'.children'.repeat(10)}`);
    assert.match(unit, /implementation\s+<string>/);
    const status = await kubectl('explain', 'sdep.status.conditions');
    assert.match(status, /message\s+<string>/);
  });

  for (const [name, spec] of Object.entries(SHAPES)) {
    test(`stored as written: ${name}`, async () => {
      const made = await client.create(deployment(nameOf(name), spec), WRITE);
      assert.deepEqual(made['spec'], spec);
      const read = await client.get(refOf(made, 'v1'));
      assert.deepEqual(read?.['spec'], spec);
    });
  }

  test('every version reads what any version wrote', async () => {
    for (const written of VERSIONS) {
      const spec = SHAPES['a graph of every kind of unit'];
      const made = await client.create(deployment(`round-${written}`, spec ?? {}, written), WRITE);
      for (const version of VERSIONS) {
        const read = await client.get(refOf(made, version));
        assert.equal(read?.apiVersion, `${GROUP}/${version}`);
        assert.deepEqual(read['spec'], spec);
      }
    }
  });

  test('server-side apply takes a list of children, and a single one in its place', async () => {
    const of = (children: unknown): KubeObject =>
      deployment('applied', { predictors: [{ name: 'p', graph: { name: 'r', children } }] });
    for (const children of [[{ name: 'a' }, { name: 'b' }], { name: 'a' }, [{ name: 'a' }]]) {
      const applied = await client.apply(of(children), { manager: 'test', force: false });
      assert.deepEqual(applied['spec'], of(children)['spec']);
    }
  });

  test('kubectl apply takes both forms, and warns of a field that does not exist', async () => {
    const manifest = (children: unknown): string =>
      JSON.stringify(
        deployment('by-kubectl', { predictors: [{ name: 'p', graph: { name: 'r', children } }] }),
      );
    assert.match(await kubectlIn(manifest({ name: 'a' }), 'apply', '-f', '-'), /created/);
    assert.match(
      await kubectlIn(manifest([{ name: 'a' }, { name: 'b' }]), 'apply', '-f', '-'),
      /configured/,
    );
    const typo = JSON.stringify(deployment('by-kubectl', { predicters: [] }));
    await assert.rejects(kubectlIn(typo, 'apply', '-f', '-'), /unknown field "spec\.predicters"/);
  });

  test('eleven levels and more of children are stored whole', async () => {
    let graph: Json = { name: 'u15' };
    for (let level = 14; level >= 0; level -= 1) graph = { name: `u${level}`, children: [graph] };
    const spec = { predictors: [{ name: 'p', graph }] };
    const made = await client.create(deployment('deep', spec), WRITE);
    assert.deepEqual(made['spec'], spec);
  });

  test('a wrong type is refused with its place, and values are left to the webhook', async () => {
    const wrong = deployment('wrong', { predictors: [{ name: 'p', replicas: 'three' }] });
    await assert.rejects(client.create(wrong, WRITE), /spec\.predictors\[0\]\.replicas/);
    const odd = deployment('odd', {
      protocol: 'nonsense',
      predictors: [{ traffic: -5 }, { traffic: 400 }],
    });
    assert.deepEqual((await client.create(odd, WRITE))['spec'], odd['spec']);
  });

  test('status is its own: a write to it leaves the spec, and the other way round', async () => {
    const made = await client.create(deployment('status', { replicas: 1, predictors: [] }), WRITE);
    assert.equal(made['status'], undefined);
    const status = {
      state: 'Creating',
      summary: 'the image m:1 cannot be pulled',
      replicas: 1,
      selector: 'a=b',
      address: { url: 'http://x' },
      deploymentStatus: { d: { replicas: 1, availableReplicas: 0, status: 'Creating' } },
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'PodsPending',
          message: 'the image m:1 cannot be pulled',
        },
      ],
    };
    const { apiVersion, kind, metadata } = made;
    const { name, namespace = 'default' } = metadata;
    const written = { apiVersion, kind, metadata: { name, namespace }, status };
    const options = { manager: 'sidegraph-status', force: true, subresource: 'status' } as const;
    assert.deepEqual((await client.apply(written, options))['status'], status);
    assert.match(
      await kubectl('get', 'sdep', name),
      /Creating +1 +http:\/\/x +\S+ +the image m:1 cannot be pulled$/m,
    );
    assert.match(await kubectl('get', 'sdep', name, '-o', 'wide'), /PodsPending/);
    const scaled = await kubectl('scale', 'sdep', name, '--replicas=3');
    assert.match(scaled, /scaled/);
    const after = await client.get(refOf(made, 'v1'));
    assert.deepEqual(after?.['spec'], { replicas: 3, predictors: [] });
  });

  /** The API server publishes the description of a new kind a moment after it serves it. */
  async function explainSoon(what: string): Promise<string> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await kubectl('explain', what);
      } catch (error) {
        if (tries > 20) throw error;
        await sleep(300);
      }
    }
  }

  async function kubectl(...args: readonly string[]): Promise<string> {
    return kubectlIn('', ...args);
  }

  async function kubectlIn(input: string, ...args: readonly string[]): Promise<string> {
    const file = join(findKubeBin() ?? '', 'kubectl');
    // Its caches go with the server's folder.
    const all = ['--kubeconfig', api.kubeconfig, '--cache-dir', join(api.dir, 'cache'), ...args];
    const running = promisify(execFile)(file, all);
    running.child.stdin?.end(input);
    return (await running).stdout;
  }
});

function deployment(name: string, spec: Json, version = 'v1'): KubeObject {
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: 'SeldonDeployment',
    metadata: { name, namespace: 'default' },
    spec,
  };
}

function refOf({ kind, metadata: { name, namespace = 'default' } }: KubeObject, version: string) {
  return { apiVersion: `${GROUP}/${version}`, kind, namespace, name };
}

function nameOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^-|-$/g, '');
}
