// Asks Envoy itself whether it would take a configuration, before it runs with it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvoyFiles } from '../sidecar/render.ts';
import { staticForm } from '../sidecar/static-form.ts';

const VALIDATE_TIMEOUT_MS = 20_000;

/** undefined when Envoy takes it, else Envoy's words. */
export async function validateFiles(
  files: EnvoyFiles,
  envoyBin: string,
): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'sidegraph-validate-'));
  try {
    const path = join(dir, 'envoy.json');
    await writeFile(path, JSON.stringify(staticForm(files)));
    return await runValidate(envoyBin, path);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Its standard output is /dev/null and no pipe: an access log at /dev/stdout is opened, even here. */
function runValidate(envoyBin: string, path: string): Promise<string | undefined> {
  const args = ['--mode', 'validate', '--log-level', 'error', '--config-path', path];
  return new Promise((resolve) => {
    const child = spawn(envoyBin, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: VALIDATE_TIMEOUT_MS,
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      resolve(
        code === 0 ? undefined : reasonOf(stderr, `${envoyBin} ended with ${code ?? signal}`),
      );
    });
  });
}

/** Envoy prints the offending message before the sentence that says what is wrong with it: the end is what counts. */
function reasonOf(stderr: string, otherwise: string): string {
  const text = stderr.trim();
  return text === '' ? otherwise : text.slice(-2000);
}
