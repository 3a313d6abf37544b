// Objects that are another operator's, or that nobody has given to us: nothing of them is read, so that one that cannot be read is no
// trouble of ours, and nothing is written but what withdraws words of ours.
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS } from '../../cluster/names.ts';
import { ofKind } from '../observe/children.ts';
import type { Observed, Reconciled } from '../observe/contract.ts';
import { NOTHING } from '../observe/contract.ts';
import { hasFormer, wasApplied } from '../observe/former.ts';
import { surveyOwners } from '../observe/survey.ts';
import type { Survey } from '../observe/survey.ts';
import { letGo, tellClaim, tellUnannotated } from './stand-back.ts';

/** Undefined for an object that is ours. */
export function leaveAlone(
  input: Observed,
  { claim, children, former, injection }: Survey = surveyOwners(input),
): Reconciled | undefined {
  if (input.object.metadata.deletionTimestamp !== undefined)
    return { ...NOTHING, isOurs: false, status: undefined };
  if (claim.holder === 'another') return letGo(input, []);
  if (claim.holder === 'us') return undefined;
  // Another operator's, whatever name its writes have.
  const isMadeElsewhere = ofKind(children.ours, 'Deployment').some((each) => !isMadeHere(each));
  if (hasFormer(former) || isMadeElsewhere) return letGo(input, [tellClaim(input)]);
  // Where neither label nor annotation gives it to us, it is not ours to speak of: another operator may be about to make its objects.
  if (injection.kind === 'off' && !children.ours.some(isMadeHere))
    return letGo(input, [tellUnannotated(input)]);
  return undefined;
}

function isMadeHere(child: KubeObject): boolean {
  return wasApplied(child) || child.metadata.annotations?.[ANNOTATIONS.intent] !== undefined;
}
