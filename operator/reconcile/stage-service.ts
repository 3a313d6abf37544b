// A Service as it may be while a rollout is under way: old and new pods serve beside each other, and both are called.
import { numberOf, objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf } from '../observe/fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { SELDON_LABELS } from '../../cluster/names.ts';
import { hasIntent } from './intent.ts';

export interface ServiceRollout {
  /** All that is wanted, and all that was observed, by `Kind/name`. */
  readonly wanted: readonly KubeObject[];
  readonly live: ReadonlyMap<string, KubeObject>;
  /** Those that are ending too. */
  readonly pods: readonly KubeObject[];
  readonly isRolledOut: boolean;
}

/**
 * Before the new pods serve, the Service that users call leads where it led; that of a container has the old ports beside the
 * new ones, since old and new pods call it, old ones until they have ended.
 */
export function stageService(
  wanted: KubeObject,
  live: KubeObject | undefined,
  rollout: ServiceRollout,
): KubeObject {
  if (wanted.kind !== 'Service' || live === undefined) return wanted;
  // Applied already: what differs was changed by hand.
  if (hasIntent(live, wanted)) return wanted;
  const spec = objectOf(wanted['spec']);
  const ports = objectsOf(spec['ports']);
  const old = objectsOf(specOf(live)['ports']);
  if (SELDON_LABELS.app in objectOf(spec['selector'])) {
    if (rollout.isRolledOut) return wanted;
    const selector = specOf(live)['selector'];
    return { ...wanted, spec: { ...spec, selector, ports: old.map(bare) } };
  }
  const isEnding = rollout.pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (rollout.isRolledOut && !isEnding) return wanted;
  const kept = old.filter((port) => !ports.some((each) => meets(each, port)));
  if (kept.length === 0) return wanted;
  const staged = besideOld(ports, old, podsBehind(wanted, rollout)) ?? [
    ...ports,
    ...kept.map((port) => ({ ...bare(port), name: `old-${numberOf(port['port'])}` })),
  ];
  return { ...wanted, spec: { ...spec, ports: staged } };
}

interface PodsBehind {
  readonly old: JsonObject;
  readonly wanted: JsonObject;
}

/**
 * Old ports and new ones, each led to the port that a pod has under its name, so that callers of either reach old and new pods.
 * The old ones keep their names: proxies know the endpoints of a port by its name, and of a new name they know none until the
 * endpoints were written anew. Undefined where a name does not tell the port.
 */
function besideOld(
  ports: readonly JsonObject[],
  old: readonly JsonObject[],
  pods: PodsBehind | undefined,
): readonly JsonObject[] | undefined {
  if (pods === undefined) return undefined;
  const result: JsonObject[] = [];
  for (const port of old) {
    const { name, targetPort } = port;
    const isWanted = ports.some((each) => meets(each, port));
    if (isWanted || typeof targetPort === 'string') result.push(bare(port));
    else if (portOf(pods.old, textOf(name)) === targetPort)
      result.push({ ...bare(port), targetPort: name });
    else return undefined;
  }
  for (const port of ports) {
    const { name, targetPort } = port;
    const twin = old.find((each) => meets(each, port));
    if (twin === undefined) {
      if (portOf(pods.wanted, textOf(name)) !== targetPort) return undefined;
      result.push({ ...port, name: `new-${numberOf(port['port'])}`, targetPort: name });
    } else if (![targetPort, name].includes(twin['targetPort'] as string | number))
      return undefined;
  }
  return result;
}

/** Templates of the one Deployment whose pods the Service selects. */
function podsBehind(service: KubeObject, { wanted, live }: ServiceRollout): PodsBehind | undefined {
  const selector = Object.entries(objectOf(specOf(service)['selector']));
  const deployment = wanted.find((object) => {
    if (object.kind !== 'Deployment') return false;
    const labels = objectOf(objectOf(templateOf(object)['metadata'])['labels']);
    return selector.every(([key, value]) => labels[key] === value);
  });
  const existing = deployment && live.get(`Deployment/${deployment.metadata.name}`);
  if (deployment === undefined || existing === undefined) return undefined;
  return { old: templateOf(existing), wanted: templateOf(deployment) };
}

function templateOf(deployment: KubeObject): JsonObject {
  return objectOf(specOf(deployment)['template']);
}

/** The port that the pod has under this name; undefined where none or several have it: Kubernetes would take the first. */
function portOf(template: JsonObject, name: string): unknown {
  const found = objectsOf(objectOf(template['spec'])['containers'])
    .flatMap((container) => objectsOf(container['ports']))
    .filter((port) => port['name'] === name);
  return found.length === 1 ? found[0]?.['containerPort'] : undefined;
}

function meets(one: JsonObject, other: JsonObject): boolean {
  return numberOf(one['port']) === numberOf(other['port']);
}

/** A port without what the server filled in. */
function bare(port: JsonObject): JsonObject {
  const { nodePort: _, ...rest } = port;
  return { ...rest, name: textOf(port['name']) };
}
