// Runs a program in a network, a mount and a process namespace of its own: nothing but a loopback interface, names asked of its
// loopback address, and all that it started gone when it ends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FLAGS = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Its first argument is the file that says where names are asked for; the rest is the program. */
const SCRIPT = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$@"';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why there can be none here, or false. */
export async function whyNoOwnNetwork(): Promise<string | false> {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'only root may bind a resolv.conf';
  const { code, stderr } = await runInOwnNetwork(['true'], 5000);
  return code === 0 ? false : `no namespaces can be made here: ${stderr}`;
}

export async function runInOwnNetwork(
  command: readonly string[],
  timeoutMs: number,
): Promise<Ended> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sgn-'));
  const resolvConf = path.join(dir, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n');
  const child = spawn('unshare', [...FLAGS, 'sh', '-c', SCRIPT, resolvConf, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      stderr += String(error);
      resolve(null);
    });
    child.once('close', resolve);
  });
  clearTimeout(timer);
  rmSync(dir, { recursive: true, force: true });
  return { code, stdout, stderr };
}
