// Reads the containers of a pod: what is needed to start one elsewhere than in Kubernetes. Volumes, probes and the like
// are judged by Kubernetes' schema (pod/).
import type { EnvEntry, EnvFrom } from '../plan/deployment.ts';
import { isPlainObject } from '../plan/json-value.ts';
import { MANIFEST_LIMITS } from '../plan/limits.ts';
import { openFields } from './read-fields.ts';
import type { Fields } from './read-fields.ts';
import type { WrittenContainer } from './written.ts';

/** `componentSpec` is the position of the pod in `componentSpecs`. */
export function readContainers(pod: Fields, componentSpec: number): WrittenContainer[] {
  const containers: WrittenContainer[] = [];
  for (const item of pod.list('containers')) {
    const container = openFields(item.value, item.path, undefined, pod.sink);
    if (container === undefined) continue;
    const name = container.requiredText('name');
    containers.push({
      path: container.path,
      componentSpec,
      name,
      ...readContainerParts(container),
    });
  }
  return containers;
}

/** All of a container but its name. */
export function readContainerParts(
  container: Fields,
): Omit<WrittenContainer, 'path' | 'componentSpec' | 'name'> {
  return {
    image: container.text('image', MANIFEST_LIMITS.maxReferenceLength) ?? '',
    command: container.texts('command'),
    args: container.texts('args'),
    workingDir: container.text('workingDir') ?? '',
    env: readEnv(container),
    envFrom: readEnvFrom(container),
    ports: readPorts(container),
  };
}

function readPorts(container: Fields): WrittenContainer['ports'] {
  const ports: { name: string; port: number }[] = [];
  for (const item of container.list('ports')) {
    const entry = openFields(item.value, item.path, undefined, container.sink);
    const name = entry?.word('name') ?? '';
    const port = entry?.integer('containerPort', 1, 65_535);
    if (port !== undefined) ports.push({ name, port });
    else if (entry !== undefined && !entry.has('containerPort'))
      entry.sink.add('FIELD_MISSING', entry.at('containerPort'), 'a port has no containerPort');
  }
  return ports;
}

/** Reads the list `env` of a container or of `svcOrchSpec`. */
export function readEnv(owner: Fields): EnvEntry[] {
  const entries: EnvEntry[] = [];
  for (const item of owner.list('env')) {
    const entry = openFields(item.value, item.path, undefined, owner.sink);
    if (entry === undefined) continue;
    const name = entry.requiredText('name');
    const value = entry.text('value');
    const source = entry.object('valueFrom');
    if (source === undefined) entries.push({ kind: 'value', name, value: value ?? '' });
    else entries.push({ kind: 'reference', name, ...readReference(source) });
  }
  return entries;
}

type Reference = Pick<Extract<EnvEntry, { kind: 'reference' }>, 'from' | 'reference' | 'optional'>;

/** A `valueFrom` in words; what it is made of is Kubernetes' to judge. */
function readReference(source: Readonly<Record<string, unknown>>): Reference {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = source;
  for (const [from, ref] of [
    ['secret', secretKeyRef],
    ['configMap', configMapKeyRef],
  ] as const) {
    if (!isPlainObject(ref)) continue;
    const reference = `${text(ref['name'])}/${text(ref['key'])}`;
    return { from, reference, optional: ref['optional'] === true };
  }
  if (isPlainObject(fieldRef))
    return { from: 'field', reference: text(fieldRef['fieldPath']), optional: false };
  if (isPlainObject(resourceFieldRef))
    return { from: 'resource', reference: text(resourceFieldRef['resource']), optional: false };
  return { from: 'other', reference: '', optional: false };
}

function readEnvFrom(container: Fields): EnvFrom[] {
  const sources: EnvFrom[] = [];
  for (const item of container.list('envFrom')) {
    const entry = openFields(item.value, item.path, undefined, container.sink);
    if (entry === undefined) continue;
    const prefix = entry.word('prefix') ?? '';
    for (const [from, field] of [
      ['secret', 'secretRef'],
      ['configMap', 'configMapRef'],
    ] as const) {
      const raw = entry.object(field);
      const ref = raw && openFields(raw, entry.at(field), undefined, container.sink);
      if (ref === undefined) continue;
      const optional = ref.flag('optional') ?? false;
      sources.push({ from, name: ref.word('name') ?? '', prefix, optional });
    }
  }
  return sources;
}
