// Tells the operator what is live: a ConfigMap of the gateway's pod, gone with it. A Service that no deployment names any
// more may be removed when every such ConfigMap has reached the deployment's resourceVersion and does not list it.
import type { KubeObject } from '../lib/kube/object.ts';
import {
  ACKNOWLEDGED_ANNOTATION,
  GATEWAY_IN_USE_KEY,
  GATEWAY_LABEL,
  GATEWAY_NOTES_KEY,
} from './names.ts';

/** Something that was written and is not done; `path` as the user wrote it. */
export interface Note {
  readonly path: string;
  readonly message: string;
}

export interface GatewayPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface Acknowledgement {
  readonly resourceVersion: string;
  /** `namespace/service`, sorted. */
  readonly inUse: readonly string[];
  /** What is not done as it is written, by `namespace/name` of the deployment. */
  readonly notes?: ReadonlyMap<string, readonly Note[]>;
}

/** A ConfigMap holds 1 MiB; deployments beyond these have their notes in the log and in the list of `--show served`. */
const MAX_NOTED = 500;
const MAX_NOTES_LENGTH = 1000;

function acknowledgementName(pod: GatewayPod): string {
  return `${pod.name}-live`;
}

export function renderAcknowledgement(pod: GatewayPod, live: Acknowledgement): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: pod.namespace,
      name: acknowledgementName(pod),
      labels: { [GATEWAY_LABEL]: 'true' },
      annotations: { [ACKNOWLEDGED_ANNOTATION]: live.resourceVersion },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }],
    },
    data: {
      [GATEWAY_IN_USE_KEY]: JSON.stringify(live.inUse),
      [GATEWAY_NOTES_KEY]: JSON.stringify(Object.fromEntries(shortNotes(live.notes ?? new Map()))),
    },
  };
}

function shortNotes(notes: ReadonlyMap<string, readonly Note[]>): [string, string][] {
  return [...notes].slice(0, MAX_NOTED).map(([key, each]) => {
    const words = each
      .map(({ path, message }) => (path === 'gateway' ? message : `${path}: ${message}`))
      .join('; ');
    return [key, words.length > MAX_NOTES_LENGTH ? `${words.slice(0, MAX_NOTES_LENGTH)}…` : words];
  });
}

/** What a gateway says of one deployment, '' for nothing and where it cannot be read. */
export function readNotes(map: KubeObject, key: string): string {
  return readAllNotes(map).get(key) ?? '';
}

const NOTES = new WeakMap<KubeObject, ReadonlyMap<string, string>>();

/** By `namespace/name`; read once for each version of the ConfigMap. */
export function readAllNotes(map: KubeObject): ReadonlyMap<string, string> {
  const kept = NOTES.get(map);
  if (kept !== undefined) return kept;
  const read = new Map(
    Object.entries(parseNotes(map)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
  NOTES.set(map, read);
  return read;
}

function parseNotes(map: KubeObject): object {
  const data = map.data as Readonly<Record<string, unknown>> | undefined;
  const text = data?.[GATEWAY_NOTES_KEY];
  if (typeof text !== 'string') return {};
  try {
    const notes = JSON.parse(text) as unknown;
    return typeof notes === 'object' && notes !== null ? notes : {};
  } catch {
    return {};
  }
}

/** Why a gateway holds back Services: it has not read the change yet, or requests may still reach one of them. */
export type Hold = 'behind' | 'in-use';

/**
 * Whether a gateway has left Services (`namespace/name`) that a SeldonDeployment no longer names since `resourceVersion`; undefined
 * where it has. One whose acknowledgement cannot be read is behind.
 */
export function findHold(
  live: Pick<Acknowledgement, 'resourceVersion' | 'inUse'>,
  resourceVersion: string,
  services: readonly string[],
): Hold | undefined {
  if (!hasSeen(live.resourceVersion, resourceVersion)) return 'behind';
  return services.some((service) => live.inUse.includes(service)) ? 'in-use' : undefined;
}

/** Versions of one kind of objects can be compared as numbers. */
function hasSeen(acknowledged: string, version: string): boolean {
  if (!/^\d+$/.test(acknowledged) || !/^\d+$/.test(version)) return false;
  return BigInt(acknowledged) >= BigInt(version);
}

/** Undefined for one that cannot be read: then nothing is released. */
export function readAcknowledgement(map: KubeObject): Acknowledgement | undefined {
  const resourceVersion = map.metadata.annotations?.[ACKNOWLEDGED_ANNOTATION] ?? '';
  const data = map.data as Readonly<Record<string, unknown>> | undefined;
  const text = data?.[GATEWAY_IN_USE_KEY];
  if (!/^\d+$/.test(resourceVersion) || typeof text !== 'string') return undefined;
  try {
    const inUse = JSON.parse(text) as unknown;
    if (!Array.isArray(inUse)) return undefined;
    return { resourceVersion, inUse: inUse.map(String) };
  } catch {
    return undefined;
  }
}

/** Services that requests may still reach though no deployment names them: routed, or held for requests under way. */
export function listInUse(leftovers: readonly string[], leaving: Iterable<string>): string[] {
  const held = [...leaving].map((cluster) => cluster.slice(0, cluster.lastIndexOf('/')));
  return [...new Set([...leftovers, ...held])].sort();
}
