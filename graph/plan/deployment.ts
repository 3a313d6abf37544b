// A deployment as the user means it: what was written, checked and defaulted. Plain data; it keeps what a plan leaves out
// but a runner needs (the containers with their commands, environment and ports) or a cluster (the pods as they were written, their
// autoscalers and budgets).
import type { JsonObject } from './json-value.ts';
import type { DialectName, UnitType } from './plan.ts';

export interface Deployment {
  readonly name: string;
  readonly namespace: string;
  /** What clients speak, and the units. */
  readonly protocol: DialectName;
  readonly transport: 'rest' | 'grpc';
  /** `spec.annotations` over `metadata.annotations`. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Those of `spec.annotations` alone: what is copied to pods. */
  readonly specAnnotations: Readonly<Record<string, string>>;
  readonly replicas: number | undefined;
  readonly predictors: readonly Predictor[];
  /** The file that it was read from, as it was named. */
  readonly source: string;
  /** Path prefix in that file: '' or, in a `List`, `items[2].`. */
  readonly path: string;
}

export interface Predictor {
  readonly name: string;
  readonly path: string;
  /** Percent of the requests, defaulted: 100 for an only predictor and for a shadow without a share. */
  readonly traffic: number;
  readonly shadow: boolean;
  readonly replicas: number | undefined;
  /** With `version`, the predictor's name where the user set none. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `svcOrchSpec.env`; entries with `valueFrom` are left out. */
  readonly orchestratorEnv: Readonly<Record<string, string>>;
  /** All containers, in the order of the componentSpecs, then those that prepackaged servers add. */
  readonly containers: readonly Container[];
  /** Its `componentSpecs`. */
  readonly components: readonly Component[];
  readonly orchestrator: Orchestrator;
  readonly progressDeadlineSeconds: number | undefined;
  readonly graph: Unit;
  readonly explainer?: Explainer;
  /** Name of the Secret with the certificate of its data plane. */
  readonly certificate?: string;
}

/** Explains predictions, in pods of its own: it asks the predictor many times for one response. */
export interface Explainer {
  readonly path: string;
  /** One of Alibi's (`AnchorTabular`), or any word where the container has an image of its own. */
  readonly type: string;
  readonly modelUri: string;
  /** Flags of the server. */
  readonly config: Readonly<Record<string, string>>;
  /** JSON, '' for none: what MLServer's runtime makes the explainer with. */
  readonly initParameters: string;
  /** How it asks the predictor; it is asked by REST. */
  readonly transport: 'rest' | 'grpc';
  readonly replicas: number | undefined;
  readonly serviceAccountName: string;
  readonly envSecretRefName: string;
  readonly storageInitializerImage: string;
  /** `containerSpec` as it was written. */
  readonly raw: JsonObject;
  /** The same as it is read; its name may be ''. */
  readonly container: Container;
}

/** One of the `componentSpecs`, as it was written: a Deployment in a cluster. */
export interface Component {
  /** '' for none. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The pod's spec. */
  readonly pod: JsonObject;
  readonly replicas: number | undefined;
  readonly autoscaler: JsonObject | undefined;
  readonly budget: JsonObject | undefined;
  readonly keda: JsonObject | undefined;
}

/** `svcOrchSpec`, as it was written: what the data plane of a predictor gets. */
export interface Orchestrator {
  readonly env: readonly JsonObject[];
  /** Those of `svcOrchSpec`, else `engineResources`, which is their older place. */
  readonly resources: JsonObject | undefined;
  readonly replicas: number | undefined;
}

export type LoggerMode = 'all' | 'request' | 'response';

export interface Unit {
  readonly name: string;
  readonly path: string;
  readonly type: UnitType;
  /** Undefined where its payloads are not logged; `url` is '' for the default. */
  readonly logger: { readonly url: string; readonly mode: LoggerMode } | undefined;
  /** What it speaks; of a built-in what its graph does. */
  readonly protocol: DialectName;
  readonly builtIn: string | undefined;
  /** Key of a prepackaged server (`SKLEARN_SERVER`), undefined when the unit is none. */
  readonly server: string | undefined;
  readonly methods: readonly Method[];
  readonly parameters: readonly Parameter[];
  readonly modelUri: string;
  /** How the model is loaded; '' where nothing is said. */
  readonly serviceAccountName: string;
  readonly envSecretRefName: string;
  readonly storageInitializerImage: string;
  /** How the unit is reached; undefined for built-ins, and for units that only `addresses` know. */
  readonly endpoint: Endpoint | undefined;
  readonly children: readonly Unit[];
}

export type Method =
  | 'TRANSFORM_INPUT'
  | 'TRANSFORM_OUTPUT'
  | 'ROUTE'
  | 'AGGREGATE'
  | 'SEND_FEEDBACK';

export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly type: ParameterType;
}

export type ParameterType = 'INT' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'BOOL';

export interface Endpoint {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** The type that the user wrote, '' for none. */
  readonly type: '' | 'REST' | 'GRPC';
  /** Whether the user wrote the address, or it is that of the container of the same name. */
  readonly from: 'endpoint' | 'container';
}

export interface Container {
  readonly name: string;
  readonly path: string;
  /** '' when none is named. */
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly EnvEntry[];
  /** Secrets and ConfigMaps whose keys all become variables. */
  readonly envFrom: readonly EnvFrom[];
  readonly ports: ContainerPorts;
  /** Position in `componentSpecs`. */
  readonly componentSpec: number;
}

export interface ContainerPorts {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

export type EnvEntry =
  | { readonly kind: 'value'; readonly name: string; readonly value: string }
  | {
      /** The value is not in the file. */
      readonly kind: 'reference';
      readonly name: string;
      readonly from: 'secret' | 'configMap' | 'field' | 'resource' | 'other';
      /** `NAME/KEY` of a Secret or ConfigMap, path of a field or resource. */
      readonly reference: string;
      readonly optional: boolean;
    };

export interface EnvFrom {
  readonly from: 'secret' | 'configMap';
  readonly name: string;
  readonly prefix: string;
  readonly optional: boolean;
}

/** An address given from outside the file (`--unit`), by unit name or by `predictor/unit`. */
export interface Address {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

export type Addresses = ReadonlyMap<string, Address>;

/** The address given for a unit, if any; `predictor/unit` goes before the bare name. */
export function findAddress(
  addresses: Addresses | undefined,
  predictor: string,
  unit: string,
): Address | undefined {
  return addresses?.get(`${predictor}/${unit}`) ?? addresses?.get(unit);
}

/** All units of a graph in pre-order. */
export function listUnits(graph: Unit): Unit[] {
  const units: Unit[] = [];
  const visit = (unit: Unit): void => {
    units.push(unit);
    unit.children.forEach(visit);
  };
  visit(graph);
  return units;
}

export function findContainer(predictor: Predictor, unit: string): Container | undefined {
  return predictor.containers.find((container) => container.name === unit);
}
