// Events that tell people of changes: one for each condition whose meaning changed since the status that is stored. What they say is
// the condition's own sentence, so that `kubectl describe` reads as a history.
import { conditionsOf } from '../observe/fields.ts';
import type { ObservedCondition } from '../observe/fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { ReconcileEvent } from '../observe/contract.ts';
import type { Condition } from './conditions.ts';
import type { Status } from './build-status.ts';

/** Conditions that are told by themselves; the others are behind Ready. */
const TOLD = ['Ready', 'GraphValid', 'Injected', 'TakenOver', 'Exposed'];

const HOLDS_AGAIN: Readonly<Partial<Record<string, string>>> = {
  GraphValid: 'The graph is valid now.',
  Injected: 'The namespace is annotated: its predictors get sidecars.',
  TakenOver: 'No other operator writes its objects any more.',
};

export function tellTransitions(object: KubeObject, status: Status): readonly ReconcileEvent[] {
  const before = new Map(conditionsOf(object).map((each) => [each.type, each]));
  return status.conditions.flatMap((condition) => {
    if (!TOLD.includes(condition.type)) return [];
    const known = before.get(condition.type);
    if (isSaid(known, condition)) return [];
    // That a deployment is as it should be from its start is no news; that it became ready is.
    if (known === undefined && condition.status === 'True' && condition.type !== 'Ready') return [];
    // Ready says the same.
    if (
      condition.type !== 'Ready' &&
      condition.status === 'False' &&
      condition.severity === undefined
    )
      return [];
    return [noteOf(condition)];
  });
}

/** A condition that stands alone, since the others are another writer's. */
export function tellCondition(object: KubeObject, condition: Condition): readonly ReconcileEvent[] {
  const known = conditionsOf(object).find(({ type }) => type === condition.type);
  return isSaid(known, condition) ? [] : [noteOf(condition)];
}

function isSaid(known: ObservedCondition | undefined, { status, reason = '' }: Condition): boolean {
  return known?.status === status && known.reason === reason;
}

function noteOf({
  type,
  status,
  severity,
  reason = type,
  message = '',
}: Condition): ReconcileEvent {
  if (type === 'Ready' && status === 'True')
    return { type: 'Normal', reason: 'Available', message: message || 'Every predictor serves.' };
  if (status === 'True')
    return { type: 'Normal', reason: type, message: message || (HOLDS_AGAIN[type] ?? type) };
  const isHarmless = severity === 'Info' || reason === 'NotAvailable' || reason === 'Missing';
  return { type: isHarmless ? 'Normal' : 'Warning', reason, message };
}
