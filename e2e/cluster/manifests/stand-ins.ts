// Gives the image of the stand-ins the names of other people's images: which role each image plays, and an archive that names them all.
// The layers are those of localhost/stand-in:1, which the node has; a name is a few hundred bytes more.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { objectAt, objectsAt, textAt, type JsonObject } from '../../../graph/plan/json-value.ts';
import { renderManifest } from '../../../testing/manifests.ts';
import { protocolOf } from '../../../testing/manifest-features.ts';
import type { Role } from '../../stand-in/main.ts';
import { ROOT, run } from '../harness/kubectl.ts';

const execute = promisify(execFile);
const STAND_IN = join(ROOT, '.cache/kube/images/stand-in.tar');
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

export const SINK_IMAGE = 'localhost/stand-in-sink:1';

/** By the name of an image, the first that fits; then by what the deployment speaks. */
const NAMES: readonly (readonly [RegExp, Role])[] = [
  [/alibi-explain/, 'mlserver-alibi'],
  [/alibiexplainer/, 'alibi'],
  [/tfserving-proxy/, 'tensorflow-proxy'],
  [/tensorflow\/serving/, 'tensorflow'],
  [/tritonserver/, 'triton'],
];
/** Of before the wrapper spoke both transports. */
const ONE_TRANSPORT: readonly (readonly [RegExp, Role])[] = [
  [/_grpc\b|-grpc-/, 'seldon-grpc'],
  [/_rest\b|-rest-/, 'seldon-rest'],
];

/** The role of every image that the operator makes pods of, sidecars apart. */
export function rolesOf(deployment: JsonObject): ReadonlyMap<string, Role> {
  const protocol = protocolOf(objectAt(deployment, 'spec'));
  const roles = new Map<string, Role>();
  const file = textAt(objectAt(deployment, 'metadata'), 'namespace');
  for (const object of renderManifest({ file, text: JSON.stringify(deployment) })) {
    const pod = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
    const own = (field: string): JsonObject[] =>
      objectsAt(pod, field).filter(({ name }) => !String(name).startsWith('sidegraph-'));
    for (const container of own('initContainers'))
      roles.set(textAt(container, 'image'), 'initializer');
    for (const container of own('containers')) {
      const image = textAt(container, 'image');
      roles.set(image, roleOf(image, protocol));
    }
  }
  return roles;
}

function roleOf(image: string, protocol: string): Role {
  const fits = ([pattern]: readonly [RegExp, Role]): boolean => pattern.test(image);
  const named = NAMES.find(fits);
  if (named !== undefined) return named[1];
  if (protocol === 'v2') return 'mlserver';
  if (protocol === 'tensorflow') return 'tensorflow';
  return ONE_TRANSPORT.find(fits)?.[1] ?? 'seldon';
}

/** Loads the names into the node of the running cluster. */
export async function loadImages(roles: ReadonlyMap<string, Role>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stand-ins-'));
  try {
    const archive = join(folder, 'names.tar');
    await writeArchive(roles, join(folder, 'oci'), archive);
    const { code, stderr } = await run('e2e/kube/import.sh', [archive]);
    if (code !== 0) throw new Error(`import.sh: ${stderr}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Image {
  readonly config: { readonly config: { readonly Entrypoint: readonly string[] } };
  readonly layers: readonly object[];
}

async function writeArchive(
  roles: ReadonlyMap<string, Role>,
  folder: string,
  archive: string,
): Promise<void> {
  const blobs = join(folder, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const add = async (value: object, mediaType: string): Promise<object> => {
    const text = JSON.stringify(value);
    const hash = createHash('sha256').update(text).digest('hex');
    await writeFile(join(blobs, hash), text);
    return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(text) };
  };
  const { config, layers } = await readStandIn();
  const manifests: object[] = [];
  for (const [image, role] of roles) {
    const { Entrypoint } = config.config;
    const own = { ...config, config: { ...config.config, Entrypoint: [...Entrypoint, role] } };
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: await add(own, CONFIG),
      layers,
    };
    const annotations = { 'io.containerd.image.name': fullName(image) };
    manifests.push({ ...(await add(manifest, MANIFEST)), annotations });
  }
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await execute('tar', ['-C', folder, '-cf', archive, '.']);
}

async function readStandIn(): Promise<Image> {
  const read = async (path: string): Promise<unknown> => {
    const { stdout } = await execute('tar', ['-xOf', STAND_IN, `./${path}`], {
      maxBuffer: 1 << 20,
    });
    return JSON.parse(stdout);
  };
  const blob = ({ digest }: { readonly digest: string }): string =>
    `blobs/sha256/${digest.slice('sha256:'.length)}`;
  const { manifests } = (await read('index.json')) as { manifests: { digest: string }[] };
  const [first] = manifests;
  if (first === undefined) throw new Error(`${STAND_IN} names no image`);
  const manifest = (await read(blob(first))) as { config: { digest: string }; layers: object[] };
  return {
    config: (await read(blob(manifest.config))) as Image['config'],
    layers: manifest.layers,
  };
}

/** As a node looks for it: with a registry and a tag. */
export function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const path = hasRegistry ? image : `docker.io/${rest.length > 0 ? '' : 'library/'}${image}`;
  return /:[^/]*$/.test(path) ? path : `${path}:latest`;
}
