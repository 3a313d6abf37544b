// The table of pods against a real API server: what the checks refuse it refuses, and what they take it takes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PODS, podOf } from '../../graph/pod/testing/pods.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import { explainRefusal } from '../../operator/observe/explain-refusal.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { createNamespace, DEPLOYMENT } from './operator-harness.ts';

let api: ApiServer;
let client: KubeClient;

describe('pods on a real API server', { skip: whyNoKube() }, () => {
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await createNamespace(client, 'pods');
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  PODS.forEach((each, index) => {
    const { name, finding } = each;
    test(`${name} is ${finding === undefined ? 'taken' : 'refused for good'}`, async () => {
      const labels = { app: 'x' };
      const object = {
        ...DEPLOYMENT,
        metadata: { name: `pod-${index}`, namespace: 'pods' },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: podOf(each) },
        },
      };
      const applied = client.apply(object, { manager: 'test', force: true });
      if (finding === undefined) {
        await applied;
        return;
      }
      const error = await applied.then(
        () => assert.fail('it is taken'),
        (refused: unknown) => refused,
      );
      assert.ok(error instanceof KubeError);
      assert.equal(explainRefusal(error)?.remedy, 'edit', error.message);
    });
  });
});
