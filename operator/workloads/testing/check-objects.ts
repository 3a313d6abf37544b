// What must hold of any rendered deployment, whatever the manifest: names that Kubernetes takes, no two objects with one key,
// selectors that match their own pods and nobody else's, Services that lead where they should.
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { LABELS, SELDON_LABELS } from '../../../cluster/names.ts';
import { TRAFFIC_KINDS } from '../../config/other-kinds.ts';
import type { Workloads } from '../workloads.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../../graph/plan/json-value.ts';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SERVICE = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

type Labels = Readonly<Record<string, string>>;

export function checkObjects({ objects, predictors }: Workloads): void {
  const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  assert.deepEqual([...new Set(keys)], keys, 'no two objects have one key');
  for (const object of objects) checkLabels(object);
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  const pods = deployments.map((object) => ({
    name: object.metadata.name,
    labels: podLabels(object),
  }));
  for (const object of deployments) checkDeployment(object, pods);
  const selectedBy = (service: string): string[] => {
    const found = objects.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === service,
    );
    assert.ok(found, `Service ${service} is there`);
    assert.match(service, SERVICE);
    const selector = textsAt(objectAt(found, 'spec'), 'selector');
    return pods.filter(({ labels }) => matches(selector, labels)).map(({ name }) => name);
  };
  for (const predictor of predictors) {
    const entry = predictor.entryDeployment;
    assert.deepEqual(selectedBy(predictor.serviceName), entry === undefined ? [] : [entry]);
    for (const service of Object.values(predictor.joinedServices))
      assert.deepEqual(selectedBy(service), [], 'no pod of ours poses as one that others make');
    for (const [unit, service] of Object.entries(predictor.containerServices)) {
      const selected = selectedBy(service);
      assert.equal(selected.length, 1, `the Service of ${unit} leads to one Deployment`);
      assert.ok(predictor.deploymentNames.includes(selected[0] ?? ''));
    }
  }
  for (const { explainer } of predictors) {
    if (explainer === undefined) continue;
    const selected = selectedBy(explainer.serviceName);
    assert.deepEqual(selected, [explainer.deploymentName], 'an explainer has pods of its own');
  }
  const services = predictors.flatMap((own) => [
    own.serviceName,
    ...(own.explainer === undefined ? [] : [own.explainer.serviceName]),
    ...Object.values(own.containerServices),
    ...Object.values(own.joinedServices),
  ]);
  const rendered = objects.filter(({ kind }) => kind === 'Service');
  assert.equal(services.length, rendered.length, 'every Service is told');
}

function checkDeployment(
  object: KubeObject,
  pods: readonly { readonly name: string; readonly labels: Labels }[],
): void {
  const { name } = object.metadata;
  assert.match(name, DNS_LABEL);
  const selector = textsAt(objectAt(objectAt(object, 'spec'), 'selector'), 'matchLabels');
  const selected = pods.filter(({ labels }) => matches(selector, labels));
  assert.deepEqual(
    selected.map((pod) => pod.name),
    [name],
    'a Deployment selects its own pods alone',
  );
  const pod = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
  const containers = [...objectsAt(pod, 'initContainers'), ...objectsAt(pod, 'containers')];
  assert.ok(objectsAt(pod, 'containers').length > 0, 'a pod has a container');
  const names = containers.map((container) => textAt(container, 'name'));
  assert.deepEqual([...new Set(names)], names, 'names of containers are unique');
  const volumes = objectsAt(pod, 'volumes').map((volume) => textAt(volume, 'name'));
  assert.deepEqual([...new Set(volumes)], volumes, 'names of volumes are unique');
  for (const text of [...names, ...volumes]) assert.match(text, DNS_LABEL);
  for (const container of containers) {
    for (const mount of objectsAt(container, 'volumeMounts'))
      assert.ok(volumes.includes(textAt(mount, 'name')), `${textAt(mount, 'name')} is a volume`);
    checkUnique(container, 'env', ({ name: variable }) => variable);
    checkUnique(container, 'volumeMounts', ({ mountPath }) => mountPath);
    checkUnique(
      container,
      'ports',
      (port) => `${String(port['containerPort'])}/${textAt(port, 'protocol')}`,
    );
  }
}

/** Server-side apply refuses a list with two items of one key. */
function checkUnique(
  container: Parameters<typeof objectsAt>[0],
  list: string,
  keyOf: (item: ReturnType<typeof objectsAt>[number]) => unknown,
): void {
  const keys = objectsAt(container, list).map(keyOf);
  assert.deepEqual([...new Set(keys)], keys, `${list} has no twins`);
}

function checkLabels({ metadata, kind }: KubeObject): void {
  const labels = metadata.labels ?? {};
  for (const [key, value] of Object.entries(labels)) {
    assert.match(key, LABEL_KEY);
    assert.match(value, LABEL_VALUE);
  }
  // One route leads to all predictors.
  const own = TRAFFIC_KINDS.includes(kind) ? [] : [LABELS.predictor];
  for (const key of [SELDON_LABELS.deployment, LABELS.deployment, ...own])
    assert.ok(labels[key] !== undefined, `${kind} ${metadata.name} has the label ${key}`);
}

function podLabels(deployment: KubeObject): Labels {
  const template = objectAt(objectAt(deployment, 'spec'), 'template');
  return textsAt(objectAt(template, 'metadata'), 'labels');
}

function matches(selector: Labels, labels: Labels): boolean {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}
