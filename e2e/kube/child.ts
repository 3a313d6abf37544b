// Programs that a test runs beside itself: each writes a log into the test's folder, and neither the programs nor the folder outlive
// the test, however it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** With the folder that goes with them. */
const running = new Map<ChildProcess, string>();
let hasHooks = false;

/** Starts it; what it writes is in `<dir>/<name>.log`. */
export function runChild(
  dir: string,
  name: string,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const log = openSync(join(dir, `${name}.log`), 'a');
  const child = spawn(file, args, { stdio: ['ignore', log, log], env });
  closeSync(log);
  running.set(child, dir);
  child.once('exit', () => running.delete(child));
  killWithUs();
  return child;
}

/** Resolves when it is gone. */
export async function endChild(
  child: ChildProcess | undefined,
  signal: NodeJS.Signals,
): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

/** A test that ends without stopping them, or is ended from outside, leaves nothing behind. */
function killWithUs(): void {
  if (hasHooks) return;
  hasHooks = true;
  process.on('exit', () => {
    for (const child of running.keys()) child.kill('SIGKILL');
    for (const dir of new Set(running.values())) rmSync(dir, { recursive: true, force: true });
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(1));
}
