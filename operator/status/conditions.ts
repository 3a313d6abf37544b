// Conditions in the form of Knative's duck types, as Seldon's clients read them. The time of a condition is that of its last change of
// status, so an unchanged state gives an unchanged object and no write.
import { conditionsOf } from '../observe/fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export interface Judgement {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Absent: the deployment is not ready without it. */
  readonly severity?: 'Warning' | 'Info';
  readonly reason?: string;
  readonly message?: string;
}

export type ConditionType =
  | 'Ready'
  | 'DeploymentsReady'
  | 'ServicesReady'
  | 'HpasReady'
  | 'PdbsReady'
  /** Told only where the chart's option asks for such objects. */
  | 'KedaReady'
  | 'istioVirtualServicesReady'
  | 'RoutesReady'
  /** The API server took what is made of it; told only where it did not. */
  | 'Applied'
  /** The checks found no error. */
  | 'GraphValid'
  /** Sidecars may be given to its pods. */
  | 'Injected'
  /** All names that it needs are its own. */
  | 'NamesFree'
  /** Every pod serves the current plan. */
  | 'PlanLive'
  /** `kubectl scale` and an autoscaler on the SeldonDeployment itself work. */
  | 'Scalable'
  /** Nothing of an earlier version of the graph is left. */
  | 'Superseded'
  /** No other operator writes its objects. */
  | 'TakenOver'
  /** The gateways serve it as it is written. */
  | 'Exposed';

export interface Condition extends Judgement {
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/** Sorted by type; times are kept where the status is as before. */
export function dateConditions(
  findings: readonly Judgement[],
  object: KubeObject,
  nowMs: number,
): readonly Condition[] {
  const before = new Map(conditionsOf(object).map((each) => [each.type, each]));
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return findings
    .map((finding) => {
      const known = before.get(finding.type);
      const isSame = known?.status === finding.status && known.lastTransitionTime !== '';
      return {
        ...finding,
        lastTransitionTime: isSame ? known.lastTransitionTime : now,
        observedGeneration: object.metadata.generation ?? 0,
      };
    })
    .sort((one, other) => (one.type < other.type ? -1 : 1));
}
