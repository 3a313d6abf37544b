// The objects are Seldon's but for the engine: what its users' selectors, monitors and tools find on its objects is on ours too.
import { objectOf, objectsOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf } from '../observe/fields.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import { ENGINE, renderSeldonObjects } from '../../e2e/control-plane/seldon-objects.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { renderWorkloads } from './render-workloads.ts';
import { loadInput } from './testing/load-input.ts';

const LAST_APPLIED = 'seldon.io/last-applied';

const OWNER: KubeObject = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
  metadata: { name: 'scaled', namespace: 'models' },
  spec: {
    annotations: { 'seldon.io/rest-timeout': '20000', 'example.com/of-all': 'yes' },
    predictors: [
      {
        name: 'main',
        traffic: 100,
        replicas: 10,
        labels: { tier: 'gold' },
        annotations: { 'example.com/cost': '42', 'seldon.io/svc-name': 'flowers' },
        componentSpecs: [
          {
            metadata: {
              labels: { mine: 'yes' },
              annotations: { 'reloader.example.com/auto': 'true' },
            },
            spec: { containers: [container('scaler'), container('choose')] },
          },
          { spec: { containers: [container('one'), container('join'), container('after')] } },
        ],
        graph: unit('scaler', 'TRANSFORMER', [
          unit('after', 'OUTPUT_TRANSFORMER', [
            unit('choose', 'ROUTER', [unit('join', 'COMBINER', [unit('one', 'MODEL')])]),
          ]),
        ]),
      },
      {
        name: 'dark',
        shadow: true,
        traffic: 50,
        componentSpecs: [{ spec: { containers: [container('two')] } }],
        graph: unit('two', 'MODEL'),
      },
    ],
  },
};

const ours = new Map(
  renderWorkloads(loadInput(dump(OWNER), { injection: true })).objects.map((object) => [
    `${object.kind}/${object.metadata.name}`,
    object,
  ]),
);
const seldons = renderSeldonObjects(OWNER);

for (const theirs of [...seldons.services, ...seldons.deployments]) {
  const name = `${theirs.kind}/${theirs.metadata.name}`;
  test(`${name} has the labels and annotations of Seldon's`, () => {
    const own = ours.get(name) ?? assert.fail(`there is no ${name} of ours`);
    assertHas(own.metadata.labels, theirs.metadata.labels);
    assertHas(own.metadata.annotations, without(theirs.metadata.annotations, LAST_APPLIED));
    if (theirs.kind === 'Service') {
      assert.deepEqual(objectOf(own['spec'])['selector'], objectOf(theirs['spec'])['selector']);
      return;
    }
    const [template, seldons] = [own, theirs].map((each) => objectOf(specOf(each)['template']));
    const [metadata, wanted] = [template, seldons].map((each) => objectOf(each?.['metadata']));
    assertHas(metadata?.['labels'], wanted?.['labels']);
    // What the data plane or the gateway reads rolls no pods; that of the pods' own does.
    assertHas(metadata?.['annotations'], wanted?.['annotations']);
    assert.deepEqual(specOf(own)['selector'], specOf(theirs)['selector']);
    assert.deepEqual(specOf(own)['strategy'], specOf(theirs)['strategy']);
    assertHas(portsByName(template), portsByName(seldons));
  });
}

function container(name: string): JsonObject {
  return { name, image: `example/${name}:1` };
}

function unit(name: string, type: string, children: readonly JsonObject[] = []): JsonObject {
  return { name, type, children };
}

/** Numbers of the entry's ports, by name: those of the engine are those of the sidecars. */
function portsByName(template: JsonObject | undefined): JsonObject {
  const pod = objectOf(template?.['spec']);
  const entries = [...objectsOf(pod['initContainers']), ...objectsOf(pod['containers'])]
    .filter(({ name }) => name === ENGINE || String(name).startsWith('sidegraph-'))
    .flatMap(({ ports }) => objectsOf(ports))
    .map(({ name, containerPort }) => [name, containerPort]);
  return Object.fromEntries(entries) as JsonObject;
}

function without(fields: unknown, name: string): JsonObject {
  const { [name]: _, ...rest } = objectOf(fields);
  return rest;
}

function assertHas(actual: unknown, wanted: unknown): void {
  const found = objectOf(actual);
  for (const [key, value] of Object.entries(objectOf(wanted)))
    assert.equal(found[key], value, `${key} of ${JSON.stringify(found)}`);
}
