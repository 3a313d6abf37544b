// The pod webhook as a function of a review and a view of the cluster: who joins, what is added, what is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { CONTAINERS, GRAPH_ANNOTATION } from '../../cluster/names.ts';
import { DEFAULT_CONFIG } from '../config/workload-config.ts';
import { pointer } from './json-patch.ts';
import type { ReviewRequest, Verdict } from './review.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { applyPatch } from './apply-patch.ts';
import { INLINE_READER } from '../read/inline.ts';
import { mutatePodReview } from './webhooks.ts';

const HERE = (port: number): JsonObject => ({ service_host: 'localhost', httpPort: port });

/** t → m, both in pods that others make; a second predictor with a container of its own. */
const GRAPH: KubeObject = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
  metadata: { name: 'g', namespace: 'demo', uid: 'u' },
  spec: {
    predictors: [
      {
        name: 'main',
        traffic: 60,
        graph: {
          name: 'tr',
          type: 'TRANSFORMER',
          endpoint: HERE(9000),
          children: [{ name: 'model', endpoint: HERE(9001) }],
        },
      },
      {
        name: 'own',
        traffic: 40,
        graph: {
          name: 'first',
          children: [{ name: 'outside', endpoint: { service_host: 'x', httpPort: 9000 } }],
        },
        componentSpecs: [{ spec: { containers: [{ name: 'first', image: 'i' }] } }],
      },
    ],
  },
};

function pod(graph: string, containers: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations: { [GRAPH_ANNOTATION]: graph } },
    spec: { terminationGracePeriodSeconds: 30, containers, ...more },
  };
}

function named(...names: readonly string[]): JsonObject[] {
  return names.map((name) => ({ name, image: 'i' }));
}

async function mutate(object: JsonObject, injection = 'enabled'): Promise<Verdict> {
  const request: ReviewRequest = {
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    namespace: 'demo',
    name: 'p',
    object,
    oldObject: undefined,
  };
  return mutatePodReview(request, {
    config: DEFAULT_CONFIG,
    reader: INLINE_READER,
    cluster: {
      listDeployments: () => [GRAPH],
      findDeployment: async (_, name) => (name === 'g' ? GRAPH : undefined),
      readInjection: async () => injection,
    },
  });
}

async function patched(object: JsonObject): Promise<JsonObject> {
  const verdict = await mutate(object);
  assert.ok(verdict.allowed, verdict.allowed ? '' : verdict.message);
  return applyPatch(object, verdict.patch);
}

async function refusal(object: JsonObject): Promise<string> {
  const verdict = await mutate(object);
  assert.equal(verdict.allowed, false);
  return verdict.allowed ? '' : verdict.message;
}

interface PodView {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers?: readonly JsonObject[];
    readonly containers: readonly JsonObject[];
    readonly volumes?: readonly JsonObject[];
  };
}

function view(object: JsonObject): PodView {
  return object as unknown as PodView;
}

describe('the entry of a graph', () => {
  test('gets both sidecars after its own init containers, their volumes, and time to drain', async () => {
    const before = pod('g/main', named('tr', 'model'), {
      initContainers: [{ name: 'prepare', image: 'i' }],
      volumes: [{ name: 'mine', emptyDir: {} }],
    });
    const { spec } = view(await patched(before));
    assert.deepEqual(
      spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy]),
      [
        ['prepare', undefined],
        [CONTAINERS.filter, 'Always'],
        [CONTAINERS.envoy, 'Always'],
      ],
    );
    assert.deepEqual(
      spec.volumes?.map(({ name }) => name),
      ['mine', 'sidegraph-run', 'sidegraph-plan', 'sidegraph-no-token'],
    );
    const plan = spec.volumes?.find(({ name }) => name === 'sidegraph-plan');
    assert.match(JSON.stringify(plan), /"configMap":\{"name":"g-main-plan-[0-9a-f]{10}"/);
    assert.equal(spec.terminationGracePeriodSeconds, 10 + 30 + 5);
    for (const container of spec.containers)
      assert.deepEqual(container['lifecycle'], { preStop: { sleep: { seconds: 10 } } });
  });

  test('gets the labels that the Services select', async () => {
    const { metadata } = view(await patched(pod('g/main', named('tr', 'model'))));
    assert.deepEqual(metadata.labels, {
      'seldon-app': 'g-main',
      'seldon-app-svc-model': 'g-main-model',
      'seldon-app-svc-tr': 'g-main-tr',
      'seldon-deployment-id': 'g',
      'sidegraph.io/deployment': 'g',
      'sidegraph.io/injected': 'true',
      'sidegraph.io/predictor': 'main',
      version: 'main',
    });
  });

  test('patched again it stays as it is', async () => {
    const once = await patched(pod('g/main', named('tr')));
    const again = await mutate(once);
    assert.deepEqual(again.allowed && again.patch, []);
  });

  test('what its author set stays', async () => {
    const hook = { preStop: { exec: { command: ['sleep', '1'] } } };
    const before = {
      ...pod('g/main', [{ name: 'tr', image: 'i', lifecycle: hook }], {
        terminationGracePeriodSeconds: 4000,
      }),
      metadata: {
        annotations: { [GRAPH_ANNOTATION]: 'g/main' },
        labels: { version: 'blue', a: 'b' },
      },
    };
    const { metadata, spec } = view(await patched(before));
    assert.equal(metadata.labels['version'], 'blue');
    assert.equal(metadata.labels['a'], 'b');
    assert.deepEqual(spec.containers[0]?.['lifecycle'], hook);
    assert.equal(spec.terminationGracePeriodSeconds, 4000);
  });
});

describe('other pods of a graph', () => {
  test('get labels and nothing else', async () => {
    const { metadata, spec } = view(await patched(pod('g/main', named('model'))));
    assert.equal(metadata.labels['seldon-app-svc-model'], 'g-main-model');
    assert.equal(metadata.labels['seldon-app'], undefined);
    assert.deepEqual(spec, { terminationGracePeriodSeconds: 30, containers: named('model') });
  });

  test('where the deployment has pods of its own, they are the entry', async () => {
    const { metadata, spec } = view(await patched(pod('g/own', named('outside'))));
    assert.equal(metadata.labels['seldon-app'], undefined);
    assert.equal(spec.initContainers, undefined);
  });

  test('a container beside the units is let be, and a likely slip told', async () => {
    const verdict = await mutate(pod('g/main', named('tr', 'modle', 'logger')));
    assert.ok(verdict.allowed);
    assert.deepEqual(verdict.warnings, [
      'container modle is no unit of predictor main of g; did you mean model?',
    ]);
  });
});

describe('refusals say what to do', () => {
  const cases: readonly [string, JsonObject, RegExp][] = [
    [
      'a deployment that does not exist',
      pod('x', named('tr')),
      /has no SeldonDeployment x; it has g$/,
    ],
    [
      'a predictor that does not exist',
      pod('g/mian', named('tr')),
      /g has no predictor mian; did you mean main\?/,
    ],
    [
      'no predictor where there are several',
      pod('g', named('tr')),
      /g has 2 predictors \(main, own\); name one, as in sidegraph\.io\/graph: g\/main/,
    ],
    [
      'another namespace',
      pod('demo/g/main', named('tr')),
      /write deployment or deployment\/predictor/,
    ],
    [
      'no unit at all',
      pod('g/main', named('server')),
      /no container of the pod is a unit of predictor main of g; name one tr, model/,
    ],
    [
      'a misspelt unit',
      pod('g/main', named('modell')),
      /did you mean model where it says modell\?/,
    ],
    [
      'a unit that has a container',
      pod('g/own', named('first')),
      /unit first of predictor own of g already has a container \(spec\.predictors\[1\]\.componentSpecs\[0\]\.spec\.containers\[0\]\); remove one/,
    ],
  ];
  for (const [name, object, words] of cases)
    test(name, async () => assert.match(await refusal(object), words));
});

describe('who is left alone', () => {
  test('a pod without the annotation', async () => {
    const verdict = await mutate({ metadata: {}, spec: { containers: named('tr') } });
    assert.deepEqual(verdict, { allowed: true, warnings: [], patch: [] });
  });

  test('a pod in a namespace that lets no sidecars in, with a word about it', async () => {
    const verdict = await mutate(pod('g/main', named('tr')), 'disabled');
    assert.ok(verdict.allowed);
    assert.deepEqual(verdict.patch, []);
    assert.match(
      verdict.warnings[0] ?? '',
      /kubectl annotate namespace demo sidegraph\.io\/injection=enabled/,
    );
  });
});

test('keys with a slash or a tilde are escaped in a pointer', () => {
  assert.equal(pointer('metadata', 'a/b~c', 0), '/metadata/a~1b~0c/0');
});
