// What the routers of a pod have learned, kept for its workers: one that is started again gets it from here. In: what each worker
// has learned, and the plans that requests may still be for; out: the same for the other workers, and the totals for the metrics.
import { listLearners } from '../../extproc/policies/learners.ts';
import { MemoryStore } from '../../extproc/policies/memory-store.ts';
import type { Learner, Lesson, OpenState } from '../../extproc/policies/state-store.ts';
import type { LearnedBranch } from '../../extproc/metrics/learned-families.ts';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';

interface Held {
  readonly learner: Learner;
  readonly open: OpenState;
}

export class Learned {
  readonly #store = new MemoryStore();
  readonly #held = new Map<DeploymentPlan, readonly Held[]>();

  /** Before a worker may learn something of the deployment. */
  hold(deployment: DeploymentPlan): void {
    const learners = deployment.predictors.flatMap(({ plan }) => listLearners(plan));
    this.#held.set(
      deployment,
      learners.map(({ learner }) => ({ learner, open: this.#store.open(learner) })),
    );
  }

  /** What no other deployment that is held has is forgotten. */
  forget(deployment: DeploymentPlan): void {
    for (const { open } of this.#held.get(deployment) ?? []) open.close();
    this.#held.delete(deployment);
  }

  add(lessons: readonly Lesson[]): void {
    this.#store.add(lessons);
  }

  /** All of it, for a worker that begins. */
  lessons(): readonly Lesson[] {
    return this.#store.list();
  }

  /** Each branch once, at its position in the latest plan that has it. */
  branches(): readonly LearnedBranch[] {
    const found = new Map<string, LearnedBranch>();
    for (const { learner, open } of [...this.#held.values()].flat()) {
      const { deployment, predictor, unit, children } = learner;
      for (const [branch, child] of children.entries()) {
        const state = open.state.branches[branch];
        if (state === undefined) continue;
        found.set(JSON.stringify([learner.namespace, deployment, predictor, unit, child]), {
          labels: {
            branch: String(branch),
            deployment_name: deployment,
            model_name: child,
            predictor_name: predictor,
            router: unit,
          },
          tries: state.tries,
          successes: state.successes,
        });
      }
    }
    return [...found.values()];
  }
}
