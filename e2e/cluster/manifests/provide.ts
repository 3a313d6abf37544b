// What a manifest refers to and does not bring: Secrets, ConfigMaps, service accounts, claims, and the sinks of its loggers. Stand-ins of
// each are made in its namespace, or where an address says. In: a deployment as it is applied; out: objects, ready to apply.
import { generate } from 'selfsigned';
import {
  isPlainObject,
  type JsonObject,
  objectAt,
  objectsAt,
  textAt,
} from '../../../graph/plan/json-value.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { SINK_IMAGE } from './stand-ins.ts';

export const SINK = { namespace: 'manifests-sink', name: 'sink', port: 8080 } as const;
/** Where Seldon sends payloads when nobody says otherwise. */
const DEFAULT_SINK = 'http://default-broker';
const SINK_HOST = `${SINK.name}.${SINK.namespace}.svc.cluster.local`;

export function sinkObjects(): KubeObject[] {
  const { namespace, name, port } = SINK;
  const labels = { app: name };
  const container = {
    name,
    image: SINK_IMAGE,
    imagePullPolicy: 'Never',
    readinessProbe: { httpGet: { path: '/events', port }, periodSeconds: 1 },
  };
  return [
    namespaceObject(namespace, false),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
    },
  ];
}

export function namespaceObject(name: string, injection: boolean): KubeObject {
  const annotations = injection ? { 'sidegraph.io/injection': 'enabled' } : {};
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** Whose payloads reach the sink, by the names of their units. */
export function loggedUnits(deployment: JsonObject): readonly JsonObject[] {
  return unitsOf(deployment).filter((unit) => isPlainObject(unit['logger']) && hostOf(unit) !== '');
}

export async function referredObjects(deployment: JsonObject): Promise<KubeObject[]> {
  const namespace = textAt(objectAt(deployment, 'metadata'), 'namespace');
  const made = new Map<string, KubeObject>();
  const add = (object: KubeObject): void => {
    const { name, namespace: where = '' } = object.metadata;
    made.set(`${object.kind} ${where}/${name}`, object);
  };
  const secrets = new Map<string, Set<string>>();
  const need = (name: string, key: string): void => {
    if (name !== '') secrets.set(name, (secrets.get(name) ?? new Set()).add(key));
  };
  each(deployment, (field, value) => {
    if (field === 'envSecretRefName') need(String(value), 'RCLONE_CONFIG_S3_TYPE');
    if (field === 'secretRef' || field === 'secretKeyRef')
      need(textAt(object(value), 'name'), textAt(object(value), 'key') || 'KEY');
    if (field === 'secret') need(textAt(object(value), 'secretName'), 'file');
    if (field === 'serviceAccountName' && typeof value === 'string')
      add({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: value, namespace } });
    if (field === 'modelUri' && typeof value === 'string') {
      const [, claim] = /^pvc:\/\/([^/]+)/.exec(value) ?? [];
      if (claim !== undefined) for (const object of claimObjects(claim, namespace)) add(object);
    }
  });
  for (const [name, keys] of secrets) {
    const stringData = Object.fromEntries([...keys].map((key) => [key, 'stand-in']));
    add({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData });
  }
  for (const predictor of objectsAt(objectAt(deployment, 'spec'), 'predictors')) {
    const name = textAt(objectAt(predictor, 'ssl'), 'certSecretName');
    if (name !== '') add(await certificateObject(name, namespace));
  }
  for (const object of loggedUnits(deployment).flatMap((unit) =>
    sinkNames(hostOf(unit), namespace),
  ))
    add(object);
  return [...made.values()];
}

/** Names of the sink under which a logger posts. */
function sinkNames(host: string, own: string): KubeObject[] {
  const [name = '', namespace = own] = host.split('.');
  const metadata = { name, namespace };
  const spec = { type: 'ExternalName', externalName: SINK_HOST };
  const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata, spec };
  return namespace === own ? [service] : [namespaceObject(namespace, false), service];
}

/** The host that a unit's payloads go to; '' where nobody could answer there. */
function hostOf(unit: JsonObject): string {
  const { hostname, port } = new URL(textAt(objectAt(unit, 'logger'), 'url') || DEFAULT_SINK);
  return hostname === 'localhost' || port !== '' ? '' : hostname;
}

function unitsOf(deployment: JsonObject): JsonObject[] {
  const list = (unit: JsonObject): JsonObject[] => [
    unit,
    ...objectsAt(unit, 'children').flatMap(list),
  ];
  return objectsAt(objectAt(deployment, 'spec'), 'predictors').flatMap((predictor) =>
    list(objectAt(predictor, 'graph')),
  );
}

/** A claim that is bound: its volume is a folder in the node's memory. */
function claimObjects(claim: string, namespace: string): KubeObject[] {
  const name = `${namespace}-${claim}`;
  const size = { storage: '1Mi' };
  const common = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        ...common,
        capacity: size,
        hostPath: { path: `/run/kubenode/${name}`, type: 'DirectoryOrCreate' },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim, namespace },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, namespace },
      spec: { ...common, volumeName: name, resources: { requests: size } },
    },
  ];
}

async function certificateObject(name: string, namespace: string): Promise<KubeObject> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: namespace }], {});
  const stringData = { 'tls.crt': cert, 'tls.key': key, 'ca.crt': cert };
  const metadata = { name, namespace };
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, stringData };
}

function each(value: unknown, visit: (field: string, value: unknown) => void): void {
  if (Array.isArray(value)) for (const item of value) each(item, visit);
  if (!isPlainObject(value)) return;
  for (const [field, item] of Object.entries(value)) {
    visit(field, item);
    each(item, visit);
  }
}

function object(value: unknown): JsonObject {
  return isPlainObject(value) ? value : {};
}
