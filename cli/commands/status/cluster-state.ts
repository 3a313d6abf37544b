// What `sidegraph status` knows of a cluster, as plain data: read once, then shown as a tree or as JSON.

export interface DeploymentState {
  readonly namespace: string;
  readonly name: string;
  /** Available, Creating or Failed; Unknown until the operator has looked at it. */
  readonly state: string;
  /** Whether the operator has seen the last edit. */
  readonly isCurrent: boolean;
  readonly url: string | null;
  readonly predictors: readonly PredictorState[];
  /** What does not hold, or is worth knowing, in words. */
  readonly notes: readonly StateNote[];
}

export interface PredictorState {
  readonly name: string;
  readonly ready: boolean;
  /** Percent of the requests; of a shadow, percent of those that are copied to it. */
  readonly traffic: number;
  readonly shadow: boolean;
  /** Hash of the plan that is to be served; null where no sidecar serves one. */
  readonly plan: string | null;
  readonly message: string;
  readonly pods: readonly PodState[];
}

export interface PodState {
  readonly name: string;
  readonly ready: boolean;
  /** Null for a pod without sidecars. */
  readonly plan: PodPlan | null;
  /** Why the sidecar does not serve the mounted plan; '' when it does, or was not asked. */
  readonly refused: string;
  /** What is the matter with it; '' for nothing. */
  readonly message: string;
}

export interface PodPlan {
  readonly hash: string;
  /** `pod`: it said so itself; `operator`: the operator has asked it to serve that. */
  readonly from: 'pod' | 'operator';
}

export interface StateNote {
  readonly severity: 'error' | 'warning' | 'info';
  /** Type of the condition, or a word of ours. */
  readonly about: string;
  readonly message: string;
}
