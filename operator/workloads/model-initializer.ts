// The storage initializer: an init container that copies the artifact of a model to where its server looks for it. Any remote
// that rclone knows, or `pvc://claim/path`. A manifest may bring its own, under the name that it has here: then nothing is added.
import type { Unit } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { PATHS } from '../../cluster/names.ts';
import type { ContainerSpec } from './sidecar/render-sidecar.ts';
import type { OperatorConfig } from '../config/workload-config.ts';
import { md5, suffixedName } from '../../cluster/object-names.ts';

/** What a model is loaded for: a unit, or an explainer. */
type Model = Pick<Unit, 'modelUri' | 'envSecretRefName' | 'storageInitializerImage'>;

const CLAIM = /^pvc:\/\/([^/]+)(?:\/(.*))?$/;

/** What the container `name` mounts to load the model of a unit with a `modelUri`; nothing for others. */
export function modelMounts(name: string, unit: Model): JsonObject[] {
  if (unit.modelUri === '') return [];
  return [
    { name: provisionVolume(name), mountPath: PATHS.models, readOnly: true },
    ...claimMounts(unit),
  ];
}

export function modelVolumes(name: string, unit: Model): JsonObject[] {
  if (unit.modelUri === '') return [];
  const claim = CLAIM.exec(unit.modelUri)?.[1];
  const volumes: JsonObject[] = [{ name: provisionVolume(name), emptyDir: {} }];
  if (claim !== undefined)
    volumes.push({
      name: claimVolume(claim),
      persistentVolumeClaim: { claimName: claim, readOnly: true },
    });
  return volumes;
}

/** The init container of a unit, undefined for one without `modelUri`. */
export function renderInitializer(
  name: string,
  unit: Model,
  config: OperatorConfig,
): ContainerSpec | undefined {
  if (unit.modelUri === '') return undefined;
  const claim = CLAIM.exec(unit.modelUri);
  const from = claim === null ? unit.modelUri : `${PATHS.pvc}/${claim[2] ?? ''}`;
  const secret = unit.envSecretRefName || config.defaultEnvSecret;
  return {
    name: initializerName(name),
    image: unit.storageInitializerImage || config.images.storageInitializer,
    imagePullPolicy: 'IfNotPresent',
    args: [from, PATHS.models],
    ...(secret === '' ? {} : { envFrom: [{ secretRef: { name: secret } }] }),
    resources: config.storageInitializerResources,
    volumeMounts: [{ name: provisionVolume(name), mountPath: PATHS.models }, ...claimMounts(unit)],
  };
}

/** Of the init container of a unit: Seldon documents it as the way to replace it. */
export function initializerName(container: string): string {
  return suffixedName(container, '-model-initializer');
}

function claimMounts(unit: Model): JsonObject[] {
  const claim = CLAIM.exec(unit.modelUri)?.[1];
  if (claim === undefined) return [];
  return [{ name: claimVolume(claim), mountPath: PATHS.pvc, readOnly: true }];
}

function provisionVolume(container: string): string {
  return suffixedName(container, '-provision-location');
}

/** Seldon knows one claim a pod; several get a name each. */
function claimVolume(claim: string): string {
  return `kfserving-pvc-source-${md5(claim).slice(0, 8)}`;
}
