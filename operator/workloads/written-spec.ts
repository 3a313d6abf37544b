// The parts of a stored SeldonDeployment that `graph/` leaves to Kubernetes: pods, autoscaling, budgets, resources. They are
// passed on as they were written; only their JSON types are looked at, and what has the wrong one counts as absent.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export interface WrittenSpec {
  readonly annotations: Readonly<Record<string, string>>;
  readonly protocol: string;
  readonly replicas: number | undefined;
  readonly predictors: readonly WrittenPredictorSpec[];
}

export interface WrittenPredictorSpec {
  readonly replicas: number | undefined;
  readonly progressDeadlineSeconds: number | undefined;
  readonly components: readonly WrittenComponent[];
  readonly orchestrator: WrittenOrchestrator;
  /** By unit name. */
  readonly units: ReadonlyMap<string, WrittenUnitSpec>;
  /** `explainer.containerSpec`; {} for none. */
  readonly explainer: JsonObject;
}

export interface WrittenComponent {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The pod's spec. */
  readonly pod: JsonObject;
  readonly containers: readonly JsonObject[];
  readonly replicas: number | undefined;
  readonly autoscaler: JsonObject | undefined;
  readonly budget: JsonObject | undefined;
  readonly keda: boolean;
}

export interface WrittenOrchestrator {
  readonly env: readonly JsonObject[];
  readonly resources: JsonObject | undefined;
  readonly replicas: number | undefined;
}

export interface WrittenUnitSpec {
  readonly serviceAccountName: string;
  readonly envSecretRefName: string;
  readonly storageInitializerImage: string;
}

/** Reads the object that a checked deployment was loaded from; predictors keep their positions. */
export function readSpec(object: KubeObject): WrittenSpec {
  const spec = objectAt(object, 'spec');
  return {
    annotations: textsAt(spec, 'annotations'),
    protocol: textAt(spec, 'protocol') || 'seldon',
    replicas: integerAt(spec, 'replicas'),
    predictors: objectsAt(spec, 'predictors').map(readPredictor),
  };
}

function readPredictor(predictor: JsonObject): WrittenPredictorSpec {
  const orchestrator = objectAt(predictor, 'svcOrchSpec');
  const units = new Map<string, WrittenUnitSpec>();
  readUnits(predictor['graph'], units);
  return {
    replicas: integerAt(predictor, 'replicas'),
    progressDeadlineSeconds: integerAt(predictor, 'progressDeadlineSeconds'),
    components: objectsAt(predictor, 'componentSpecs').map(readComponent),
    orchestrator: {
      env: objectsAt(orchestrator, 'env'),
      resources: mapAt(orchestrator, 'resources') ?? mapAt(predictor, 'engineResources'),
      replicas: integerAt(orchestrator, 'replicas'),
    },
    units,
    explainer: objectAt(objectAt(predictor, 'explainer'), 'containerSpec'),
  };
}

function readComponent(component: JsonObject): WrittenComponent {
  const metadata = objectAt(component, 'metadata');
  const pod = objectAt(component, 'spec');
  const part = (name: string): JsonObject | undefined =>
    isPlainObject(component[name]) ? component[name] : undefined;
  return {
    name: textAt(metadata, 'name'),
    labels: textsAt(metadata, 'labels'),
    annotations: textsAt(metadata, 'annotations'),
    pod,
    containers: objectsAt(pod, 'containers'),
    replicas: integerAt(component, 'replicas'),
    autoscaler: part('hpaSpec'),
    budget: part('pdbSpec'),
    keda: part('kedaSpec') !== undefined,
  };
}

/** Seldon's older place for them is `engineResources`. */
function mapAt(owner: JsonObject, name: string): JsonObject | undefined {
  return isPlainObject(owner[name]) ? owner[name] : undefined;
}

/** `children` is a list or, in old articles, a single unit. */
function readUnits(value: unknown, units: Map<string, WrittenUnitSpec>): void {
  if (!isPlainObject(value)) return;
  units.set(textAt(value, 'name'), {
    serviceAccountName: textAt(value, 'serviceAccountName'),
    envSecretRefName: textAt(value, 'envSecretRefName'),
    storageInitializerImage: textAt(value, 'storageInitializerImage'),
  });
  const { children } = value;
  for (const child of Array.isArray(children) ? children : [children]) readUnits(child, units);
}

export function objectAt(owner: JsonObject, name: string): JsonObject {
  const value = owner[name];
  return isPlainObject(value) ? value : {};
}

export function objectsAt(owner: JsonObject, name: string): readonly JsonObject[] {
  const value = owner[name];
  return Array.isArray(value) ? value.filter((item) => isPlainObject(item)) : [];
}

export function textAt(owner: JsonObject, name: string): string {
  const value = owner[name];
  return typeof value === 'string' ? value : '';
}

export function integerAt(owner: JsonObject, name: string): number | undefined {
  const value = owner[name];
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

export function textsAt(owner: JsonObject, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectAt(owner, name)).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  );
}
