// Asks Envoy itself whether it would take a configuration, before it runs with it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvoyFiles } from './render.ts';
import { staticForm } from './static-form.ts';

const VALIDATE_TIMEOUT_MS = 20_000;

/** null when Envoy takes it, else Envoy's words. */
export async function validateFiles(files: EnvoyFiles, envoyBin: string): Promise<string | null> {
  const dir = await mkdtemp(join(tmpdir(), 'sidegraph-validate-'));
  try {
    const path = join(dir, 'envoy.json');
    await writeFile(path, JSON.stringify(staticForm(files)));
    return await runValidate(envoyBin, path);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function runValidate(envoyBin: string, path: string): Promise<string | null> {
  const args = ['--mode', 'validate', '--log-level', 'error', '--config-path', path];
  return new Promise((resolve) => {
    execFile(envoyBin, args, { timeout: VALIDATE_TIMEOUT_MS }, (error, _stdout, stderr) => {
      resolve(error === null ? null : reasonOf(stderr, error.message));
    });
  });
}

/** Envoy prints the offending message before the sentence that says what is wrong with it: the end is what counts. */
function reasonOf(stderr: string, otherwise: string): string {
  const text = stderr.trim();
  return text === '' ? otherwise : text.slice(-2000);
}
