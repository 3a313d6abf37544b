// kubectl and helm as a user runs them, against the test cluster of e2e/kube. What they print comes back; a failure carries
// what they said.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache/kube');
export const KUBECONFIG = join(CACHE, 'run/kubeconfig/admin');
/**
 * What they remember of the cluster's kinds ends with it, and each has its own: helm looks before the definition is there, and
 * kubectl does not look again for a short name.
 */
const KUBE_CACHE = join(CACHE, 'run/discovery');
const DEFAULT_TIMEOUT_MS = 120_000;

export type Json = Readonly<Record<string, unknown>>;

/** Set by `make e2e`; without it the tier is skipped, so that `make test` needs no Kubernetes. */
export function whyNoCluster(): string | false {
  if (process.env['SIDEGRAPH_CLUSTER'] !== '1') return 'needs a cluster: make e2e';
  return existsSync(KUBECONFIG) ? false : 'no cluster is up: make cluster-up';
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the cluster's, or a script by its path. Never rejects for a failure of the program. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const path = program.includes('/') ? program : join(CACHE, 'bin', program);
    const child = spawn(path, [...args], {
      cwd: ROOT,
      env: { ...process.env, KUBECONFIG, KUBECACHEDIR: join(KUBE_CACHE, basename(program)) },
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
    child.stdin.end(options.input ?? '');
  });
}

/** Throws with what kubectl said where it fails. */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const ran = await run('kubectl', args, input === undefined ? {} : { input });
  if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.stderr.trim()}`);
  return ran.stdout;
}

export async function helm(args: readonly string[]): Promise<string> {
  const ran = await run('helm', args, { timeoutMs: 300_000 });
  if (ran.code !== 0) throw new Error(`helm ${args.join(' ')}: ${ran.stderr.trim()}`);
  return ran.stdout;
}

/** Objects are JSON, which is YAML. */
export async function apply(namespace: string, ...objects: readonly object[]): Promise<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  return kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify(list));
}

/** Undefined where there is none. */
export async function read(
  namespace: string,
  kind: string,
  name: string,
): Promise<Json | undefined> {
  const text = await kubectl([
    'get',
    kind,
    name,
    '-n',
    namespace,
    '-o',
    'json',
    '--ignore-not-found',
  ]);
  return text.trim() === '' ? undefined : (JSON.parse(text) as Json);
}

export async function list(
  namespace: string,
  kind: string,
  selector = '',
): Promise<readonly Json[]> {
  const scope = namespace === '' ? ['-A'] : ['-n', namespace];
  const text = await kubectl(['get', kind, ...scope, '-l', selector, '-o', 'json']);
  return (JSON.parse(text) as { items: Json[] }).items;
}

/** The text at a jsonpath; '' where nothing is there. */
export async function readPath(
  namespace: string,
  kind: string,
  name: string,
  path: string,
): Promise<string> {
  return kubectl([
    'get',
    kind,
    name,
    '-n',
    namespace,
    '-o',
    `jsonpath=${path}`,
    '--ignore-not-found',
  ]);
}

/** Looks again until it holds: a value that is neither false nor undefined. Fails with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined>,
  timeoutMs = 60_000,
  everyMs = 200,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last = 'no';
  for (;;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== undefined) return seen;
      last = String(seen);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > end) throw new Error(`not in ${timeoutMs} ms: ${what} (${last})`);
    await delay(everyMs);
  }
}
