// The operator on a real API server with the kinds of others switched on: KEDA's, Istio's and the Gateway API's objects are made by their
// makers' definitions, watched, put back when somebody removes one, and gone with what they were for.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { objectOf } from '../../graph/plan/json-value.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { DEFAULT_CONFIG } from '../../operator/config/workload-config.ts';
import { specOf } from '../../operator/observe/fields.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import { applyDefinitions } from './apply-definitions.ts';
import {
  applyAsUser,
  createNamespace,
  eventually,
  modelOf,
  rollOut,
  startOperator,
  waitForDeployment,
  waitForState,
} from './operator-harness.ts';

const NAMESPACE = 'others';
const KINDS = [
  { apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService', name: 'iris' },
  { apiVersion: 'networking.istio.io/v1beta1', kind: 'DestinationRule', name: 'iris-main' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'iris' },
  { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'iris-main-0-model' },
] as const;

let api: ApiServer;
let client: KubeClient;

describe('the operator with kinds of others', { skip: whyNoKube() }, () => {
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
    await applyDefinitions(client);
    await createNamespace(client, NAMESPACE);
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  const find = async ({ apiVersion, kind, name }: (typeof KINDS)[number]) =>
    client.get({ apiVersion, kind, name, namespace: NAMESPACE });

  test('they are made, put back, and go', async (t) => {
    await startOperator(t, api, NAMESPACE, {
      config: {
        keda: { enabled: true },
        istio: { ...DEFAULT_CONFIG.istio, enabled: true },
        gatewayApi: { ...DEFAULT_CONFIG.gatewayApi, enabled: true, gateway: 'gateways/public' },
      },
    });
    const kedaSpec = {
      maxReplicaCount: 3,
      triggers: [{ type: 'cron', metadata: { timezone: 'UTC', desiredReplicas: '2' } }],
    };
    const component = { kedaSpec };
    await applyAsUser(client, modelOf(NAMESPACE, 'iris', { component }));
    const name = 'iris-main-0-model';
    await waitForDeployment(client, NAMESPACE, name);
    for (const each of KINDS)
      await eventually(`${each.kind} ${each.name} is there`, async () => {
        // Its replicas are given to KEDA, which is another version of it.
        await rollOut(client, NAMESPACE, name);
        return find(each);
      });
    await waitForState(client, NAMESPACE, 'iris', 'Available');

    const [route] = KINDS;
    const made = await find(route);
    assert.ok(made);
    assert.deepEqual(objectOf(specOf(made))['gateways'], ['istio-system/seldon-gateway']);
    await client.remove({ ...route, namespace: NAMESPACE }, {});
    await eventually('the VirtualService is back', () => find(route));

    const annotations = { 'sidegraph.io/expose': 'none' };
    await applyAsUser(client, modelOf(NAMESPACE, 'iris', { component, spec: { annotations } }));
    // KEDA scales on, whoever leads requests to it.
    for (const each of KINDS.slice(0, -1))
      await eventually(`${each.kind} ${each.name} is gone`, async () => {
        await rollOut(client, NAMESPACE, name);
        return (await find(each)) === undefined;
      });
  });
});
