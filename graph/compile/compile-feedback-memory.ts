// Whether requests of a predictor are remembered, so that feedback may name one by its puid alone. They are where the filter
// sees a branch chosen and feedback has branches to take; where Envoy draws, or nothing is chosen, there is nothing to remember.
import { annotationsOf, parseLimit } from '../seldon/annotations.ts';
import type { Deployment, Predictor } from '../plan/deployment.ts';
import { type Limit, LIMITS } from '../plan/limits.ts';
import type { FeedbackMemory, PlanRoutes, Step } from '../plan/plan.ts';

export function compileFeedbackMemory(
  deployment: Deployment,
  predictor: Predictor,
  walk: Step,
  routes: PlanRoutes,
): FeedbackMemory | undefined {
  const isWalked =
    routes['predict-rest'].kind === 'graph' || routes['predict-grpc'].kind === 'graph';
  const isFollowed =
    routes['feedback-rest'].kind === 'graph' || routes['feedback-grpc'].kind === 'graph';
  // Nobody sees what a shadow responds.
  if (predictor.shadow || !isWalked || !isFollowed || !decides(walk)) return undefined;
  const annotations = annotationsOf(deployment, predictor);
  const valueOf = (limit: Limit & { readonly default: number }): number => {
    const text = annotations[limit.annotation];
    const read = text === undefined ? undefined : parseLimit(limit, text);
    return read?.kind === 'value' ? (read.value ?? limit.default) : limit.default;
  };
  const feedbackEntries = valueOf(LIMITS.feedbackEntries);
  if (feedbackEntries === 0) return undefined;
  return {
    feedbackTtlMs: valueOf(LIMITS.feedbackTtlMs),
    feedbackEntries,
    feedbackBytes: valueOf(LIMITS.feedbackBytes),
  };
}

/** Whether any unit chooses among its children. */
function decides({ choose, children }: Step): boolean {
  return (choose !== null && choose.kind !== 'all') || children.some(decides);
}
