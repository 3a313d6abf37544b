// What must hold for any input: reading never throws nor fails inside, compiling is deterministic, draws lose nothing, and a
// call is left to Envoy only where nothing comes after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileDeployment } from './compile/compile-deployment.ts';
import { hashPlan } from './plan/hash-plan.ts';
import { explainPlan } from './explain/explain-plan.ts';
import { arbitraryManifest } from './testing/graph-arbitrary.ts';
import { isPlainObject } from './plan/json-value.ts';
import { loadDeployments } from './seldon/load-deployments.ts';
import type { LoadedDeployments } from './seldon/load-deployments.ts';
import { NATIVE_WEIGHT_TOTAL } from './plan/plan.ts';
import type { Plan, Step } from './plan/plan.ts';

function load(text: string): LoadedDeployments {
  const loaded = loadDeployments(text, { source: 'random' });
  for (const { code, message } of loaded.findings) assert.notEqual(code, 'READER_FAILED', message);
  for (const deployment of loaded.deployments) compileDeployment(deployment);
  return loaded;
}

test('any JSON is read without an exception and told apart from a deployment', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const { deployments, findings } = load(text);
      assert.equal(deployments.length, 0);
      assert.ok(findings.length > 0);
    }),
    { numRuns: 300 },
  );
});

test('any text is read without an exception', () => {
  const yamlish = fc.string({
    unit: fc.constantFrom('a', ':', ' ', '\n', '-', '&a', '*a', '[', '{', '}', '"', '|', '!', '\t'),
  });
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), (text) => void load(text)),
    { numRuns: 500 },
  );
});

test('a deployment with one value replaced by any other is read without an exception', () => {
  fc.assert(
    fc.property(
      arbitraryManifest(),
      fc.jsonValue({ maxDepth: 3 }),
      fc.nat(),
      (manifest, value, place) => void load(JSON.stringify(replaceOne(manifest, place, value))),
    ),
    { numRuns: 500 },
  );
});

test('equal manifests give byte-equal plans, whatever the order of their fields', () => {
  fc.assert(
    fc.property(arbitraryManifest(), (manifest) => {
      const [first] = load(JSON.stringify(manifest)).deployments;
      const [second] = load(JSON.stringify(reverseFields(manifest))).deployments;
      assert.ok(first !== undefined && second !== undefined);
      const plan = compileDeployment(first);
      assert.equal(JSON.stringify(compileDeployment(first)), JSON.stringify(plan));
      assert.equal(JSON.stringify(compileDeployment(second)), JSON.stringify(plan));
      assert.equal(explainPlan(compileDeployment(second), 'tree'), explainPlan(plan, 'tree'));
    }),
    { numRuns: 200 },
  );
});

test("a plan's hash is that of its other fields, and changes with any of them", () => {
  fc.assert(
    fc.property(arbitraryManifest(), (manifest) => {
      const { hash, ...rest } = onlyPlan(manifest);
      assert.match(hash, /^[0-9a-f]{16}$/);
      assert.equal(hashPlan(structuredClone(rest)), hash);
      assert.notEqual(hashPlan({ ...rest, predictor: 'other' }), hash);
    }),
    { numRuns: 100 },
  );
});

test('the weights of a native route add up to the whole, and each target makes one call', () => {
  fc.assert(
    fc.property(arbitraryManifest(), (manifest) => {
      const plan = onlyPlan(manifest);
      const route = plan.routes['predict-rest'];
      if (route.kind !== 'native') return;
      const sum = route.targets.reduce((total, target) => total + target.weight, 0);
      assert.equal(sum, NATIVE_WEIGHT_TOTAL);
      for (const { unit, verb, routing, weight } of route.targets) {
        assert.ok(weight > 0);
        assert.ok(plan.units[unit]?.verbs.includes(verb));
        if (routing !== '') assert.ok(isPlainObject(JSON.parse(routing)));
      }
    }),
    { numRuns: 500 },
  );
});

test('a call may be left to Envoy only where nothing is to be done after it', () => {
  fc.assert(
    fc.property(arbitraryManifest(), (manifest) => {
      const plan = onlyPlan(manifest);
      checkTails(plan.walk, !plan.policy.routingInBody);
      const positions: number[] = [];
      collectUnits(plan.walk, positions);
      assert.deepEqual(
        positions,
        plan.units.map((_, index) => index),
      );
    }),
    { numRuns: 200 },
  );
});

function onlyPlan(manifest: unknown): Plan {
  const [deployment] = load(JSON.stringify(manifest)).deployments;
  assert.ok(deployment !== undefined);
  const [predictor] = compileDeployment(deployment).predictors;
  assert.ok(predictor !== undefined);
  return predictor.plan;
}

function checkTails(step: Step, free: boolean): void {
  assert.equal(step.mayTail, free);
  const several = step.choose?.kind === 'all' && step.children.length > 1;
  const after = step.output || step.merge !== 'first' || several;
  for (const child of step.children) checkTails(child, free && !after);
}

function collectUnits(step: Step, into: number[]): void {
  into.push(step.unit);
  for (const child of step.children) collectUnits(child, into);
}

/** The value with the `place`-th of its parts, counted round, replaced. */
function replaceOne(root: unknown, place: number, replacement: unknown): unknown {
  let count = 0;
  const countParts = (value: unknown): void => {
    count += 1;
    if (Array.isArray(value)) value.forEach(countParts);
    else if (isPlainObject(value)) Object.values(value).forEach(countParts);
  };
  countParts(root);
  let left = place % count;
  const copy = (value: unknown): unknown => {
    left -= 1;
    if (left === -1) return replacement;
    if (Array.isArray(value)) return value.map(copy);
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
  };
  return copy(root);
}

function reverseFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseFields);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, item]) => [key, reverseFields(item)]));
}
