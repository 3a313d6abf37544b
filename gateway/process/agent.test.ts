import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestAgent, type TestAgent } from '../testing/publish.ts';
import { sketchDeployment, sketchServices, sketchSlice } from '../testing/objects.ts';

const SKETCH = { namespace: 'demo', name: 'm', predictors: [{ name: 'p' }] };
const OTHER = { namespace: 'demo', name: 'other', predictors: [{ name: 'p' }] };

function start(): TestAgent & { readonly slice: (pods: readonly string[]) => void } {
  const objects = [SKETCH, OTHER].flatMap((sketch) => [
    sketchDeployment(sketch),
    ...sketchServices(sketch),
  ]);
  const agent = startTestAgent(objects);
  const [service] = sketchServices(SKETCH);
  assert.ok(service);
  return { ...agent, slice: (pods) => agent.put(sketchSlice(service, pods)) };
}

function podsOf({ published }: TestAgent, name: string): number | undefined {
  const cluster = published.at(-1)?.snapshot.clusters.find((each) => each.name === name);
  const [locality] = (cluster?.endpoints.endpoints ?? []) as { lb_endpoints: unknown[] }[];
  return cluster === undefined ? undefined : (locality?.lb_endpoints.length ?? 0);
}

test('changes that come together are published together', async () => {
  const agent = start();
  assert.equal(agent.published.length, 1);
  agent.slice(['10.0.0.1']);
  agent.slice(['10.0.0.1', '10.0.0.2']);
  agent.slice(['10.0.0.2']);
  await delay(100);
  assert.equal(agent.published.length, 2);
  assert.equal(podsOf(agent, 'demo/m-p/rest'), 1);
  agent.agent.close();
});

test('a change of one deployment leaves the objects of the others as they are', async () => {
  const agent = start();
  const find = () =>
    agent.published.at(-1)?.snapshot.clusters.find(({ name }) => name === 'demo/other-p/rest');
  const before = find();
  agent.slice(['10.0.0.1']);
  await delay(100);
  assert.ok(before);
  assert.equal(find(), before);
  agent.agent.close();
});

test('a change of status alone renders nothing, and its resourceVersion is published', async () => {
  const agent = start();
  const object = sketchDeployment(SKETCH);
  const metadata = { ...object.metadata, resourceVersion: '77' };
  agent.put({ ...object, metadata, status: { state: 'Available' } });
  await delay(100);
  const [before, last] = agent.published;
  assert.equal(last?.resourceVersion, '77');
  assert.equal(last?.snapshot, before?.snapshot);
  agent.agent.close();
});

test('a deployment that is deleted or hidden leaves the routes', async () => {
  const agent = start();
  agent.remove(sketchDeployment(SKETCH));
  agent.put(sketchDeployment({ ...OTHER, annotations: { 'sidegraph.io/expose': 'none' } }));
  await delay(100);
  assert.equal(podsOf(agent, 'demo/m-p/rest'), undefined);
  assert.equal(podsOf(agent, 'demo/other-p/rest'), undefined);
  agent.agent.close();
});

test('what is remembered is served again by an agent that knows nothing else', () => {
  const agent = start();
  const again = startTestAgent([]);
  again.agent.recall(agent.agent.remember());
  assert.deepEqual(again.published.at(-1)?.snapshot, agent.published.at(-1)?.snapshot);
  assert.equal(again.published.at(-1)?.resourceVersion, '0');
});
