// What is said of a SeldonDeployment that others have in their hands, and how what was said goes again. Nothing of its objects is written
// here. Where the other operator writes the status too, ours keeps to the one condition that the other knows nothing of: whoever serves
// says how it serves, and two writers of one field would never end.
import { INJECTION_ENABLED, SELDON_LABELS } from '../../cluster/names.ts';
import type { Status } from '../status/build-status.ts';
import type { ConditionType } from '../status/conditions.ts';
import { tellCondition, tellTransitions } from '../status/transitions.ts';
import type { ControllerClaim } from '../observe/claim.ts';
import type { ReconcileEvent, Observed, Reconciled, ReconcileInput } from '../observe/contract.ts';
import { NOTHING } from '../observe/contract.ts';
import { findFormerStatus, hasOwnStatus } from '../observe/former.ts';
import type { Survey } from '../observe/survey.ts';

/** Not ours: a status of ours is withdrawn, and events say what to do. */
export function letGo(input: Observed, events: readonly ReconcileEvent[]): Reconciled {
  const status = hasOwnStatus(input.object) ? {} : undefined;
  return { ...NOTHING, isOurs: false, status, events };
}

/** Objects of others are not watched. */
export const WAIT_FOR_OTHERS_MS = 60_000;

/** Nothing is written but what this is about; where the other operator does not write the status, it is told in full. */
export function standBack(
  input: ReconcileInput,
  { claim }: Survey,
  status: Status,
  about: ConditionType,
): Reconciled {
  const others = findFormerStatus(input.object, input.config.formerManagers);
  const requeueAfterMs = input.undone.length > 0 ? WAIT_FOR_OTHERS_MS : undefined;
  // Once the object names us, Seldon's operator has written its last status, however it was installed.
  const mayTakeStatus =
    about !== 'TakenOver' && claim.by === 'object' && !hasOwnStatus(input.object);
  if (others.length > 0 && !mayTakeStatus)
    return { ...NOTHING, ...sayOnly(input, status, about), requeueAfterMs };
  const events = tellTransitions(input.object, status);
  return { ...NOTHING, takeOver: others, status: { ...status }, events, requeueAfterMs };
}

/** Who else writes what is ours to write, in words; '' for nobody. */
export function describeRival(
  input: ReconcileInput,
  { claim, former: { contested } }: Survey,
): string {
  if (contested.length > 0) return describeContest(input, claim, contested);
  return input.undone.length > 0 ? describeUndone(input.undone) : '';
}

/** The one condition, as another writer of the status leaves it alone. */
function sayOnly(
  { object }: Observed,
  status: Status,
  type: ConditionType,
): Pick<Reconciled, 'status' | 'events'> {
  const conditions = status.conditions.filter((condition) => condition.type === type);
  return {
    events: conditions.flatMap((condition) => tellCondition(object, condition)),
    // A generation would be dropped by a writer that does not know the field.
    status: { conditions: conditions.map(({ observedGeneration: _known, ...rest }) => rest) },
  };
}

function describeContest(
  { object, config }: Observed,
  { by }: ControllerClaim,
  contested: readonly string[],
): string {
  const { name, namespace = '' } = object.metadata;
  const names = contested.join(', ');
  const label = `${SELDON_LABELS.controllerId}=${config.controllerId}`;
  const advice =
    by === 'namespace'
      ? `it may look at the label of the object alone (singleNamespace): kubectl -n ${namespace} label sdep ${name} ${label} --overwrite`
      : 'stop it, then take the label from the object and set it again';
  return `another operator keeps writing ${names}, so nothing is written here; ${advice} (docs/migrate.md)`;
}

function describeUndone(undone: readonly string[]): string {
  return `somebody keeps changing ${undone.join(', ')} back, so nothing is written here for now; its managedFields tell who`;
}

/** Another operator serves it, and nobody has said that it is to be ours. */
export function tellClaim(input: Observed): ReconcileEvent {
  const { object, config } = input;
  const { name, namespace = '' } = object.metadata;
  const label = `${SELDON_LABELS.controllerId}=${config.controllerId}`;
  const words = 'Its objects were made by another operator and are left alone. To hand it over:';
  const first = mayInject(input) ? '' : `${annotate(input)} && `;
  return {
    type: 'Warning',
    reason: 'OtherOperator',
    message: `${words} ${first}kubectl -n ${namespace} label sdep ${name} ${label}`,
  };
}

/** Nothing is there yet, and nothing says whose it is to be. */
export function tellUnannotated(input: Observed): ReconcileEvent {
  return {
    type: 'Normal',
    reason: 'NamespaceNotAnnotated',
    message: `The namespace is not annotated, so this operator leaves it alone. To have it served here: ${annotate(input)}`,
  };
}

function annotate({ object, config }: Observed): string {
  const { namespace = '' } = object.metadata;
  return `kubectl annotate namespace ${namespace} ${config.injectionAnnotation}=${INJECTION_ENABLED}`;
}

function mayInject({ namespaceAnnotations, config }: Observed): boolean {
  return namespaceAnnotations[config.injectionAnnotation] === INJECTION_ENABLED;
}
