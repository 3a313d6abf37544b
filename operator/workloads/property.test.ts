// What must hold of any deployment: the same bytes whatever the order of keys, objects that fit each other, plans without secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../lib/kube/object.ts';
import { renderWorkloads } from './render-workloads.ts';
import { checkObjects } from './testing/check-objects.ts';
import { loadInput } from './testing/load-input.ts';
import { objectAt } from '../../graph/plan/json-value.ts';

/** Few and alike, so that joined names meet. */
const NAME = fc.constantFrom('a', 'b', 'a-b', '0', '0-a', 'A_b', 'a_b', 'x'.repeat(63), 'B');
const SECRET = 'hunter2';

interface Shape {
  readonly name: string;
  readonly components: readonly (readonly string[])[];
  readonly names: readonly string[];
  readonly prepackaged: boolean;
  readonly separate: boolean;
  readonly injection: boolean;
}

const SHAPE: fc.Arbitrary<Shape[]> = fc
  .uniqueArray(
    fc.record({
      name: NAME,
      containers: fc.uniqueArray(NAME, { minLength: 1, maxLength: 5, selector: fold }),
      cuts: fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }),
      names: fc.array(fc.constantFrom('', '', 'own', 's-a-0-a'), { minLength: 3, maxLength: 3 }),
      prepackaged: fc.boolean(),
      separate: fc.boolean(),
      injection: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4, selector: ({ name }) => fold(name) },
  )
  .map((predictors) =>
    predictors.map(({ containers, cuts, ...rest }) => ({
      ...rest,
      components: [0, 1, 2]
        .map((part) => containers.filter((_, index) => cuts[index] === part))
        .filter((part) => part.length > 0),
    })),
  );

test('objects of random deployments fit each other', () => {
  fc.assert(
    fc.property(SHAPE, fc.constantFrom('s', 's.t', '1s', 'y'.repeat(80)), (shapes, name) => {
      const first = shapes[0];
      if (first === undefined) return;
      const object = manifest(name, shapes, first);
      const input = loadInput(JSON.stringify(object), { injection: first.injection });
      const result = renderWorkloads(input);
      checkObjects(result);
      const reversed = loadInput(JSON.stringify(reverseKeys(object)), {
        injection: first.injection,
      });
      assert.equal(
        JSON.stringify(renderWorkloads(reversed).objects),
        JSON.stringify(result.objects),
        'the order of keys changes nothing',
      );
      const maps = result.objects.filter(({ kind }) => kind === 'ConfigMap');
      assert.ok(!JSON.stringify(maps).includes(SECRET), 'plans hold no environment');
      const live = result.objects.filter(({ kind }) => kind === 'Deployment');
      const again = renderWorkloads({ ...input, live: { ...input.live, deployments: live } });
      assert.deepEqual(
        again.objects.map(withoutReplicas),
        result.objects.map(withoutReplicas),
        'what is live already changes nothing',
      );
    }),
    { numRuns: 80 },
  );
});

function manifest(name: string, shapes: readonly Shape[], first: Shape): object {
  const share = Math.floor(100 / shapes.length);
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name, namespace: 'default' },
    spec: {
      annotations: { 'seldon.io/engine-separate-pod': String(first.separate), 'a.b/c': 'd' },
      predictors: shapes.map((shape, index) => ({
        name: shape.name,
        traffic: index === 0 ? 100 - share * (shapes.length - 1) : share,
        labels: { z: '1', a: '2', 'seldon-app': 's-a', 'seldon-app-svc-a': 's-a-a' },
        componentSpecs: shape.components.map((containers, part) => ({
          metadata: { name: shape.names[part] ?? '', labels: { y: '1', b: '2' } },
          hpaSpec: part === 1 ? { maxReplicas: 3 } : undefined,
          pdbSpec: part === 0 ? { minAvailable: 1 } : undefined,
          spec: {
            containers: containers.map((container) => ({
              name: container,
              image: 'example/image:1',
              env: [{ name: 'PASSWORD', value: SECRET }],
            })),
          },
        })),
        graph: chain(shape, shape.components.flat()),
      })),
    },
  };
}

function chain(shape: Shape, names: readonly string[]): object {
  const [name, ...rest] = names;
  const children = rest.length > 0 ? [chain(shape, rest)] : [];
  if (shape.prepackaged && rest.length === 0)
    return { name, implementation: 'SKLEARN_SERVER', modelUri: 'pvc://c/m', children };
  return { name, type: rest.length > 0 ? 'TRANSFORMER' : 'MODEL', children };
}

/** Those of a live Deployment may be an autoscaler's. */
function withoutReplicas(object: KubeObject): object {
  return { ...object, spec: { ...objectAt(object, 'spec'), replicas: undefined } };
}

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reverseKeys(item)]),
  );
}

function fold(name: string): string {
  return name.toLowerCase();
}
