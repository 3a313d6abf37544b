// Renders the container of a unit as Seldon's images expect to be started: environment, ports, probes, mounts. What the user
// wrote stays; only gaps are filled, and what says which unit it is cannot be replaced.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { Unit } from '../../graph/plan/deployment.ts';
import { injectedEnvironment } from '../../graph/seldon/unit-environment.ts';
import { PATHS, VOLUMES } from '../../cluster/names.ts';
import { certificateEnvironment, certificateMounts } from './certificate.ts';
import type { ContainerSpec } from './sidecar/render-sidecar.ts';
import { mlserverEnvironment } from '../../graph/seldon/mlserver.ts';
import { serverCommand } from './model-server.ts';
import type { PlacedContainer } from './place-predictors.ts';
import { renderProbes } from './probes.ts';
import type { UnitContainer } from './unit-container.ts';
import { objectsAt, textAt } from '../../graph/plan/json-value.ts';

export function renderContainer(input: UnitContainer): ContainerSpec {
  const { placed, raw } = input;
  const { name, container, unit } = placed;
  const image = container.image === '' ? {} : { image: container.image };
  if (unit === undefined) return { ...raw, name, ...image };
  return {
    ...serverCommand(input, unit),
    ...raw,
    name,
    ...image,
    imagePullPolicy: textAt(raw, 'imagePullPolicy') || 'IfNotPresent',
    env: renderEnv(input, unit),
    ports: renderPorts(placed, raw),
    ...renderProbes(input, unit),
    volumeMounts: withoutTwins(
      [
        ...objectsAt(raw, 'volumeMounts'),
        { name: VOLUMES.podinfo, mountPath: PATHS.podinfo },
        ...input.mounts,
        ...certificateMounts(input.predictor),
      ],
      'mountPath',
    ),
  };
}

function renderEnv(input: UnitContainer, unit: Unit): object[] {
  const { deployment, predictor } = input;
  const { replaceable, fixed } = injectedEnvironment(deployment, predictor, unit);
  const offered = {
    ...replaceable,
    ...mlserverEnvironment(unit, unit.protocol),
    ...certificateEnvironment(predictor),
  };
  // Lists of variables are keyed by name for server-side apply; of twins the last one counts, as for the kubelet.
  const written = new Map<string, object>();
  for (const entry of objectsAt(input.raw, 'env')) {
    const name = textAt(entry, 'name');
    written.delete(name);
    if (!Object.hasOwn(fixed, name)) written.set(name, entry);
  }
  const values = (map: Readonly<Record<string, string>>) =>
    Object.entries(map).map(([name, value]) => ({ name, value }));
  return [
    ...written.values(),
    ...values(offered).filter(({ name }) => !written.has(name) && !Object.hasOwn(fixed, name)),
    ...values(fixed),
  ];
}

/** A declared port keeps its name where it has one; Kubernetes keys the list by number and protocol. */
function renderPorts({ container }: PlacedContainer, raw: JsonObject): object[] {
  const ports: JsonObject[] = objectsAt(raw, 'ports').map((port) => ({ protocol: 'TCP', ...port }));
  for (const name of ['http', 'grpc', 'metrics'] as const) {
    if (ports.some((port) => port['name'] === name)) continue;
    const containerPort = container.ports[name];
    const twin = ports.findIndex(
      (port) => port['containerPort'] === containerPort && port['protocol'] === 'TCP',
    );
    if (twin < 0) ports.push({ name, containerPort, protocol: 'TCP' });
    else if (textAt(ports[twin] ?? {}, 'name') === '') ports[twin] = { ...ports[twin], name };
  }
  return ports;
}

/** Keeps the first of the items that share a key. */
export function withoutTwins(items: readonly JsonObject[], key: string): JsonObject[] {
  const seen = new Set<unknown>();
  return items.filter((item) => !seen.has(item[key]) && seen.add(item[key]));
}

/** Replaces the names of containers that a pod's spec refers to by the ones that they have in the pod. */
export function renameReferences(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, names));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === 'containerName' && typeof item === 'string'
        ? [key, names.get(item) ?? item]
        : [key, renameReferences(item, names)],
    ),
  );
}
