// Objects of a cluster in, the tree out: goldens over files that hold a SeldonDeployment, its pods and what these answered.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseManifests } from '../../../graph/manifest/parse-manifests.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { readState } from './read-state.ts';
import { renderTree } from './render-tree.ts';

const DIR = join(import.meta.dirname, 'testdata');
const PAINT = createPaint({ isTTY: false }, {});

function load(name: string): KubeObject[] {
  const text = readFileSync(join(DIR, `${name}.in.yaml`), 'utf8');
  return parseManifests(text, name).documents.map(({ value }) => value as unknown as KubeObject);
}

for (const file of readdirSync(DIR).filter((each) => each.endsWith('.in.yaml'))) {
  const name = file.slice(0, -'.in.yaml'.length);
  test(`${name}: the tree says what is the matter`, () => {
    const objects = load(name);
    const object = objects.find(({ kind }) => kind === 'SeldonDeployment');
    assert.ok(object !== undefined);
    const pods = objects.filter(({ kind }) => kind === 'Pod');
    const namespace = objects.find(({ kind }) => kind === 'Namespace');
    const answers = pods.flatMap((pod) => {
      const hash = pod['answers'];
      const refused = pod['refuses'];
      if (typeof hash !== 'string') return [];
      return [
        [pod.metadata.name, { hash, refused: typeof refused === 'string' ? refused : '' }] as const,
      ];
    });
    const state = readState({
      object,
      pods,
      answers: new Map(answers),
      namespaceAnnotations: namespace?.metadata.annotations ?? {},
    });
    const actual = renderTree([state], PAINT);
    const golden = join(DIR, `${name}.out.txt`);
    if (process.env['SIDEGRAPH_UPDATE_GOLDENS'] === '1') writeFileSync(golden, actual);
    assert.equal(actual, existsSync(golden) ? readFileSync(golden, 'utf8') : '');
  });
}
