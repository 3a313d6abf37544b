// What exists already lives on: selectors, sidecars until something else changes, replicas that an autoscaler set.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { CONTAINERS } from '../../cluster/names.ts';
import { renderWorkloads } from './render-workloads.ts';
import { checkObjects } from './testing/check-objects.ts';
import { CONFIG, loadInput, UID } from './testing/load-input.ts';
import type { Workloads } from './workloads.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../graph/plan/json-value.ts';
import { SIDECAR_VERSION_ANNOTATION } from '../../graph/seldon/annotation-names.ts';

const PLAIN = manifest('{name: model, image: "example/model:1"}');
const CHANGED = manifest('{name: model, image: "example/model:2"}');
const SCALED = manifest(
  '{name: model, image: "example/model:1"}',
  'hpaSpec: {minReplicas: 2, maxReplicas: 9}',
);

const NEWER = {
  ...CONFIG,
  sidecar: {
    ...CONFIG.sidecar,
    version: '9.0.0',
    drainSeconds: 33,
    images: { envoy: 'envoy:9', filter: 'filter:9' },
  },
};

test('a template keeps its sidecars when only the operator is newer', () => {
  const before = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const after = deploymentOf(renderWorkloads(loadInput(PLAIN, { live: [before], config: NEWER })));
  assert.deepEqual(after, before);
});

test('a change of a container brings the newer sidecars', () => {
  const before = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const after = deploymentOf(
    renderWorkloads(loadInput(CHANGED, { live: [before], config: NEWER })),
  );
  assert.deepEqual(sidecarImages(after), ['filter:9', 'envoy:9']);
});

test('an upgrade that is asked for brings the newer sidecars', () => {
  const before = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const asking = PLAIN.replace(
    'namespace: default',
    `namespace: default, annotations: {${SIDECAR_VERSION_ANNOTATION}: 9.0.0}`,
  );
  const after = deploymentOf(renderWorkloads(loadInput(asking, { live: [before], config: NEWER })));
  assert.deepEqual(sidecarImages(after), ['filter:9', 'envoy:9']);
});

test('an edit that only the plan sees leaves the Deployment as it is', () => {
  const before = renderWorkloads(loadInput(PLAIN));
  const edited = PLAIN.replace(
    'spec:',
    'spec:\n  annotations: {sidegraph.io/deadline-ms: "2000", sidegraph.io/routing: body}',
  );
  const after = renderWorkloads(loadInput(edited, { live: [deploymentOf(before)] }));
  assert.deepEqual(template(deploymentOf(after)), template(deploymentOf(before)));
  assert.equal(after.predictors[0]?.planName, before.predictors[0]?.planName);
  assert.notEqual(after.predictors[0]?.plan.hash, before.predictors[0]?.plan.hash);
});

test('another set of containers gets a plan map of its own', () => {
  const before = renderWorkloads(loadInput(PLAIN));
  const more = PLAIN.replace(
    'graph: {name: model, type: MODEL}',
    'graph: {name: other, type: MODEL}',
  ).replaceAll('{name: model,', '{name: other,');
  const after = renderWorkloads(loadInput(more));
  assert.notEqual(after.predictors[0]?.planName, before.predictors[0]?.planName);
});

test('without the annotation a running predictor keeps its sidecars, and the status says so', () => {
  const before = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const result = renderWorkloads(loadInput(CHANGED, { live: [before], injection: false }));
  assert.equal(result.predictors[0]?.injected, true);
  assert.deepEqual(
    result.warnings.map(({ code }) => code),
    ['INJECTION_REMOVED'],
  );
});

test('a selector of old is copied, and the pods get the labels that it asks for', () => {
  const wanted = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const live = withSelector(wanted, {
    'seldon-deployment-id': 'm',
    'seldon-app-svc': 'm-main-model',
  });
  const result = renderWorkloads(loadInput(PLAIN, { live: [live] }));
  checkObjects(result);
  const selector = textsAt(
    objectAt(objectAt(deploymentOf(result), 'spec'), 'selector'),
    'matchLabels',
  );
  assert.deepEqual(selector, { 'seldon-deployment-id': 'm', 'seldon-app-svc': 'm-main-model' });
});

test('a selector that cannot be met gives a Deployment beside the old one, and it stays', () => {
  const wanted = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const old = withSelector(wanted, { 'seldon-app': 'another-service' });
  const beside = deploymentOf(renderWorkloads(loadInput(PLAIN, { live: [old] })));
  assert.match(beside.metadata.name, /^seldon-[0-9a-f]{32}$/);
  for (const live of [[old, beside], [beside]]) {
    const later = renderWorkloads(loadInput(PLAIN, { live }));
    checkObjects(later);
    assert.equal(deploymentOf(later).metadata.name, beside.metadata.name);
  }
});

test('a Deployment of somebody else is not looked at', () => {
  const own = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const foreign = withSelector(
    { ...own, metadata: { ...own.metadata, ownerReferences: [] } },
    { app: 'mine' },
  );
  const after = deploymentOf(renderWorkloads(loadInput(PLAIN, { live: [foreign] })));
  assert.deepEqual(after, own);
});

test('replicas go to a second manager before they are left out for an autoscaler', () => {
  const before = deploymentOf(renderWorkloads(loadInput(PLAIN)));
  const live = {
    ...scale(before, 4),
    metadata: { ...before.metadata, managedFields: owners('sidegraph') },
  };
  const first = renderWorkloads(loadInput(SCALED, { live: [live] }));
  const name = before.metadata.name;
  assert.deepEqual(first.transfers, [
    { deployment: name, manager: 'sidegraph-replicas', replicas: 4 },
  ]);
  assert.equal(objectAt(deploymentOf(first), 'spec')['replicas'], undefined);
  const given = {
    ...live,
    metadata: { ...live.metadata, managedFields: owners('sidegraph', 'sidegraph-replicas') },
  };
  assert.deepEqual(renderWorkloads(loadInput(SCALED, { live: [given] })).transfers, []);
});

test('a new Deployment with an autoscaler starts with the pods of the one whose place it takes', () => {
  const old = scale(deploymentOf(renderWorkloads(loadInput(SCALED))), 7);
  const renamed = { ...old, metadata: { ...old.metadata, name: 'm-main-0-before' } };
  const alone = deploymentOf(renderWorkloads(loadInput(SCALED)));
  assert.equal(objectAt(alone, 'spec')['replicas'], 2);
  const after = deploymentOf(renderWorkloads(loadInput(SCALED, { live: [renamed] })));
  assert.equal(objectAt(after, 'spec')['replicas'], 7);
});

test('without an autoscaler the nearest replicas count, and 1 is the default', () => {
  const replicasOf = (text: string): unknown =>
    objectAt(deploymentOf(renderWorkloads(loadInput(text))), 'spec')['replicas'];
  assert.equal(replicasOf(PLAIN), 1);
  const spec = PLAIN.replace('spec:', 'spec:\n  replicas: 2');
  assert.equal(replicasOf(spec), 2);
  const predictor = spec.replace('- name: main', '- name: main\n    replicas: 3');
  assert.equal(replicasOf(predictor), 3);
  assert.equal(replicasOf(predictor.replace('- spec:', '- replicas: 0\n      spec:')), 0);
});

function manifest(container: string, component = ''): string {
  return `apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: m, namespace: default}
spec:
  predictors:
  - name: main
    componentSpecs:
    - spec: {containers: [${container}]}
      ${component}
    graph: {name: model, type: MODEL}
`;
}

function deploymentOf({ objects }: Workloads): KubeObject {
  const found = objects.find(({ kind }) => kind === 'Deployment');
  assert.ok(found);
  assert.equal(found.metadata.ownerReferences?.[0]?.uid, UID);
  return found;
}

function template(deployment: KubeObject): object {
  return objectAt(objectAt(deployment, 'spec'), 'template');
}

function sidecarImages(deployment: KubeObject): string[] {
  const pod = objectAt(objectAt(objectAt(deployment, 'spec'), 'template'), 'spec');
  const ours: readonly string[] = Object.values(CONTAINERS);
  return objectsAt(pod, 'initContainers')
    .filter((container) => ours.includes(textAt(container, 'name')))
    .map((container) => textAt(container, 'image'));
}

function withSelector(deployment: KubeObject, matchLabels: Record<string, string>): KubeObject {
  const spec = objectAt(deployment, 'spec');
  return { ...deployment, spec: { ...spec, selector: { matchLabels } } };
}

function scale(deployment: KubeObject, replicas: number): KubeObject {
  return { ...deployment, spec: { ...objectAt(deployment, 'spec'), replicas } };
}

function owners(...managers: readonly string[]) {
  return managers.map((manager) => ({
    manager,
    operation: 'Apply',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  }));
}
