// Objects of the API server in, what Envoy is to run out: golden pairs in testdata/. Arguments of the gateway in, the bootstrap that its
// Envoy starts with and what its route table asks first out: those in testdata/bootstrap/.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import type { KubeObject } from '../lib/kube/object.ts';
import { readCases, testGoldens } from '../testing/golden.ts';
import { renderGatewayBootstrap } from './config/bootstrap.ts';
import { tracedMatches } from './config/traced.ts';
import { layoutOf } from './process/gateway.ts';
import { gatewayOptions } from './testing/options.ts';
import { publishObjects } from './testing/publish.ts';
import { SnapshotEncoder } from './xds/desired.ts';

const DIR = join(import.meta.dirname, 'testdata');

testGoldens({
  dir: DIR,
  outputs: ['.out.json'],
  title: (name) => `golden: ${name}`,
  render: ({ text }) => ({ '.out.json': `${JSON.stringify(render(parse(text)), null, 1)}\n` }),
});

testGoldens({
  dir: join(DIR, 'bootstrap'),
  outputs: ['.out.json'],
  title: (name) => `golden of a bootstrap: ${name}`,
  render: ({ text }) => {
    const layout = layoutOf(gatewayOptions(load(text) as string[]));
    const rendered = { bootstrap: renderGatewayBootstrap(layout), first: tracedMatches(layout) };
    return { '.out.json': `${JSON.stringify(rendered, null, 1)}\n` };
  },
});

for (const { name, text } of readCases(DIR)) {
  test(`equal input is byte-equal output: ${name}`, () => {
    const objects = parse(text);
    const versions = [objects, [...objects].reverse()].map((each) => {
      const { snapshot } = publishObjects(each).publication;
      return new SnapshotEncoder().encode(snapshot).routes.version;
    });
    assert.equal(versions[0], versions[1]);
  });
}

function parse(text: string): readonly KubeObject[] {
  return loadAll(text) as unknown as KubeObject[];
}

function render(objects: readonly KubeObject[]): object {
  const { agent, publication } = publishObjects(objects);
  const { clusters, parts: _parts, first: _first, ...rest } = publication.snapshot;
  return {
    ...rest,
    notes: Object.fromEntries(agent.notes()),
    clusters: clusters.map(({ name, endpoints, cluster: _cluster, ...each }) => ({
      name,
      ...each,
      endpoints,
    })),
  };
}
