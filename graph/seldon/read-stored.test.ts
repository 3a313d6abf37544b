// What is read of a stored object is what is read of it as a manifest, whatever anybody writes into any of its places.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { readCases } from '../../testing/golden.ts';
import { openFindings } from '../manifest/finding.ts';
import { isPlainObject, type JsonObject } from '../plan/json-value.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { readDeployment } from './read-deployment.ts';
import { listStoredUnits, readStored } from './read-stored.ts';
import { listWrittenUnits } from './written.ts';

const OBJECTS = readCases(join(import.meta.dirname, '..', 'testdata')).flatMap(({ text }) => {
  try {
    return (loadAll(text) as unknown[]).filter((each) => isPlainObject(each));
  } catch {
    return [];
  }
});
const LONG = 'x'.repeat(MANIFEST_LIMITS.maxWordLength + 1);
const HUGE = 'x'.repeat(MANIFEST_LIMITS.maxAnnotationsLength);
const WRONG: readonly unknown[] = [null, 7, 1e10, 1.5, true, '', LONG, [], [null], {}, { type: 1 }];

function assertSame(object: JsonObject): void {
  const sink = openFindings('SeldonDeployment', () => undefined);
  const written = readDeployment({ value: object, prefix: '', sink });
  const stored = readStored(object);
  assert.equal(stored === undefined, written === undefined);
  if (stored === undefined || written === undefined) return;
  const { protocol, metadataAnnotations, annotations } = written;
  const { predictors, tooLong, ...others } = stored;
  assert.deepEqual(others, { protocol, metadataAnnotations, annotations });
  const told = sink.findings.filter(
    ({ code, path }) =>
      code === 'VALUE_TOO_LONG' &&
      /^(metadata|spec|spec\.predictors\[\d+\])\.annotations$/.test(path),
  );
  assert.deepEqual(
    [...tooLong],
    told.map(({ path }) => path),
  );
  assert.deepEqual(
    predictors.map(({ graph: _graph, ...each }) => each),
    written.predictors.map(
      ({ path, name, traffic, shadow, annotations, explainer, certificate }) => ({
        path,
        name,
        traffic,
        shadow,
        annotations,
        explainer: explainer && { path: explainer.path },
        certificate,
      }),
    ),
  );
  assert.deepEqual(
    predictors.map(listStoredUnits),
    written.predictors.map(({ graph }) =>
      listWrittenUnits(graph).map(({ path, name, type, implementation, methods = [] }) => {
        return { path, name, type, implementation, methods: methods.map((each) => each.name) };
      }),
    ),
  );
}

/** The object with each of its places, in turn, holding something else. */
function* variants(value: unknown): Generator<unknown> {
  if (Array.isArray(value))
    for (const [at, item] of value.entries())
      for (const each of [...WRONG, ...variants(item)]) yield value.with(at, each);
  else if (isPlainObject(value))
    for (const [key, item] of Object.entries(value)) {
      // Pods are not looked at.
      if (key === 'componentSpecs') continue;
      for (const each of [...WRONG, ...variants(item)]) yield { ...value, [key]: each };
    }
}

test('stored objects are read as manifests are', () => {
  assert.ok(OBJECTS.length > 30, `${OBJECTS.length} objects`);
  for (const object of OBJECTS) assertSame(object);
});

test('whatever stands in any place of a stored object, it is read as in a manifest', () => {
  const withAll = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'm', annotations: { a: 'b' } },
    spec: {
      protocol: 'v2',
      annotations: { 'seldon.io/rest-timeout': '5000' },
      predictors: [
        {
          name: 'main',
          traffic: 100,
          shadow: false,
          annotations: { c: 'd' },
          ssl: { certSecretName: 's' },
          explainer: { type: 'AnchorTabular' },
          graph: {
            name: 'r',
            type: 'ROUTER',
            methods: ['ROUTE', 'SEND_FEEDBACK'],
            children: [
              { name: 'a', implementation: 'SKLEARN_SERVER' },
              { name: 'b', children: { name: 'c' } },
            ],
          },
        },
      ],
    },
  };
  let count = 0;
  for (const variant of variants(withAll)) {
    assertSame(variant as JsonObject);
    count += 1;
  }
  assert.ok(count > 300, `${count} variants`);
});

test('annotations of any size and graphs of any depth are read within their bounds', () => {
  const graph = { name: 'u' };
  for (let depth = 0; depth < 10_000; depth++) Object.assign(graph, { children: [{ ...graph }] });
  const annotations = { huge: HUGE };
  const deep = { spec: { annotations, predictors: [{ name: 'p', annotations, graph }] } };
  assertSame(deep);
  assert.deepEqual(readStored(deep)?.tooLong, [
    'spec.annotations',
    'spec.predictors[0].annotations',
  ]);
  const wide = { name: 'u', children: Array.from({ length: 5_000 }, () => ({ name: 'v' })) };
  assertSame({
    spec: { predictors: Array.from({ length: 500 }, () => ({ name: 'p', graph: wide })) },
  });
});
