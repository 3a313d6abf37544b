// How the chart and the image start Node for the operator and for the gateway's agent.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { operatorExecArgv } from '../../operator/config/exec-argv.ts';

export const CHART_NODE_FLAGS: readonly string[] = [
  ...operatorExecArgv,
  `--import=${new URL('../../lib/runtime/compile-cache.mjs', import.meta.url).href}`,
];

/** `ENV` in images/Containerfile.sidegraph, and `env` in the chart. */
export const CHART_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/**
 * Compiles what `main` loads, as the image's build does: one file that is not in the cache loads Node's stripper of types, which stays and
 * takes 33 MB.
 */
export async function warmCompileCache(main: string): Promise<void> {
  await promisify(execFile)(process.execPath, [...CHART_NODE_FLAGS, main, '--help']);
}
