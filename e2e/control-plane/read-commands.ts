// The commands of a page in docs/: its fenced `sh` blocks, by the name in the comment before each (`<!-- run: NAME -->`). Blocks
// without one must say in their first line why no test runs them, so that a page has no command that nobody ever tried.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { findKubeBin } from '../kube/apiserver.ts';

const BLOCK = /(?:<!-- run: ([a-z-]+) -->\n)?```sh\n([^]*?)```/g;
const NEEDS_PODS = '# in the cluster\n';
const TIMEOUT_MS = 180_000;

/** Throws on a block without a name that does not begin with `# in the cluster`, and on a name that is there twice. */
export function readCommands(page: URL): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name, script = ''] of readFileSync(page, 'utf8').matchAll(BLOCK)) {
    if (name === undefined) {
      if (script.startsWith(NEEDS_PODS)) continue;
      throw new Error(`neither run nor excused: ${script}`);
    }
    if (found.has(name)) throw new Error(`two blocks are named ${name}`);
    found.set(name, script);
  }
  return found;
}

/** One block by its name, of a page with others that nobody runs. */
export function readCommand(page: URL, name: string): string {
  for (const [, found, script = ''] of readFileSync(page, 'utf8').matchAll(BLOCK))
    if (found === name) return script;
  throw new Error(`no block is named ${name}: ${page.pathname}`);
}

export interface CommandResult {
  readonly code: number;
  /** Standard output and error, in this order. */
  readonly output: string;
}

/** Runs it in bash, as a person would paste it, but stops at the first failure. kubectl and helm are those of the test cluster. */
export function runScript(
  script: string,
  env: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): Promise<CommandResult> {
  const path = [findKubeBin() ?? '', process.env['PATH'] ?? ''].join(delimiter);
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-euo', 'pipefail', '-c', script],
      { env: { ...process.env, PATH: path, ...env }, timeout: timeoutMs },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: stdout + stderr });
      },
    );
  });
}
