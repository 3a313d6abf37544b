// Objects of a cluster in, the tree out: goldens over files that hold a SeldonDeployment, its pods and what these answered.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseManifests } from '../../../graph/manifest/parse-manifests.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { testGoldens } from '../../../testing/golden.ts';
import { readState } from './read-state.ts';
import { renderTree } from './render-tree.ts';

const PAINT = createPaint({ isTTY: false }, {});

testGoldens({
  dir: join(import.meta.dirname, 'testdata'),
  outputs: ['.out.txt'],
  title: (name) => `${name}: the tree says what is the matter`,
  render: ({ name, text }) => {
    const { documents } = parseManifests(text, name);
    const objects = documents.map(({ value }) => value as unknown as KubeObject);
    const object = objects.find(({ kind }) => kind === 'SeldonDeployment');
    assert.ok(object !== undefined);
    const pods = objects.filter(({ kind }) => kind === 'Pod');
    const namespace = objects.find(({ kind }) => kind === 'Namespace');
    const responses = pods.flatMap((pod) => {
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
      responses: new Map(responses),
      namespaceAnnotations: namespace?.metadata.annotations ?? {},
    });
    return { '.out.txt': renderTree([state], PAINT) };
  },
});
