// A network of the program's own: it starts itself anew in a network namespace with nothing but a loopback interface, on which
// every address of the simulated pods is local. So requests to pods reach stubs here, and nothing of the machine's is touched.
import { execFileSync, spawn, spawnSync } from 'node:child_process';

export const POD_RANGE = '10.64.0.0/16';
const MARK = 'SIDEGRAPH_SCALE_NETWORK';

/** Why there can be none here, or false. */
export function whyNoPrivateNetwork(): string | false {
  const tried = spawnSync('unshare', [...flags(), 'ip', 'link', 'set', 'lo', 'up']);
  return tried.status === 0 ? false : 'no network namespace can be made here (unshare, ip)';
}

export function isInPrivateNetwork(): boolean {
  return process.env[MARK] === '1';
}

/** Runs this program in it, with its arguments; resolves with the exit code. */
export async function runInPrivateNetwork(): Promise<number> {
  const own = [...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', [...flags(), process.execPath, ...own], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

export function openPrivateNetwork(): void {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['route', 'add', 'local', POD_RANGE, 'dev', 'lo']);
}

function flags(): string[] {
  return process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
}
