// Every value of a manifest in turn replaced by hostile ones, as whoever may write SeldonDeployments could: admission answers in words
// and in time, and the operator's decision neither throws nor writes a status that no API server takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { ReviewRequest } from '../admission/review.ts';
import { renderReview } from '../admission/review.ts';
import { validateDeployment } from '../admission/validate.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { SmallCluster } from '../reconcile/testing/small-cluster.ts';
import { DEFAULT_CONFIG } from '../config/workload-config.ts';
import { INLINE_READER } from './inline.ts';
import { readOptions } from './reader.ts';

/** Of one object, on a machine that is busy with other tests. */
const MOST_MS = 3_000;
/** An object with its status must fit into etcd. */
const MAX_STATUS_CHARS = 400_000;
const LONG = 60_000;

const HOSTILE: readonly unknown[] = [
  null,
  -1,
  1e308,
  '',
  `${'1'.repeat(LONG)}e`,
  'a-'.repeat(LONG),
  'a.'.repeat(LONG),
  '[('.repeat(LONG),
  '\u0000\u202e{{ $( ${',
  [],
  [[[[{}]]]],
  JSON.parse('['.repeat(500) + ']'.repeat(500)),
  { __proto__: null, constructor: { prototype: 1 }, ['x'.repeat(LONG)]: 'y' },
  Array.from({ length: 3000 }, () => ({ name: 'a', value: '1' })),
];

test('no value of a manifest holds admission or the operator', async () => {
  let count = 0;
  for (const [path, place] of places(manifest()))
    for (const value of HOSTILE) {
      const object = manifest();
      place(object, value);
      const what = `${path} = ${JSON.stringify(value)?.slice(0, 40)}`;
      const start = performance.now();
      await review(object, what);
      decide(object, what);
      const ms = performance.now() - start;
      assert.ok(ms < MOST_MS, `${what} took ${Math.round(ms)} ms`);
      count += 1;
    }
  assert.ok(count > 500, `${count} objects`);
});

async function review(object: KubeObject, what: string): Promise<void> {
  const request: ReviewRequest = {
    uid: 'u',
    operation: 'UPDATE',
    subResource: '',
    namespace: 'demo',
    name: 'iris',
    object: object as unknown as JsonObject,
    oldObject: manifest() as unknown as JsonObject,
  };
  const load = readOptions(DEFAULT_CONFIG);
  const stored = [manifest(), object] as readonly unknown[] as readonly JsonObject[];
  const verdict = await validateDeployment(request, { load, reader: INLINE_READER, stored });
  const text = JSON.stringify(renderReview('u', verdict));
  assert.ok(text.length < MAX_STATUS_CHARS * 3, `${what}: a response of ${text.length} characters`);
}

function decide(object: KubeObject, what: string): void {
  const cluster = new SmallCluster(manifest());
  cluster.namespace.annotations['sidegraph.io/injection'] = 'enabled';
  cluster.edit({ ...object, metadata: manifest().metadata });
  cluster.rivals = [{ ...object, metadata: { name: 'iris-main', namespace: 'demo' } }];
  let result = reconcile(cluster.input());
  if (result.lookUp.length > 0) {
    cluster.perform(result);
    result = reconcile(cluster.input());
  }
  const { length } = JSON.stringify(result.status);
  assert.ok(length < MAX_STATUS_CHARS, `${what}: a status of ${length} characters`);
}

type Place = (object: KubeObject, value: unknown) => void;

/** Every field and item of an object's spec, with a way to replace it. */
function* places(root: KubeObject): Generator<readonly [string, Place]> {
  const left: { readonly keys: readonly string[]; readonly value: unknown }[] = [
    { keys: ['spec'], value: root['spec'] },
  ];
  for (let top = left.pop(); top !== undefined; top = left.pop()) {
    const { keys, value } = top;
    yield [
      keys.join('.'),
      (object, replaced) => {
        let here = object as unknown as Record<string, unknown>;
        for (const key of keys.slice(0, -1)) here = here[key] as Record<string, unknown>;
        here[keys.at(-1) ?? ''] = replaced;
      },
    ];
    if (Array.isArray(value) || isPlainObject(value))
      for (const [key, item] of Object.entries(value))
        left.push({ keys: [...keys, key], value: item });
  }
}

function manifest(): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      protocol: 'seldon',
      annotations: { 'seldon.io/rest-timeout': '1000' },
      predictors: [
        {
          name: 'main',
          traffic: 100,
          labels: { a: 'b' },
          annotations: { 'seldon.io/svc-name': 'own' },
          ssl: { certSecretName: 'cert' },
          explainer: {
            type: 'AnchorTabular',
            modelUri: 'gs://a/c',
            config: { seed: '1' },
            initParameters: '{"seed": 1}',
            containerSpec: { name: 'why', args: ['a'], ports: [{ containerPort: 8080 }] },
            endpoint: { type: 'GRPC', service_port: 9001 },
          },
          svcOrchSpec: { env: [{ name: 'A', value: 'b' }], resources: { limits: { cpu: '1' } } },
          graph: {
            name: 'chooser',
            type: 'ROUTER',
            methods: ['ROUTE'],
            parameters: [{ name: 'p', type: 'FLOAT', value: '0.5' }],
            children: [{ name: 'model', implementation: 'SKLEARN_SERVER', modelUri: 'gs://a/b' }],
          },
          componentSpecs: [
            {
              metadata: { labels: { x: 'y' }, annotations: { c: 'd' } },
              hpaSpec: { minReplicas: 1, maxReplicas: 3, metrics: [] },
              pdbSpec: { minAvailable: 1 },
              kedaSpec: {
                maxReplicaCount: 3,
                triggers: [{ type: 'cpu', metadata: { value: '1' } }],
              },
              spec: {
                containers: [
                  {
                    name: 'chooser',
                    image: 'example/chooser:1',
                    ports: [{ name: 'http', containerPort: 9000 }],
                    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
                    volumeMounts: [{ name: 'disk', mountPath: '/data' }],
                    resources: { requests: { memory: '1Gi' } },
                    readinessProbe: { httpGet: { path: '/', port: 'http' } },
                  },
                ],
                volumes: [{ name: 'disk', emptyDir: {} }],
              },
            },
          ],
        },
      ],
    },
  };
}
