// The contract of this folder: what goes into the rendering of a deployment's objects and what comes out. Plain data.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { Finding } from '../../graph/manifest/finding.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { OperatorConfig } from '../config/workload-config.ts';

export interface WorkloadInput {
  /** Checked and defaulted, loaded with `hosts: 'cluster'` and `servers: config.predictorServers`. */
  readonly deployment: Deployment;
  readonly owner: Owner;
  /** Whether the namespace is annotated. */
  readonly injection: boolean;
  readonly config: OperatorConfig;
  /** What exists in the namespace; objects of other owners are not looked at. */
  readonly live: LiveObjects;
}

export interface Owner {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly apiVersion: string;
  readonly kind: string;
}

export interface LiveObjects {
  readonly deployments: readonly KubeObject[];
  readonly horizontalPodAutoscalers: readonly KubeObject[];
}

export interface Workloads {
  /** In the order in which they are to be applied: ConfigMaps, Services, Deployments, HPAs, PDBs; by name within a kind. */
  readonly objects: readonly KubeObject[];
  readonly predictors: readonly PredictorWorkload[];
  /** To be applied before `objects`, each by itself with its manager and force. */
  readonly transfers: readonly ReplicasTransfer[];
  readonly warnings: readonly Finding[];
}

export interface PredictorWorkload {
  readonly name: string;
  readonly serviceName: string;
  /** Ports of that Service: 8000 and 5001, the container's own without an engine. */
  readonly ports: { readonly http: number; readonly grpc: number };
  /** Services of single containers, by unit. */
  readonly containerServices: Readonly<Record<string, string>>;
  /** Services of units in pods that others make, by unit; where there are any, those pods are the entry. */
  readonly joinedServices: Readonly<Record<string, string>>;
  /** Those that serve the graph. */
  readonly deploymentNames: readonly string[];
  /** Beside the graph, which serves without it. */
  readonly explainer: { readonly deploymentName: string; readonly serviceName: string } | undefined;
  /** The ConfigMap with the plan; undefined where no sidecar reads one (injection off, no-engine). */
  readonly planName: string | undefined;
  readonly plan: Plan;
  /** The Deployment whose pods the predictor's Service selects; undefined when none of ours holds the entry. */
  readonly entryDeployment: string | undefined;
  /** Whether the entry's pods have sidecars. */
  readonly injected: boolean;
  /** Whether its Service takes TLS. */
  readonly isEncrypted: boolean;
  readonly traffic: number;
  readonly shadow: boolean;
}

/**
 * `spec.replicas` of a live Deployment goes from our manager to a second one, so that it can be left out next time
 * without falling to 1: an autoscaler owns it from then on.
 */
export interface ReplicasTransfer {
  readonly deployment: string;
  readonly manager: string;
  readonly replicas: number;
}
