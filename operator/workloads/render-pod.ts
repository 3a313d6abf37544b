// Renders the pod template of a component, without sidecars: the pod as written, with the units' containers filled in and
// what they mount. The result depends on nothing that the data plane alone reads, so such edits roll no pods.
import type { Deployment } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import { VOLUMES } from '../../cluster/names.ts';
import { certificateVolumes } from './certificate.ts';
import type { ContainerSpec } from './sidecar/render-sidecar.ts';
import { podAnnotations } from './annotations.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import type { Labels } from './labels.ts';
import {
  initializerName,
  modelMounts,
  modelVolumes,
  renderInitializer,
} from './model-initializer.ts';
import { isProxied, loadsModel, modelContainer, renderBeside } from './model-server.ts';
import type { PlacedComponent, PlacedPredictor } from './place-predictors.ts';
import { renameReferences, renderContainer, withoutTwins } from './render-container.ts';
import { objectsAt, textAt } from '../../graph/plan/json-value.ts';

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Labels;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly initContainers?: readonly ContainerSpec[];
  readonly containers: readonly ContainerSpec[];
  readonly volumes?: readonly object[];
  readonly terminationGracePeriodSeconds?: number;
  readonly [field: string]: unknown;
}

export interface PodInput {
  readonly deployment: Deployment;
  readonly placed: PlacedPredictor;
  readonly component: PlacedComponent;
  readonly labels: Labels;
  readonly config: OperatorConfig;
}

export function renderPod(input: PodInput): PodTemplate {
  const { deployment, placed, component, labels, config } = input;
  const { specAnnotations } = deployment;
  const { predictor } = placed;
  const { containers } = component;
  const names = new Map(containers.map(({ name, container }) => [container.name, name]));
  // Its keys are the pod's own; only the names of containers in it are looked at.
  const pod = renameReferences(component.written?.pod ?? {}, names) as JsonObject;
  const raws = new Map(objectsAt(pod, 'containers').map((raw) => [textAt(raw, 'name'), raw]));
  const units = containers.flatMap((own) =>
    own.unit === undefined
      ? []
      : [
          {
            own,
            unit: own.unit,
            loader: modelContainer(predictor, own, own.unit),
            loads: loadsModel(own.unit, specAnnotations),
          },
        ],
  );
  const inits = objectsAt(pod, 'initContainers');
  const loading = units.filter(
    ({ loader, loads }) =>
      loads && !inits.some((init) => textAt(init, 'name') === initializerName(loader)),
  );
  const initializers = loading.flatMap(
    ({ loader, unit }) => renderInitializer(loader, unit, config) ?? [],
  );
  const mountsOf = (loader: string): JsonObject[] =>
    loading.flatMap((each) => (each.loader === loader ? modelMounts(loader, each.unit) : []));
  const beside = units
    .filter(({ unit }) => isProxied(unit))
    .map(({ unit, loader }) =>
      renderBeside(predictor, unit, raws.get(loader) ?? {}, mountsOf(loader), config),
    );
  const initContainers = [...inits, ...initializers];
  const volumes = withoutTwins(
    [
      ...objectsAt(pod, 'volumes'),
      ...(units.length > 0 ? [podinfoVolume()] : []),
      ...loading.flatMap(({ loader, unit }) => modelVolumes(loader, unit)),
      ...certificateVolumes(predictor),
    ],
    'name',
  );
  const account = textAt(pod, 'serviceAccountName') || unitAccounts(component)[0];
  return {
    metadata: {
      labels,
      annotations: podAnnotations(specAnnotations, predictor, component.written?.annotations),
    },
    spec: {
      ...pod,
      containers: [
        ...containers
          .filter(({ name }) => !beside.some((each) => each.name === name))
          .map((own) =>
            renderContainer({
              deployment,
              predictor,
              placed: own,
              raw: raws.get(own.container.name) ?? {},
              mounts: mountsOf(own.name),
              annotations: specAnnotations,
            }),
          ),
        ...beside,
      ] as readonly ContainerSpec[],
      ...(initContainers.length > 0 ? { initContainers: initContainers as ContainerSpec[] } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
      ...(account === undefined ? {} : { serviceAccountName: account }),
      ...defaultUser(pod, config),
    },
  };
}

/** The distinct service accounts that the units of a pod ask for, in pod order. */
export function unitAccounts(component: PlacedComponent): string[] {
  const accounts = component.containers.flatMap(({ unit }) => unit?.serviceAccountName || []);
  return [...new Set(accounts)];
}

/** The wrappers read timeouts and sizes from the pod's annotations. */
function podinfoVolume(): JsonObject {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.annotations' };
  return {
    name: VOLUMES.podinfo,
    downwardAPI: { defaultMode: 0o644, items: [{ path: 'annotations', fieldRef }] },
  };
}

export function defaultUser(pod: JsonObject, config: OperatorConfig): JsonObject {
  if (isPlainObject(pod['securityContext']) || config.defaultUserId === null) return {};
  return { securityContext: { runAsUser: config.defaultUserId } };
}
