// What may go. Nothing that a request may still need: old Deployments and Services stay until the new ones serve and every
// gateway has said that nothing of its uses them; a plan's map stays while a ReplicaSet or a pod may mount it.
import { numberOf, objectOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf, statusOf, templateAnnotations } from './fields.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { findHold } from '../../cluster/acknowledge.ts';
import type { Hold } from '../../cluster/acknowledge.ts';
import { ANNOTATIONS } from '../../cluster/names.ts';
import { TRAFFIC_KINDS, SCALED_OBJECT } from '../config/other-kinds.ts';
import { ofKind } from './children.ts';
import type { GatewayView, Removal } from './contract.ts';
import { kindAndName } from './contract.ts';

/** They belong to one Deployment. */
const SCALERS = ['HorizontalPodAutoscaler', 'PodDisruptionBudget', SCALED_OBJECT.kind];

export interface SupersededInput {
  readonly object: KubeObject;
  /** The resourceVersion since which its spec is as it is. */
  readonly specVersion: string;
  readonly ours: readonly KubeObject[];
  /** `Kind/name` of all that is wanted. */
  readonly wanted: ReadonlySet<string>;
  /** Whether all that is wanted is there and serves. */
  readonly isSettled: boolean;
  readonly replicaSets: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly gateways: readonly GatewayView[];
}

export interface Superseded {
  readonly remove: readonly Removal[];
  /** What stays for now, in words; '' when nothing does. */
  readonly waiting: string;
}

export function findSuperseded(input: SupersededInput): Superseded {
  const { ours, wanted, isSettled } = input;
  const old = ours.filter(
    (child) => !wanted.has(kindAndName(child)) && child.metadata.deletionTimestamp === undefined,
  );
  const remove: Removal[] = [];
  const serving = old.filter(({ kind }) => kind === 'Deployment' || kind === 'Service');
  const names = serving.map(kindAndName).join(', ');
  const gateway = serving.length > 0 && isSettled ? describeGateways(input, serving) : '';
  const maySettle = isSettled && gateway === '';
  if (maySettle)
    for (const child of serving) remove.push(removalOf(child, 'the graph no longer has it'));
  for (const child of old) {
    if (child.kind === 'ConfigMap') {
      if (!isMounted(child.metadata.name, input))
        remove.push(removalOf(child, 'no pod can mount it any more'));
    } else if (TRAFFIC_KINDS.includes(child.kind)) {
      // Its Services may go when it no longer leads there.
      if (isSettled) remove.push(removalOf(child, 'nothing is to be routed by it any more'));
    } else if (SCALERS.includes(child.kind)) {
      // It serves its Deployment for as long as that is there, but not when the Deployment is wanted without it.
      const isNeeded = serving.some(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === targetOf(child),
      );
      if (!isNeeded || maySettle) remove.push(removalOf(child, 'the graph no longer has it'));
    }
  }
  if (serving.length === 0 || maySettle) return { remove, waiting: '' };
  return { remove, waiting: `kept until ${gateway || 'what replaces it serves'}: ${names}` };
}

function removalOf(child: KubeObject, why: string): Removal {
  return { ref: refOf(child), uid: child.metadata.uid ?? '', why };
}

function targetOf(child: KubeObject): string {
  const target = objectOf(specOf(child)['scaleTargetRef'])['name'];
  return textOf(target) || child.metadata.name;
}

/** Which gateway still needs what, in words; '' when none does. */
function describeGateways(input: SupersededInput, serving: readonly KubeObject[]): string {
  const { object, specVersion } = input;
  const { namespace = '' } = object.metadata;
  const services = ofKind(serving, 'Service').map(
    ({ metadata }) => `${namespace}/${metadata.name}`,
  );
  const holding = (hold: Hold): string =>
    input.gateways
      .filter(
        ({ acknowledged, inUse }) =>
          findHold({ resourceVersion: acknowledged, inUse }, specVersion, services) === hold,
      )
      .map(({ name }) => name)
      .sort()
      .join(', ');
  const behind = holding('behind');
  if (behind !== '') return `gateway ${behind} has the new routes`;
  const using = holding('in-use');
  return using === '' ? '' : `the last requests of gateway ${using} have ended`;
}

function isMounted(map: string, { ours, replicaSets, pods }: SupersededInput): boolean {
  const names = (template: Readonly<Record<string, unknown>>): boolean =>
    template[ANNOTATIONS.planMap] === map;
  return (
    ofKind(ours, 'Deployment').some((deployment) => names(templateAnnotations(deployment))) ||
    replicaSets.some((set) => isInUse(set) && names(templateAnnotations(set))) ||
    pods.some((pod) => names(pod.metadata.annotations ?? {}))
  );
}

function isInUse(replicaSet: KubeObject): boolean {
  return (
    numberOf(specOf(replicaSet)['replicas'] ?? 1) > 0 ||
    numberOf(statusOf(replicaSet)['replicas']) > 0
  );
}
