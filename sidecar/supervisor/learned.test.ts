import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentPlan, Step } from '../../graph/plan/plan.ts';
import { testDeployment, testPlan } from '../../extproc/testing/plans.ts';
import { Learned } from './learned.ts';

function learner(...children: readonly string[]): DeploymentPlan {
  const plan = testPlan({
    name: 'r',
    type: 'ROUTER',
    children: children.map((name) => ({ name, type: 'MODEL' })),
  });
  const walk: Step = {
    ...plan.walk,
    choose: { kind: 'policy', policy: 'EPSILON_GREEDY', parameters: { epsilon: 0.1 } },
  };
  return testDeployment({ ...plan, walk });
}

const plan = testPlan({ name: 'r', type: 'ROUTER' });
const unit = `${plan.namespace}/${plan.deployment}/${plan.predictor}/r`;
const shown = (learned: Learned): readonly (readonly unknown[])[] =>
  learned
    .branches()
    .map(({ labels, tries, successes }) => [
      `${labels['branch']} ${labels['model_name']}`,
      tries,
      successes,
    ]);

test('what workers have learned is kept for the next one, with its labels', () => {
  const learned = new Learned();
  learned.hold(learner('a', 'b'));
  assert.deepEqual(learned.lessons(), []);
  learned.add([{ unit, child: 'b', tries: 2, successes: 1 }]);
  learned.add([{ unit, child: 'b', tries: 2, successes: 2 }]);
  assert.deepEqual(learned.lessons(), [{ unit, child: 'b', tries: 4, successes: 3 }]);
  assert.deepEqual(learned.branches(), [
    {
      labels: {
        branch: '0',
        deployment_name: plan.deployment,
        model_name: 'a',
        predictor_name: plan.predictor,
        router: 'r',
      },
      tries: 0,
      successes: 0,
    },
    {
      labels: {
        branch: '1',
        deployment_name: plan.deployment,
        model_name: 'b',
        predictor_name: plan.predictor,
        router: 'r',
      },
      tries: 4,
      successes: 3,
    },
  ]);
});

test('over a swap children keep what is known of them, at their new positions', () => {
  const learned = new Learned();
  const [before, after] = [learner('a', 'b'), learner('b', 'c')];
  learned.hold(before);
  for (const child of ['a', 'b']) learned.add([{ unit, child, tries: 3, successes: 2 }]);
  learned.hold(after);
  learned.forget(before);
  assert.deepEqual(shown(learned), [
    ['0 b', 3, 2],
    ['1 c', 0, 0],
  ]);
  learned.add([{ unit, child: 'a', tries: 1, successes: 1 }]);
  assert.deepEqual(learned.lessons(), [{ unit, child: 'b', tries: 3, successes: 2 }]);
});

test('a plan that is refused leaves what was known', () => {
  const learned = new Learned();
  const [served, refused] = [learner('a'), learner('a', 'x')];
  learned.hold(served);
  learned.add([{ unit, child: 'a', tries: 1, successes: 0 }]);
  learned.hold(refused);
  learned.forget(refused);
  learned.forget(refused);
  assert.deepEqual(shown(learned), [['0 a', 1, 0]]);
});
