// A status for a reconcile that did not come through: what was decided, with the failure's words wherever it says what is about to be.
import { objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { dateConditions } from './conditions.ts';
import type { Judgement } from './conditions.ts';
import { NEW_PODS } from './predictors.ts';
import { shortenMessage } from './summary.ts';

export interface ReconcileFailure {
  readonly reason: 'Refused' | 'NotApplied' | 'OperatorFault';
  readonly words: string;
  /** The reason alone, where the words say more. */
  readonly short?: string;
  /** Whether a person must do something: it is not on its way. */
  readonly needsPerson: boolean;
}

/** `status` is what would have been written. */
export function withFailure(
  status: JsonObject,
  { reason, words, short, needsPerson }: ReconcileFailure,
  object: KubeObject,
  nowMs: number,
): JsonObject {
  const failed = { status: 'False', reason, message: words } as const;
  const others = objectsOf(status['conditions']).filter(
    (condition) => !FAILING.includes(textOf(condition['type'])),
  );
  const judgements = [
    ...(others as readonly object[] as readonly Judgement[]),
    { type: 'Applied', ...failed } as const,
    { type: 'Ready', ...failed } as const,
  ];
  const predictors = objectsOf(status['predictors']).map(({ message, ...predictor }) =>
    message === undefined || message === NEW_PODS ? predictor : { ...predictor, message },
  );
  const conditions = dateConditions(judgements, object, nowMs).map((condition) =>
    // No new pods are on their way.
    condition.type === 'DeploymentsReady' && (condition.message ?? '').includes(NEW_PODS)
      ? { ...condition, reason, message: words }
      : condition,
  );
  return {
    ...status,
    state: needsPerson ? 'Failed' : 'Creating',
    description: words,
    summary: shortenMessage({ text: words, reason: short }),
    observedGeneration: object.metadata.generation ?? 0,
    ...(predictors.length === 0 ? {} : { predictors }),
    conditions,
  };
}

const FAILING = ['Applied', 'Ready'];
