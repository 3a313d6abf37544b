// Joins a pod template and the sidecars of its predictor. A live template keeps the sidecars that it has until something else in
// it changes, so that an upgrade of the operator does not roll every pod of the cluster.
import { createHash } from 'node:crypto';
import { canonicalJson, isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { ContainerSpec, SidecarParts } from './sidecar/render-sidecar.ts';
import { renderLoneSidecar } from './sidecar/render-sidecar.ts';
import { liveSidecar, liveSidecarVersion, liveTemplateHash } from './live.ts';
import type { PodTemplate } from './render-pod.ts';
import { objectAt } from '../../graph/plan/json-value.ts';
import { SIDECAR_VERSION_ANNOTATION } from '../../graph/seldon/annotation-names.ts';

/** 16 hex digits over what rolls the pods of a template apart from the sidecars' own version. */
export function hashTemplate(template: PodTemplate, settings: JsonObject): string {
  const text = canonicalJson({ template, settings });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The sidecars that a template is to have: fresh ones, or those that the live template has. */
export function chooseSidecar(
  fresh: SidecarParts,
  hash: string,
  asked: string | undefined,
  live: KubeObject | undefined,
): SidecarParts {
  if (live === undefined || liveTemplateHash(live) !== hash) return fresh;
  const version = liveSidecarVersion(live);
  const current = fresh.podAnnotations[SIDECAR_VERSION_ANNOTATION];
  if (version === '' || version === current || asked === current) return fresh;
  return liveSidecar(live, fresh);
}

/** `units` are the names of the containers that must outlive Envoy's drain. */
export function attachSidecar(
  template: PodTemplate,
  parts: SidecarParts,
  units: readonly string[],
): PodTemplate {
  const { metadata, spec } = holdUnits(template, parts, units);
  return {
    metadata: {
      labels: { ...metadata.labels, ...parts.labels },
      annotations: { ...metadata.annotations, ...parts.podAnnotations },
    },
    spec: {
      ...spec,
      initContainers: [...(spec.initContainers ?? []), ...parts.initContainers],
      volumes: [...(spec.volumes ?? []), ...parts.volumes],
    },
  };
}

/** A pod that holds the sidecars alone; `volumes` are those that they mount besides their own. */
export function renderLonePod(
  template: Pick<PodTemplate, 'metadata'>,
  parts: SidecarParts,
  volumes: readonly object[],
): PodTemplate {
  const { metadata } = template;
  return {
    metadata: {
      labels: { ...metadata.labels, ...parts.labels },
      annotations: { ...metadata.annotations, ...parts.podAnnotations },
    },
    spec: {
      ...renderLoneSidecar(parts),
      volumes: [...parts.volumes, ...volumes],
      terminationGracePeriodSeconds: parts.terminationGracePeriodSeconds,
    },
  };
}

/** Gives units that say nothing themselves time to answer what a data plane still sends. */
export function holdUnits(
  template: PodTemplate,
  parts: Pick<SidecarParts, 'preStopForUnits' | 'terminationGracePeriodSeconds'>,
  units: readonly string[],
): PodTemplate {
  const { spec } = template;
  const grace = spec.terminationGracePeriodSeconds ?? parts.terminationGracePeriodSeconds;
  // The API server refuses a sleep that is not shorter than the whole.
  const seconds = Math.min(parts.preStopForUnits.sleep.seconds, grace - 1);
  const hold = (container: ContainerSpec): ContainerSpec =>
    seconds < 1 || !units.includes(container.name)
      ? container
      : withPreStop(container, { sleep: { seconds } });
  return {
    ...template,
    spec: {
      ...spec,
      containers: spec.containers.map(hold),
      terminationGracePeriodSeconds: grace,
    },
  };
}

function withPreStop(
  container: ContainerSpec,
  preStop: SidecarParts['preStopForUnits'],
): ContainerSpec {
  const lifecycle = objectAt(container, 'lifecycle');
  if (isPlainObject(lifecycle['preStop'])) return container;
  return { ...container, lifecycle: { ...lifecycle, preStop } };
}
