// A deployment as it was written: typed, nothing defaulted yet, so that checks see what the user wrote. `undefined` is
// what was left out.
import type {
  Component,
  ContainerPorts,
  EnvEntry,
  EnvFrom,
  Explainer,
} from '../plan/deployment.ts';
import type { WrittenPod } from '../pod/check-pod.ts';

export interface WrittenDeployment {
  readonly name: string;
  /** Whether the API server is still to make the end of the name, so that two may have one beginning. */
  readonly isNameGenerated: boolean;
  readonly namespace: string;
  readonly path: string;
  readonly protocol: string;
  readonly transport: string;
  readonly serverType: string;
  readonly replicas: number | undefined;
  readonly metadataAnnotations: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly predictors: readonly WrittenPredictor[];
}

export interface WrittenPredictor {
  readonly path: string;
  readonly name: string;
  readonly traffic: number | undefined;
  readonly shadow: boolean;
  readonly replicas: number | undefined;
  readonly progressDeadlineSeconds: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly orchestratorEnv: readonly EnvEntry[];
  readonly containers: readonly WrittenContainer[];
  /** The pods of its `componentSpecs`, as they stand. */
  readonly pods: readonly WrittenPod[];
  readonly components: readonly Component[];
  readonly orchestratorReplicas: number | undefined;
  /** `svcOrchSpec`, as it is; undefined for none. */
  readonly orchestrator: WrittenPod | undefined;
  readonly engineResources: WrittenPod | undefined;
  /** Undefined when there is none that can be read; a finding tells. */
  readonly graph: WrittenUnit | undefined;
  /** Needs no defaults. */
  readonly explainer: Explainer | undefined;
  /** `ssl.certSecretName`, '' for none. */
  readonly certificate: string;
}

/** A deployment whose containers have their ports. */
export interface PortedDeployment extends WrittenDeployment {
  readonly predictors: readonly PortedPredictor[];
}

export interface PortedPredictor extends WrittenPredictor {
  /** Its containers, then those that its prepackaged servers add. */
  readonly ported: readonly PortedContainer[];
}

export interface PortedContainer {
  readonly container: WrittenContainer;
  readonly ports: ContainerPorts;
}

export interface WrittenContainer {
  readonly path: string;
  readonly componentSpec: number;
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly EnvEntry[];
  readonly envFrom: readonly EnvFrom[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

export interface WrittenUnit {
  readonly path: string;
  readonly name: string;
  readonly type: string | undefined;
  readonly implementation: string | undefined;
  readonly methods: readonly { readonly name: string; readonly path: string }[] | undefined;
  readonly parameters: readonly WrittenParameter[];
  readonly modelUri: string;
  readonly serviceAccountName: string;
  readonly envSecretRefName: string;
  readonly storageInitializerImage: string;
  readonly endpoint: WrittenEndpoint | undefined;
  readonly logger:
    | { readonly path: string; readonly mode: string; readonly url: string }
    | undefined;
  readonly children: readonly WrittenUnit[];
}

export interface WrittenParameter {
  readonly path: string;
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

export interface WrittenEndpoint {
  readonly path: string;
  readonly host: string;
  readonly type: string;
  readonly servicePort: number | undefined;
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
}

export function listWrittenUnits(graph: WrittenUnit | undefined): WrittenUnit[] {
  if (graph === undefined) return [];
  const units: WrittenUnit[] = [graph];
  for (const child of graph.children) units.push(...listWrittenUnits(child));
  return units;
}

/** Whether an endpoint says where the unit is: a host and at least one port. */
export function isAddress(endpoint: WrittenEndpoint | undefined): boolean {
  if (endpoint === undefined || endpoint.host === '') return false;
  return [endpoint.httpPort, endpoint.grpcPort, endpoint.servicePort].some(Boolean);
}
