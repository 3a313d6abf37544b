// The commands of docs/kubernetes.md on a real API server with our operator: what they make, and what they say.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../lib/kube/client.ts';
import { CONTAINERS } from '../../cluster/names.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import {
  conditionLine,
  DEPLOYMENT,
  eventually,
  rollOut,
  runPod,
  SDEP,
  startOperator,
  waitForDeployment,
  waitForState,
} from './operator-harness.ts';
import { type CommandResult, readCommands, runScript } from './read-commands.ts';

const PAGE = new URL('../../docs/kubernetes.md', import.meta.url);
const BIN = fileURLToPath(new URL('../../bin', import.meta.url));
const NAMESPACE = 'demo';

test('docs/kubernetes.md does what it says', { skip: whyNoKube() }, async (t) => {
  const commands = readCommands(PAGE);
  const left = new Set(commands.keys());
  const api = await startApiServer();
  const client = new KubeClient(api.config());
  t.after(async () => {
    await client.config.close();
    await api.stop();
  });
  await applyCrd(client);
  const run = async (name: string): Promise<CommandResult> => {
    left.delete(name);
    const script = `cd "$SCRATCH"; PATH="$BIN:$PATH"\n${commands.get(name) ?? assert.fail(name)}`;
    const env = { KUBECONFIG: api.kubeconfig, HOME: api.dir, SCRATCH: api.dir, BIN };
    const result = await runScript(script, env);
    assert.equal(result.code, 0, `${script}\n${result.output}`);
    return result;
  };

  await t.test('applied in an annotated namespace, a graph is made', async () => {
    await run('apply');
    await startOperator(t, api, NAMESPACE);
    await waitForState(client, NAMESPACE, 'iris', 'Creating');
    await rollOut(client, NAMESPACE, 'iris-main-0-scale-classifier');
    await waitForState(client, NAMESPACE, 'iris', 'Available');
    const { output } = await run('look');
    assert.match(output, /^iris\s+.*Available/m);
    assert.match(output, /children/);
  });

  await t.test(
    'without a pod of the user nothing serves, and the status says how one joins',
    async () => {
      await run('graph');
      const tulip = await waitForState(client, NAMESPACE, 'tulip', 'Creating');
      assert.match(
        conditionLine(tulip, 'Ready'),
        /annotate pods with sidegraph\.io\/graph: tulip\/main/,
      );
      const made = (await client.list(DEPLOYMENT, { namespace: NAMESPACE })).items;
      assert.deepEqual(
        made.map(({ metadata }) => metadata.name),
        ['iris-main-0-scale-classifier'],
      );
    },
  );

  await t.test(
    'an injected pod mounts the plan that is there, is selected, and makes it available',
    async () => {
      await run('pod');
      await run('inject');
      const deployment = await waitForDeployment(client, NAMESPACE, 'my-classifier');
      const pod = objectOf(objectOf(specOf(deployment)['template'])['spec']);
      const names = objectsOf(pod['initContainers']).map((each) => textOf(each['name']));
      assert.deepEqual(names, [CONTAINERS.filter, CONTAINERS.envoy]);
      const plan = objectsOf(pod['volumes']).find((each) => each['name'] === 'sidegraph-plan');
      const map = textOf(objectOf(plan?.['configMap'])['name']);
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: map };
      assert.notEqual(await client.get(ref), undefined, `${map} is there`);
      const made = await runPod(client, deployment, 'my-classifier-0', '10.1.0.1');
      const service = { apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE };
      for (const name of ['tulip-main', 'tulip-main-classifier']) {
        const live = await client.get({ ...service, name });
        const selector = objectOf(specOf(live ?? assert.fail(name))['selector']);
        for (const [key, value] of Object.entries(selector))
          assert.equal(made.metadata.labels?.[key], value, `${name} selects the pod`);
      }
      await waitForState(client, NAMESPACE, 'tulip', 'Available');
      const tulip = await eventually('tulip is there', () =>
        client.get({ ...SDEP, namespace: NAMESPACE, name: 'tulip' }),
      );
      assert.match(conditionLine(tulip, 'Ready'), /^True/);
    },
  );

  assert.deepEqual([...left], []);
});
