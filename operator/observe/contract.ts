// What a reconcile is made of: everything that was observed goes in, everything that is to be done comes out. Both are plain
// data, so that the decision can be tested by files; the effects are carried out elsewhere, in the order of the fields.
import type { LoadedDeployments } from '../../graph/seldon/load-deployments.ts';
import type { KubeObject, ManagedFields } from '../../lib/kube/object.ts';
import type { ObjectRef } from '../../lib/kube/kinds.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import type { ReplicasTransfer } from '../workloads/workloads.ts';

export interface ReconcileInput {
  /** The SeldonDeployment as it is stored. */
  readonly object: KubeObject;
  /** What was read of it. */
  readonly loaded: LoadedDeployments;
  /** The resourceVersion since which its spec is as it is; no write of a status raises it. */
  readonly specVersion: string;
  readonly namespaceAnnotations: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Who wrote the namespace's metadata, and when. */
  readonly namespaceFields: readonly ManagedFields[];
  /**
   * ConfigMaps, Services, Deployments, HorizontalPodAutoscalers, PodDisruptionBudgets and others' kinds that belong to it, and those
   * that were looked up by name.
   */
  readonly children: readonly KubeObject[];
  readonly replicaSets: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  /** Names (`nameOf`) that were looked up and do not exist. */
  readonly absent: ReadonlySet<string>;
  /** What pods said that they serve, by uid; a pod that was not asked is not here. */
  readonly livePlans: ReadonlyMap<string, LivePlan>;
  readonly gateways: readonly GatewayView[];
  /** The other SeldonDeployments of the namespace, as far as they claim names of this one. */
  readonly rivals: readonly KubeObject[];
  /** Names (`nameOf`) of children that somebody has changed back again and again. */
  readonly undone: readonly string[];
  readonly config: ReconcileConfig;
  readonly nowMs: number;
}

/** Before its spec is read. */
export type Observed = Omit<ReconcileInput, 'loaded'>;

/** Our own `seldon.io/controller-id`, where none is configured. */
export const CONTROLLER_ID = 'sidegraph';

export interface ReconcileConfig extends OperatorConfig {
  /** Of `seldon.io/controller-id`: objects that name another are left alone. */
  readonly controllerId: string;
  /** Field managers of an operator that is taken over from. */
  readonly formerManagers: readonly string[];
}

export interface LivePlan {
  /** Undefined where it could not be asked. */
  readonly hash: string | undefined;
  readonly askedAtMs: number;
}

/** What one gateway pod says in its ConfigMap. */
export interface GatewayView {
  readonly name: string;
  /** SeldonDeployments up to this resourceVersion are live there. */
  readonly acknowledged: string;
  /** `namespace/service` that its routes or requests still use though no spec names them. */
  readonly inUse: readonly string[];
  /** What it does not do as this deployment says, in words; absent or '' for nothing. */
  readonly note?: string;
}

export interface Reconciled {
  /** False: this object is another operator's, or nobody has given it to us: nothing of it is touched but a status of ours, which goes. */
  readonly isOurs: boolean;
  /** To be looked up before anything is written; all else is empty then. */
  readonly lookUp: readonly ObjectRef[];
  /** Fields that another manager wrote, to be made ours first. */
  readonly takeOver: readonly TakeOver[];
  readonly transfers: readonly ReplicasTransfer[];
  readonly remove: readonly Removal[];
  readonly apply: readonly Application[];
  /** After `apply`: the kubelet is to find the new map. */
  readonly annotate: readonly PodAnnotation[];
  readonly ask: readonly PlanQuestion[];
  /** The whole intent of our status manager, {} to withdraw it; undefined leaves the status alone. */
  readonly status: Readonly<Record<string, unknown>> | undefined;
  readonly events: readonly ReconcileEvent[];
  readonly requeueAfterMs: number | undefined;
}

export interface Application {
  readonly object: KubeObject;
  readonly how: 'create' | 'update';
}

export interface Removal {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly why: string;
}

export interface TakeOver {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly managers: readonly string[];
  /** Whose fields; absent for those of the object itself. */
  readonly subresource?: 'status';
}

export interface PodAnnotation {
  readonly ref: ObjectRef;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PlanQuestion {
  readonly pod: string;
  readonly uid: string;
  readonly address: string;
  /** The hash that it should answer. */
  readonly expected: string;
}

export interface ReconcileEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** `Kind/name`: what is unique among the children of a namespace. */
export function kindAndName(object: { kind: string; metadata: { name: string } }): string {
  return `${object.kind}/${object.metadata.name}`;
}

export const NOTHING: Omit<Reconciled, 'status'> = {
  isOurs: true,
  lookUp: [],
  takeOver: [],
  transfers: [],
  remove: [],
  apply: [],
  annotate: [],
  ask: [],
  events: [],
  requeueAfterMs: undefined,
};
