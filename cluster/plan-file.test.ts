import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDeployment } from '../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../graph/seldon/load-deployments.ts';
import { parsePlanFile, type PlanExpectation, renderPlanFile } from './plan-file.ts';

const POD: PlanExpectation = { namespace: 'ns', deployment: 'd', predictor: 'p', revision: 'r1' };

function render(mapName = 'd-p-plan-r1'): string {
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd', namespace: 'ns' },
    spec: { predictors: [{ name: 'p', graph: { name: 'm', implementation: 'SIMPLE_MODEL' } }] },
  };
  const [deployment] = loadDeployments(JSON.stringify(manifest), { source: 'x' }).deployments;
  assert.ok(deployment !== undefined);
  return renderPlanFile(compileDeployment(deployment), mapName);
}

function refusal(text: string, expected = POD): string {
  const result = parsePlanFile(text, expected);
  return result.kind === 'plan' ? 'none' : result.code;
}

test('what is written is read back, with the revision of its map', () => {
  const result = parsePlanFile(render(), POD);
  assert.ok(result.kind === 'plan');
  assert.equal(result.revision, 'r1');
  assert.equal(result.deployment.predictors[0]?.plan.predictor, 'p');
  assert.equal(renderPlanFile(result.deployment, 'd-p-plan-r1'), render());
});

test('fields that only a newer operator knows are skipped', () => {
  assert.equal(refusal(render().replace('{', '{"new":1,')), 'none');
});

test('a plan for another pod is refused; what a pod does not know is not compared', () => {
  assert.equal(refusal(render('d-p-plan-r2')), 'PLAN_FOREIGN');
  for (const name of ['namespace', 'deployment', 'predictor'] as const)
    assert.equal(refusal(render(), { ...POD, [name]: 'other' }), 'PLAN_FOREIGN');
  const nothing = {
    namespace: undefined,
    deployment: undefined,
    predictor: undefined,
    revision: undefined,
  };
  assert.equal(refusal(render('d-p-plan-r2'), nothing), 'none');
});

test('what is no plan, of another version, or changed on the way is refused', () => {
  for (const text of ['', '{', 'null', '[]', '{"predictors":[]}', '{"predictors":[{"plan":{}}]}'])
    assert.equal(refusal(text), 'PLAN_UNREADABLE');
  assert.equal(refusal(render().replace('"version":2', '"version":3')), 'PLAN_VERSION');
  assert.equal(refusal(render().replace('SIMPLE_MODEL', 'SIMPLE_ROUTER')), 'PLAN_DAMAGED');
});
