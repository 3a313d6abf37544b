// What was served last, on disk, so that a gateway whose API server does not answer starts and serves. It is what the
// deployments were read to, not what was rendered: a newer version renders it its own way.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Remembered } from './agent.ts';

const FORMAT = 1;

export async function writeLastState(path: string, state: readonly Remembered[]): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, JSON.stringify({ format: FORMAT, deployments: state }));
  await rename(temporary, path);
}

/** Undefined where there is none, or none that can be read. */
export async function readLastState(path: string): Promise<readonly Remembered[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as { format?: number; deployments?: readonly Remembered[] };
    return state.format === FORMAT ? state.deployments : undefined;
  } catch {
    return undefined;
  }
}
