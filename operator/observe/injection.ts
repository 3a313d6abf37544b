// Whether sidecars may be given to new pods here, and what follows where they may not: nothing new is made, nothing that runs is
// stripped, and the status says what to do.
import { objectOf } from '../../graph/plan/json-value.ts';
import { specOf } from './fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { INJECTION_ENABLED, LABELS } from '../../cluster/names.ts';
import { ofKind } from './children.ts';

export type Injection =
  | { readonly kind: 'on' }
  /** Was on once: what runs is kept up to date, nothing new is made. */
  | { readonly kind: 'kept'; readonly message: string }
  | { readonly kind: 'off'; readonly message: string };

/** `isHandedOver`: the object is labelled for us, and another operator has made what runs. */
export function decideInjection(
  object: KubeObject,
  ours: readonly KubeObject[],
  namespaceAnnotations: Readonly<Record<string, string>>,
  annotation: string,
  isHandedOver = false,
): Injection {
  if (namespaceAnnotations[annotation] === INJECTION_ENABLED) return { kind: 'on' };
  const { namespace = 'default' } = object.metadata;
  const advice = `kubectl annotate namespace ${namespace} ${annotation}=${INJECTION_ENABLED}`;
  if (ofKind(ours, 'Deployment').some(isInjected)) {
    const message = `The namespace is no longer annotated: what runs stays as it is, and nothing new gets sidecars. To go on: ${advice}`;
    return { kind: 'kept', message };
  }
  if (isHandedOver)
    return {
      kind: 'off',
      message: `Nobody is in charge: the label hands it to this operator, and the namespace is not annotated, so what another operator made runs on as it is and no edit is carried out. Run: ${advice}`,
    };
  return {
    kind: 'off',
    message: `The namespace is not annotated, so nothing is started. Run: ${advice}`,
  };
}

/** What may be applied: where injection is off, only what exists already, and the plans that it reads. */
export function selectAllowed(
  injection: Injection,
  objects: readonly KubeObject[],
  exists: (object: KubeObject) => boolean,
): readonly KubeObject[] {
  switch (injection.kind) {
    case 'on':
      return objects;
    case 'kept':
      return objects.filter((object) => object.kind === 'ConfigMap' || exists(object));
    case 'off':
      return [];
  }
}

function isInjected(deployment: KubeObject): boolean {
  const metadata = objectOf(objectOf(specOf(deployment)['template'])['metadata']);
  return objectOf(metadata['labels'])[LABELS.injected] === 'true';
}
