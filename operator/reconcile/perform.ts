// Carries out what was decided, in the order in which it is safe: fields are taken over before they are applied, autoscalers go
// before their Deployment gets a number again, pods are told of a map after it is written. The first failure ends it: the
// next reconcile sees how far it came.
import type { KubeClient } from '../../lib/kube/client.ts';
import type { ObjectRef } from '../../lib/kube/kinds.ts';
import { KubeError } from '../../lib/kube/error.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import type { ReconcileEvent, PodAnnotation, Reconciled } from '../observe/contract.ts';
import { takeOver } from './take-over.ts';

/** Pods annotated at a time. */
const BATCH = 20;

export interface PerformOptions {
  readonly client: KubeClient;
  readonly tell: (event: ReconcileEvent) => void;
  /** An object was applied; `stored` is what the server holds then. */
  readonly onApplied?: (applied: KubeObject, stored: KubeObject) => void;
  readonly signal: AbortSignal;
}

export async function perform(
  object: KubeObject,
  result: Reconciled,
  { client, tell, onApplied, signal }: PerformOptions,
): Promise<void> {
  const { namespace = '' } = object.metadata;
  const children = { manager: FIELD_MANAGERS.children, force: true, signal };
  for (const wanted of result.takeOver) {
    await takeOver(client, wanted);
    tell(
      note(
        `TakeOver${wanted.ref.kind}`,
        `took ${nameRef(wanted.ref)} over from ${wanted.managers.join(', ')}`,
      ),
    );
  }
  for (const { deployment, manager, replicas } of result.transfers) {
    const metadata = { name: deployment, namespace };
    const intent = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } };
    await client.apply(intent, { manager, force: true, signal });
  }
  for (const { ref, uid, why } of result.remove) {
    if (await removeOnce(client, ref, uid, signal))
      tell(note(`Delete${ref.kind}`, `removed ${nameRef(ref)}: ${why}`));
  }
  for (const { object: child, how } of result.apply) {
    const stored = await client.apply(child, children);
    onApplied?.(child, stored);
    const { kind, metadata } = child;
    const verb = how === 'create' ? 'made' : 'updated';
    tell(
      note(`${how === 'create' ? 'Create' : 'Update'}${kind}`, `${verb} ${kind} ${metadata.name}`),
    );
  }
  for (let start = 0; start < result.annotate.length; start += BATCH) {
    const batch = result.annotate.slice(start, start + BATCH);
    await Promise.all(batch.map((each) => annotateOnce(client, each, signal)));
  }
}

/** False where it is gone, or another one has its name by now. */
async function removeOnce(
  client: KubeClient,
  ref: ObjectRef,
  uid: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await client.remove(ref, { uid, propagation: 'Background', signal });
  } catch (error) {
    if (error instanceof KubeError && error.isConflict) return false;
    throw error;
  }
}

async function annotateOnce(
  client: KubeClient,
  { ref, annotations }: PodAnnotation,
  signal: AbortSignal,
): Promise<void> {
  try {
    const patch = { metadata: { annotations } };
    await client.patch(ref, patch, { type: 'merge', manager: FIELD_MANAGERS.children, signal });
  } catch (error) {
    // The pod ended meanwhile.
    if (!(error instanceof KubeError && error.isNotFound)) throw error;
  }
}

function nameRef({ kind, name }: ObjectRef): string {
  return `${kind} ${name}`;
}

function note(reason: string, message: string): ReconcileEvent {
  return { type: 'Normal', reason, message };
}
