// Which containers of a pod are given the token of its account, by an API server that gives tokens.
import { objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeClient } from '../../lib/kube/client.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import {
  applyAsUser,
  createNamespace,
  modelOf,
  runPod,
  startOperator,
  waitForDeployment,
} from './operator-harness.ts';

test("the units get the pod's token, the sidecars do not", { skip: whyNoKube() }, async (t) => {
  const api = await startApiServer({ givesTokens: true });
  const client = new KubeClient(api.config());
  t.after(async () => {
    await client.config.close();
    await api.stop();
  });
  await applyCrd(client);
  const namespace = 'token';
  await createNamespace(client, namespace);
  const operator = await startOperator(t, api, namespace);
  await applyAsUser(client, modelOf(namespace, 'iris'));
  const deployment = await waitForDeployment(client, namespace, 'iris-main-0-model');
  const pod = await runPod(client, deployment, 'iris-pod', '10.1.2.3');
  await operator.stop();
  const { initContainers, containers } = specOf(pod);
  const tokens = [...objectsOf(initContainers), ...objectsOf(containers)].map((container) => [
    container['name'],
    objectsOf(container['volumeMounts'])
      .filter((mount) => mount['mountPath'] === '/var/run/secrets/kubernetes.io/serviceaccount')
      .map((mount) => textOf(mount['name']).replace(/^(kube-api-access)-.*/, '$1')),
  ]);
  assert.deepEqual(tokens, [
    ['sidegraph-filter', ['sidegraph-no-token']],
    ['sidegraph-envoy', ['sidegraph-no-token']],
    ['model', ['kube-api-access']],
  ]);
});
