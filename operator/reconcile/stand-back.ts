// What is said of a SeldonDeployment that others have in their hands, and how what was said goes again. Nothing of its objects is written
// here. Where the other operator writes the status too, ours keeps to the one condition that the other knows nothing of: whoever serves
// says how it serves, and two writers of one field would never end.
import { INJECTION_ENABLED, SELDON_LABELS } from '../../cluster/names.ts';
import type { Status } from '../status/build-status.ts';
import type { ConditionType } from '../status/conditions.ts';
import { tellCondition } from '../status/transitions.ts';
import type { Claim } from '../observe/claim.ts';
import type { EventNote, Reconciled, Observed } from '../observe/contract.ts';
import { NOTHING } from '../observe/contract.ts';
import { hasOwnStatus } from '../observe/former.ts';

/** Not ours: a status of ours is withdrawn, and events say what to do. */
export function letGo(input: Observed, events: readonly EventNote[]): Reconciled {
  const status = hasOwnStatus(input.object) ? {} : null;
  return { ...NOTHING, isOurs: false, status, events };
}

/** The one condition, as another writer of the status leaves it alone. */
export function sayOnly(
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

export function describeContest(
  { object, config }: Observed,
  { by }: Claim,
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

export function describeUndone(undone: readonly string[]): string {
  return `somebody keeps changing ${undone.join(', ')} back, so nothing is written here for now; its managedFields tell who`;
}

/** Another operator serves it, and nobody has said that it is to be ours. */
export function tellClaim(input: Observed): EventNote {
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
export function tellUnannotated(input: Observed): EventNote {
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
