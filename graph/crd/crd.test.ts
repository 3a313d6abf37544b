// The generated definition: what it looks like to the API server, and that the chart's file is it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { compareGolden } from '../../testing/golden.ts';
import { renderCrd, renderCrdText } from './crd.ts';
import type { SeldonDeployment, SeldonDeploymentSpec } from './deployment.ts';
import { CHILDREN_LEVELS, renderSchema } from './render-schema.ts';
import { children, int, list, object, text } from './schema.ts';
import type { TypeOf } from './schema.ts';
import { VERSIONS } from './names.ts';

const FILE = join(import.meta.dirname, '../../charts/sidegraph/files/crd.yaml');
const MAX_BYTES = 256 * 1024;

type Json = Readonly<Record<string, unknown>>;

describe('the definition', () => {
  test("the chart's file is what the schema renders", () => {
    const rendered = renderCrdText();
    compareGolden(FILE, rendered);
    assert.deepEqual(load(rendered), renderCrd());
  });

  test('it fits in the annotation that kubectl apply writes, and the file in what the chart may hold', () => {
    assert.ok(JSON.stringify(renderCrd()).length < MAX_BYTES / 2);
    assert.ok(renderCrdText().length < MAX_BYTES);
  });

  test('all versions are served with one schema, of which v1 is stored', () => {
    const versions = dig(renderCrd(), 'spec', 'versions') as readonly Json[];
    assert.deepEqual(
      versions.map(({ name, served, storage }) => [name, served, storage]),
      VERSIONS.map((name) => [name, true, name === 'v1']),
    );
    for (const version of versions) assert.deepEqual(version['schema'], versions[0]?.['schema']);
  });

  test('it says types and largest sizes only, so that the webhook tells everything at once', () => {
    const words = new Set<string>();
    visit(
      dig(renderCrd(), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec'),
      (schema) => {
        for (const word of Object.keys(schema)) words.add(word);
      },
    );
    assert.deepEqual([...words].sort(), [
      'additionalProperties',
      'description',
      'format',
      'items',
      'maxItems',
      'maxLength',
      'maxProperties',
      'properties',
      'type',
      'x-kubernetes-int-or-string',
      'x-kubernetes-preserve-unknown-fields',
    ]);
  });

  test('every schema is structural: it has a type, or keeps what it is given', () => {
    visit(dig(renderCrd(), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema'), (schema) => {
      const typed =
        typeof schema['type'] === 'string' ||
        schema['x-kubernetes-int-or-string'] === true ||
        schema['x-kubernetes-preserve-unknown-fields'] === true;
      assert.ok(typed, JSON.stringify(schema).slice(0, 200));
      assert.ok(!('properties' in schema && 'additionalProperties' in schema));
    });
  });

  test('descriptions are sentences', () => {
    visit(dig(renderCrd(), 'spec', 'versions', 0, 'schema', 'openAPIV3Schema'), (schema) => {
      if (schema['description'] !== undefined) assert.match(String(schema['description']), /\.$/);
    });
  });
});

describe('children', () => {
  const NODE = object('A node.', { name: text('Its name.'), children: children('More.') }).node;

  test(`${CHILDREN_LEVELS} levels are checked, and deeper ones kept as they are`, () => {
    let schema: Json | undefined = renderSchema(NODE);
    for (let level = 0; level <= CHILDREN_LEVELS; level += 1) {
      const field: Json = dig(schema, 'properties', 'children') as Json;
      assert.equal(field['x-kubernetes-preserve-unknown-fields'], true);
      assert.equal(field['type'], undefined);
      schema = field['items'] as Json | undefined;
      assert.equal(schema === undefined, level === CHILDREN_LEVELS);
    }
  });
});

describe('types', () => {
  test('the type of an object is inferred from its schema', () => {
    const schema = object(
      'One.',
      { name: text('N.'), count: int('C.'), tags: list('T.', text('T.')) },
      { required: ['name'] },
    );
    const value: TypeOf<typeof schema> = { name: 'a', tags: ['b'] };
    // @ts-expect-error: `name` is required.
    const nameless: TypeOf<typeof schema> = { count: 1 };
    // @ts-expect-error: `count` is a number.
    const wrong: TypeOf<typeof schema> = { name: 'a', count: '1' };
    assert.deepEqual([value.tags?.length, nameless.count, wrong.name], [1, 1, 'a']);
  });

  test('the type of a deployment takes what manifests hold', () => {
    const spec: SeldonDeploymentSpec = {
      predictors: [
        {
          name: 'main',
          traffic: 100,
          graph: { name: 'r', children: { name: 'm', children: [{ name: 'n' }] } },
          componentSpecs: [{ spec: { containers: [] }, pdbSpec: { minAvailable: '50%' } }],
        },
      ],
    };
    const deployment: SeldonDeployment = {
      apiVersion: 'machinelearning.seldon.io/v1',
      kind: 'SeldonDeployment',
      metadata: { name: 'a' },
      spec,
    };
    assert.equal(deployment.spec?.predictors?.[0]?.traffic, 100);
  });
});

function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], value);
}

/** Calls `see` with every schema in a schema. */
function visit(schema: unknown, see: (schema: Json) => void): void {
  const here = schema as Json;
  see(here);
  for (const next of Object.values((here['properties'] ?? {}) as Json)) visit(next, see);
  for (const word of ['items', 'additionalProperties']) {
    if (here[word] !== undefined) visit(here[word], see);
  }
}
