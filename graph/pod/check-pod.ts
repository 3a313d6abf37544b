// Judges the pod of a component as the API server will when it is asked for a Deployment: by the schema, then by the rules that
// people meet most. What is left to the server (what another object says, what a cluster forbids) it refuses in the status.
import type { FindingSink } from '../manifest/finding.ts';
import { isPlainObject, objectOf, textOf } from '../plan/json-value.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { shorten } from '../manifest/shorten.ts';
import { checkLabels } from './check-labels.ts';
import { checkFields, isQuantity, addOnce } from './check-fields.ts';

export interface WrittenPod {
  readonly path: string;
  readonly value: JsonObject;
}

/** Names of volumes that are added to the pod. */
const ADDED_VOLUMES = /^(?:seldon-podinfo|kfserving-pvc-source.*|.*-provision-location)$/;
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const MAX_LABEL = 63;
/** Of a port's name: lower-case letters, digits, single hyphens inside, at least one letter. */
const PORT_NAME = /^[a-z0-9](?:-?[a-z0-9])*$/;
const MAX_PORT_NAME = 15;
const MAX_PORT = 65_535;

export function checkPod({ path, value }: WrittenPod, sink: FindingSink): void {
  checkFields({ containers: [], ...value }, 'PodSpec', path, sink);
  if (isPlainObject(value['nodeSelector']))
    checkLabels(value['nodeSelector'], `${path}.nodeSelector`, sink);
  const volumes = placedObjects(value, 'volumes', path);
  for (const volume of volumes) checkVolume(volume, sink);
  const names = new Set(volumes.map(({ item }) => textOf(item['name'])));
  const containers = placedObjects(value, 'containers', path);
  const inits = placedObjects(value, 'initContainers', path);
  checkInitNames(inits, containers, sink);
  for (const each of [...inits, ...containers]) checkContainer(each, names, sink);
  const restart = value['restartPolicy'];
  if (restart === 'Never' || restart === 'OnFailure')
    addOnce(
      sink,
      'POD_INVALID',
      `${path}.restartPolicy`,
      `the pods of a Deployment are always started again, not ${restart}`,
      'leave restartPolicy out',
    );
  for (const name of ['activeDeadlineSeconds', 'ephemeralContainers'])
    if (value[name] !== undefined && value[name] !== null)
      addOnce(
        sink,
        'POD_INVALID',
        `${path}.${name}`,
        `the pods of a Deployment have no ${name}`,
        `leave ${name} out`,
      );
}

interface Placed {
  readonly item: JsonObject;
  readonly path: string;
}

/** What the units' own names are judged by elsewhere is not judged twice. */
function checkInitNames(
  inits: readonly Placed[],
  containers: readonly Placed[],
  sink: FindingSink,
): void {
  const taken = new Set(containers.map(({ item }) => textOf(item['name'])));
  for (const { item, path } of inits) {
    const name = textOf(item['name']);
    if (name === '') continue;
    if (!LABEL.test(name) || name.length > MAX_LABEL)
      addOnce(
        sink,
        'POD_INVALID',
        `${path}.name`,
        `${shorten(name)} is no name of a container`,
        'use up to 63 lower-case letters, digits and - (inside)',
      );
    else if (taken.has(name))
      addOnce(sink, 'POD_INVALID', `${path}.name`, `${name} is also the name of a container`);
    if (textOf(item['image']) === '')
      addOnce(sink, 'IMAGE_MISSING', path, `the init container ${name} has no image`);
  }
}

function checkVolume({ item, path }: Placed, sink: FindingSink): void {
  const name = textOf(item['name']);
  if (name !== '' && (!LABEL.test(name) || name.length > MAX_LABEL))
    addOnce(
      sink,
      'POD_INVALID',
      `${path}.name`,
      `${shorten(name)} is no name of a volume`,
      'use up to 63 lower-case letters, digits and - (inside)',
    );
  // A source that Kubernetes does not know is told by its name.
  const sources = Object.keys(item).filter((key) => key !== 'name' && item[key] !== null);
  if (sources.length > 1)
    addOnce(
      sink,
      'POD_INVALID',
      path,
      `the volume ${shorten(name)} has more than one source: ${sources.slice(0, 5).join(', ')}`,
      'keep one of them',
    );
}

function checkContainer(
  { item, path }: Placed,
  volumes: ReadonlySet<string>,
  sink: FindingSink,
): void {
  checkPorts(item, path, sink);
  checkMounts(item, path, volumes, sink);
  checkEnvironment(item, path, sink);
  checkResources(item['resources'], `${path}.resources`, sink);
  for (const name of PROBES) {
    const probe = item[name];
    if (!isPlainObject(probe)) continue;
    checkHandler(probe, `${path}.${name}`, sink);
    const successes = probe['successThreshold'];
    if (name !== 'readinessProbe' && typeof successes === 'number' && successes > 1)
      addOnce(
        sink,
        'POD_INVALID',
        `${path}.${name}.successThreshold`,
        `${name} succeeds at once: write 1`,
      );
  }
  const lifecycle = item['lifecycle'];
  if (!isPlainObject(lifecycle)) return;
  for (const name of ['postStart', 'preStop']) {
    const hook = lifecycle[name];
    if (isPlainObject(hook)) checkHandler(hook, `${path}.lifecycle.${name}`, sink);
  }
}

function checkPorts(container: JsonObject, path: string, sink: FindingSink): void {
  const names = new Map<string, string>();
  for (const { item, path: at } of placedObjects(container, 'ports', path)) {
    const name = textOf(item['name']);
    // Its range is judged where the port is read.
    checkPort(item['hostPort'], `${at}.hostPort`, sink, 0);
    if (name === '') continue;
    checkPortName(name, `${at}.name`, sink);
    const twin = names.get(name);
    if (twin !== undefined)
      addOnce(sink, 'POD_INVALID', `${at}.name`, `${shorten(name)} is also the name of ${twin}`);
    else names.set(name, at);
  }
}

function checkPortName(name: string, path: string, sink: FindingSink): void {
  if (name.length <= MAX_PORT_NAME && PORT_NAME.test(name) && /[a-z]/.test(name)) return;
  addOnce(
    sink,
    'POD_INVALID',
    path,
    `${shorten(name)} is no name of a port`,
    `use up to ${MAX_PORT_NAME} lower-case letters, digits and single hyphens, a letter among them`,
  );
}

function checkPort(port: unknown, path: string, sink: FindingSink, least: number): void {
  if (typeof port !== 'number' || (port >= least && port <= MAX_PORT)) return;
  addOnce(sink, 'POD_INVALID', path, `${port} is no port`, `write 1 to ${MAX_PORT}`);
}

function checkMounts(
  container: JsonObject,
  path: string,
  volumes: ReadonlySet<string>,
  sink: FindingSink,
): void {
  for (const list of ['volumeMounts', 'volumeDevices']) {
    for (const { item, path: at } of placedObjects(container, list, path)) {
      const name = textOf(item['name']);
      if (name === '' || volumes.has(name) || ADDED_VOLUMES.test(name)) continue;
      const there =
        volumes.size === 0 ? 'it has none' : `it has ${[...volumes].slice(0, 5).join(', ')}`;
      addOnce(
        sink,
        'POD_INVALID',
        `${at}.name`,
        `the pod has no volume ${shorten(name)}`,
        `name a volume of the pod (${there})`,
      );
    }
  }
}

function checkEnvironment(container: JsonObject, path: string, sink: FindingSink): void {
  for (const { item, path: at } of placedObjects(container, 'env', path)) {
    const name = textOf(item['name']);
    // Printable ASCII but for `=`.
    if (name !== '' && !/^[ -<>-~]{1,1024}$/.test(name))
      addOnce(sink, 'POD_INVALID', `${at}.name`, `${shorten(name)} is no name of a variable`);
    const from = item['valueFrom'];
    if (!isPlainObject(from)) continue;
    if (textOf(item['value']) !== '')
      addOnce(sink, 'POD_INVALID', at, `${shorten(name)} has both value and valueFrom`, 'keep one');
    checkOne(from, `${at}.valueFrom`, Object.keys(from), sink);
  }
  for (const { item, path: at } of placedObjects(container, 'envFrom', path))
    checkOne(item, at, ['configMapRef', 'secretRef'], sink);
}

/** Judges `resources` of a container: a request above its limit, a quantity below zero. */
export function checkResources(value: unknown, path: string, sink: FindingSink): void {
  if (!isPlainObject(value)) return;
  const limits = objectOf(value['limits']);
  for (const kind of ['requests', 'limits'] as const) {
    for (const [name, quantity] of Object.entries(objectOf(value[kind]))) {
      const amount = amountOf(quantity);
      const at = `${path}.${kind}.${name}`;
      if (amount !== undefined && amount < 0)
        addOnce(sink, 'POD_INVALID', at, `${String(quantity)} is less than nothing`);
      const limit = kind === 'requests' ? amountOf(limits[name]) : undefined;
      if (limit !== undefined && amount !== undefined && amount > limit)
        addOnce(
          sink,
          'POD_INVALID',
          at,
          `the request of ${name}, ${String(quantity)}, is above its limit, ${String(limits[name])}`,
          'raise the limit or lower the request',
        );
    }
  }
}

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function amountOf(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  if (!isQuantity(text)) return undefined;
  const suffix = /(?:[KMGTPE]i|[numkMGTPE])$/.exec(text)?.[0] ?? '';
  return Number(text.slice(0, text.length - suffix.length)) * (FACTORS[suffix] ?? 1);
}

function checkHandler(handler: JsonObject, path: string, sink: FindingSink): void {
  checkOne(handler, path, HANDLERS, sink);
  for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
    const { port } = objectOf(handler[kind]);
    checkPort(port, `${path}.${kind}.port`, sink, 1);
    if (typeof port === 'string' && port !== '') checkPortName(port, `${path}.${kind}.port`, sink);
  }
}

function checkOne(
  value: JsonObject,
  path: string,
  kinds: readonly string[],
  sink: FindingSink,
): void {
  const there = kinds.filter((kind) => value[kind] !== undefined && value[kind] !== null);
  if (there.length === 1) return;
  const names = kinds.length === 0 ? 'what it is taken from' : kinds.slice(0, 5).join(', ');
  addOnce(
    sink,
    'POD_INVALID',
    path,
    there.length === 0 ? `${path} says none of ${names}` : `${path} says ${there.join(' and ')}`,
    'write one of them',
  );
}

function placedObjects(owner: JsonObject, name: string, path: string): Placed[] {
  const value = owner[name];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index) =>
    isPlainObject(item) ? [{ item, path: `${path}.${name}[${index}]` }] : [],
  );
}
