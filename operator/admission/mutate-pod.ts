// Writes the patch by which a pod joins a graph: labels that our Services select, and for the entry the two sidecars. Done
// again it adds nothing, and it never writes over what the pod or another webhook has set.
import { objectAt, objectsOf } from '../../graph/plan/json-value.ts';
import { CONTAINERS, LABELS, SELDON_LABELS, PORTS } from '../../cluster/names.ts';
import type { SidecarParts } from '../workloads/sidecar/render-sidecar.ts';
import {
  containerServiceKey,
  containerServiceName,
  labelValue,
  predictorKey,
} from '../../cluster/object-names.ts';
import type { Joined } from './join-graph.ts';
import { PatchBuilder } from './json-patch.ts';
import type { PatchOp } from './json-patch.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';

export interface PodPatch {
  readonly ops: readonly PatchOp[];
  readonly warnings: readonly string[];
}

/** `sidecar` is undefined for a pod that requests do not enter through. */
export function patchPod(
  pod: JsonObject,
  joined: Joined,
  sidecar: SidecarParts | undefined,
): PodPatch {
  const patch = new PatchBuilder(pod);
  const warnings = [...addLabels(pod, joined, sidecar, patch)];
  if (sidecar !== undefined) {
    addMissing(pod, ['metadata', 'annotations'], sidecar.podAnnotations, patch);
    warnings.push(...addSidecars(pod, sidecar, patch), ...sidecar.findings.map(tellSetting));
  }
  return { ops: patch.ops, warnings };
}

/** The labels by which Services find the pod. */
function listLabels({ deployment, predictor, units, isEntry }: Joined): Record<string, string> {
  const services = units.map((unit) => [
    containerServiceKey(unit.name),
    containerServiceName(deployment.name, predictor.name, unit.name),
  ]);
  return {
    ...predictor.labels,
    [LABELS.deployment]: labelValue(deployment.name),
    [LABELS.predictor]: labelValue(predictor.name),
    [SELDON_LABELS.deployment]: labelValue(deployment.name),
    ...(isEntry ? { [SELDON_LABELS.app]: predictorKey(deployment.name, predictor) } : {}),
    ...Object.fromEntries(services),
  };
}

function addLabels(
  pod: JsonObject,
  joined: Joined,
  sidecar: SidecarParts | undefined,
  patch: PatchBuilder,
): string[] {
  const wanted = { ...listLabels(joined), ...sidecar?.labels };
  const there = addMissing(pod, ['metadata', 'labels'], wanted, patch);
  // The author's own labels stay; only those that Services select matter.
  return Object.entries(wanted)
    .filter(([key, value]) => key.startsWith(SELDON_LABELS.app) && (there[key] ?? value) !== value)
    .map(
      ([key, value]) => `the label ${key} is ${String(there[key])}: the Service selects ${value}`,
    );
}

/** Sets what is not there; answers what is. */
function addMissing(
  pod: JsonObject,
  path: readonly string[],
  wanted: Readonly<Record<string, string>>,
  patch: PatchBuilder,
): JsonObject {
  const there = objectAtPath(pod, path);
  for (const [key, value] of Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!Object.hasOwn(there, key)) patch.set(path, key, value);
  }
  return there;
}

function addSidecars(pod: JsonObject, sidecar: SidecarParts, patch: PatchBuilder): string[] {
  const spec = objectAtPath(pod, ['spec']);
  const warnings: string[] = [];
  const containers = objectsOf(spec['containers']);
  appendMissing(spec, 'volumes', sidecar.volumes, patch);
  appendMissing(spec, 'initContainers', sidecar.initContainers, patch);
  containers.forEach((container, index) => {
    const lifecycle = objectAtPath(container, ['lifecycle']);
    if (lifecycle['preStop'] === undefined)
      patch.set(['spec', 'containers', index, 'lifecycle'], 'preStop', sidecar.preStopForUnits);
    for (const port of objectsOf(container['ports'])) {
      if (TAKEN_PORTS.has(Number(port['containerPort'])))
        warnings.push(
          `container ${String(container['name'])} names port ${String(port['containerPort'])}, which the sidecars listen on`,
        );
    }
  });
  // The API server has filled in 30 where the author wrote nothing; a longer one is left.
  const grace = spec['terminationGracePeriodSeconds'];
  const needed = sidecar.terminationGracePeriodSeconds;
  if (typeof grace !== 'number' || grace < needed)
    patch.set(['spec'], 'terminationGracePeriodSeconds', needed);
  return warnings;
}

const TAKEN_PORTS: ReadonlySet<number> = new Set(Object.values(PORTS));

/** Appends to a list of the pod's spec what no item there has the name of. */
function appendMissing(
  spec: JsonObject,
  list: string,
  items: readonly object[],
  patch: PatchBuilder,
): void {
  const names = new Set(objectsOf(spec[list]).map((item) => item['name']));
  for (const item of items) {
    if (!names.has((item as { name?: unknown }).name)) patch.append(['spec', list], item);
  }
}

/** Names of the containers that can be units: ours and init containers are none. */
export function listContainers(pod: JsonObject): string[] {
  const own: readonly string[] = Object.values(CONTAINERS);
  return objectsOf(objectAtPath(pod, ['spec'])['containers'])
    .map((container) => String(container['name'] ?? ''))
    .filter((name) => !own.includes(name));
}

function tellSetting({ path, message, advice }: SidecarParts['findings'][number]): string {
  return `${path}: ${message}; ${advice}`;
}

export function objectAtPath(target: JsonObject, path: readonly string[]): JsonObject {
  return path.reduce(objectAt, target);
}
