// Objects of the API server in, what Envoy is to run out: golden pairs in testdata/.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../lib/kube/object.ts';
import { publishObjects } from './testing/publish.ts';
import { SnapshotEncoder } from './xds/desired.ts';

const FOLDER = join(import.meta.dirname, 'testdata');
const CASES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.in.yaml'))
  .map((name) => name.slice(0, -'.in.yaml'.length));

for (const name of CASES) {
  test(`golden: ${name}`, () => {
    const objects = loadAll(
      readFileSync(join(FOLDER, `${name}.in.yaml`), 'utf8'),
    ) as unknown as KubeObject[];
    const text = `${JSON.stringify(render(objects), null, 1)}\n`;
    const path = join(FOLDER, `${name}.out.json`);
    if (process.env.SIDEGRAPH_UPDATE_GOLDENS === '1') writeFileSync(path, text);
    assert.equal(text, readFileSync(path, 'utf8'));
  });

  test(`equal input is byte-equal output: ${name}`, () => {
    const objects = loadAll(
      readFileSync(join(FOLDER, `${name}.in.yaml`), 'utf8'),
    ) as unknown as KubeObject[];
    const versions = [objects, [...objects].reverse()].map((each) => {
      const { snapshot } = publishObjects(each).publication;
      return new SnapshotEncoder().encode(snapshot).routes.version;
    });
    assert.equal(versions[0], versions[1]);
  });
}

function render(objects: readonly KubeObject[]): object {
  const { agent, publication } = publishObjects(objects);
  const { clusters, parts: _parts, ...rest } = publication.snapshot;
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
