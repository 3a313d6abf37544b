// Whose a SeldonDeployment is, and since when: said by the label `seldon.io/controller-id` of the object, else by that of its namespace.
// An operator of Seldon's that was installed for single namespaces reads the object's alone, so it matters which one said it.
import { objectOf } from '../../graph/plan/json-value.ts';
import type { ManagedFields } from '../../lib/kube/object.ts';
import { SELDON_LABELS } from '../../cluster/names.ts';
import type { Observed } from './contract.ts';

export interface ControllerClaim {
  readonly holder: 'us' | 'another' | 'nobody';
  readonly by: 'object' | 'namespace';
  /** When the label was written, epoch milliseconds, in whole seconds; 0 where the server does not tell. */
  readonly sinceMs: number;
}

export function readClaim(
  input: Pick<Observed, 'object' | 'namespaceLabels' | 'namespaceFields' | 'config'>,
): ControllerClaim {
  const { object, namespaceLabels, namespaceFields, config } = input;
  const key = SELDON_LABELS.controllerId;
  const own = object.metadata.labels?.[key];
  const id = own ?? namespaceLabels[key] ?? '';
  const by = own === undefined ? 'namespace' : 'object';
  const fields = by === 'object' ? object.metadata.managedFields : namespaceFields;
  const holder = id === '' ? 'nobody' : id === config.controllerId ? 'us' : 'another';
  return { holder, by, sinceMs: labelledAtMs(fields ?? []) };
}

/** Whether something of the object came after what was written at `writtenMs`. Times of the API server are whole seconds. */
export function isClaimedAfter({ by, sinceMs }: ControllerClaim, writtenMs: number): boolean {
  // A person who has read that the object needs the label may be that quick.
  return by === 'object' ? sinceMs >= writtenMs : sinceMs > writtenMs;
}

/** Of the last write of whoever owns the label. */
function labelledAtMs(fields: readonly ManagedFields[]): number {
  const owners = fields.filter(({ fieldsV1, subresource }) => {
    const labels = objectOf(objectOf(objectOf(fieldsV1)['f:metadata'])['f:labels']);
    return subresource === undefined && labels[`f:${SELDON_LABELS.controllerId}`] !== undefined;
  });
  return Math.max(0, ...owners.map(({ time }) => Date.parse(time ?? '') || 0));
}
