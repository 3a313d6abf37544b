// What a live Deployment tells about itself: whose it is, its selector, its sidecars, who owns its replicas. Read, never trusted to
// have any shape.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS, CONTAINERS, FIELD_MANAGERS, LABELS, VOLUMES } from '../../cluster/names.ts';
import type { ContainerSpec, SidecarParts } from './sidecar/render-sidecar.ts';
import type { Labels } from './labels.ts';
import { integerAt, objectAt, objectsAt, textAt, textsAt } from '../../graph/plan/json-value.ts';
import { SIDECAR_VERSION_ANNOTATION } from '../../graph/seldon/annotation-names.ts';

export function liveSelector(deployment: KubeObject): Labels {
  return textsAt(objectAt(objectAt(deployment, 'spec'), 'selector'), 'matchLabels');
}

export function liveReplicas(deployment: KubeObject): number {
  return integerAt(objectAt(deployment, 'spec'), 'replicas') ?? 1;
}

/** Version of the sidecars in its template, '' for none. */
export function liveSidecarVersion(deployment: KubeObject): string {
  const metadata = objectAt(liveTemplate(deployment), 'metadata');
  return textsAt(metadata, 'annotations')[SIDECAR_VERSION_ANNOTATION] ?? '';
}

export function liveTemplateHash(deployment: KubeObject): string {
  return deployment.metadata.annotations?.[ANNOTATIONS.templateHash] ?? '';
}

/** The sidecars as they are in a live template, to be kept by applying them again. */
export function liveSidecar(deployment: KubeObject, fresh: SidecarParts): SidecarParts {
  const template = liveTemplate(deployment);
  const metadata = objectAt(template, 'metadata');
  const pod = objectAt(template, 'spec');
  const ours: readonly string[] = Object.values(CONTAINERS);
  const volumes: readonly string[] = [VOLUMES.plan, VOLUMES.run, VOLUMES.noToken];
  const all = [...objectsAt(pod, 'initContainers'), ...objectsAt(pod, 'containers')];
  return {
    initContainers: all
      .filter((container) => ours.includes(textAt(container, 'name')))
      .map(asContainer)
      // In a pod that holds sidecars alone Envoy is an ordinary container; it becomes one again.
      .map((container) => ({ ...container, restartPolicy: 'Always' })),
    volumes: objectsAt(pod, 'volumes').filter((volume) => volumes.includes(textAt(volume, 'name'))),
    podAnnotations: pick(textsAt(metadata, 'annotations'), Object.keys(fresh.podAnnotations)),
    labels: pick(textsAt(metadata, 'labels'), [LABELS.injected]),
    terminationGracePeriodSeconds:
      integerAt(pod, 'terminationGracePeriodSeconds') ?? fresh.terminationGracePeriodSeconds,
    preStopForUnits: livePreStop(objectsAt(pod, 'containers')) ?? fresh.preStopForUnits,
    findings: fresh.findings,
  };
}

/**
 * Whether our manager owns `spec.replicas` and nobody else does: then leaving the field out makes it 1.
 */
export function ownsReplicasAlone(deployment: KubeObject): boolean {
  const owners = (deployment.metadata.managedFields ?? []).filter(({ fieldsV1 }) => {
    const spec = isPlainObject(fieldsV1) ? fieldsV1['f:spec'] : undefined;
    return isPlainObject(spec) && spec['f:replicas'] !== undefined;
  });
  return owners.length > 0 && owners.every(({ manager }) => manager === FIELD_MANAGERS.children);
}

function liveTemplate(deployment: KubeObject): JsonObject {
  return objectAt(objectAt(deployment, 'spec'), 'template');
}

function livePreStop(
  containers: readonly JsonObject[],
): SidecarParts['preStopForUnits'] | undefined {
  for (const container of containers) {
    const sleep = objectAt(objectAt(objectAt(container, 'lifecycle'), 'preStop'), 'sleep');
    const seconds = integerAt(sleep, 'seconds');
    if (seconds !== undefined) return { sleep: { seconds } };
  }
  return undefined;
}

function asContainer(value: JsonObject): ContainerSpec {
  return { ...value, name: textAt(value, 'name') };
}

function pick(values: Readonly<Record<string, string>>, keys: readonly string[]): Labels {
  return Object.fromEntries(
    keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
}
