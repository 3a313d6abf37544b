// Envoy's folder on disk: every file appears whole, by rename, so that Envoy never reads half of one.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
}

export async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, path);
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
