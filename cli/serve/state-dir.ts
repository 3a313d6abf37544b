// The directory that one `run` keeps its files in: Envoy's configuration and log, the sockets. By default a fresh
// one, gone after an orderly end; `--state-dir` names one that stays. Unix socket paths are short by law (108 bytes on
// Linux, 104 on macOS), so a deep directory gets its sockets elsewhere.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CommandFailure, textOf } from '../failure.ts';

const MAX_SOCKET_PATH_BYTES = 100;
const LONGEST_SOCKET_NAME = 'offpath-http.sock';

export interface StateDir {
  readonly dir: string;
  readonly sockets: string;
  /** Whether it is ours alone and goes at the end. */
  readonly temporary: boolean;
  /** Removes what is not to stay. */
  close(): void;
}

export function openStateDir(named: string | null, env: NodeJS.ProcessEnv): StateDir {
  try {
    if (named === null) {
      const dir = mkdtempSync(join(shortRoot(env), 'sidegraph-'));
      return {
        dir,
        sockets: dir,
        temporary: true,
        close: () => rmSync(dir, { recursive: true, force: true }),
      };
    }
    return openNamed(resolve(named));
  } catch (thrown) {
    if (thrown instanceof CommandFailure) throw thrown;
    throw new CommandFailure(
      'STATE_DIR_UNUSABLE',
      `the state directory cannot be used: ${textOf(thrown)}`,
      'name another one with --state-dir',
    );
  }
}

function openNamed(dir: string): StateDir {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pidFile = join(dir, 'run.pid');
  const owner = readOwner(pidFile);
  if (owner !== null) {
    throw new CommandFailure(
      'STATE_DIR_UNUSABLE',
      `the state directory ${dir} is in use by process ${owner}`,
      'name another one with --state-dir, or end that process',
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  const fits = Buffer.byteLength(join(dir, LONGEST_SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES;
  const sockets = fits ? dir : mkdtempSync('/tmp/sidegraph-');
  return {
    dir,
    sockets,
    temporary: false,
    close: () => {
      rmSync(pidFile, { force: true });
      if (!fits) rmSync(sockets, { recursive: true, force: true });
    },
  };
}

/** The living process that wrote the file, null when there is none. */
function readOwner(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/** XDG_RUNTIME_DIR is private and in memory where it exists; else the system's temporary directory. */
function shortRoot(env: NodeJS.ProcessEnv): string {
  for (const root of [env['XDG_RUNTIME_DIR'], tmpdir()]) {
    if (root === undefined || root === '') continue;
    const longest = join(root, 'sidegraph-XXXXXX', LONGEST_SOCKET_NAME);
    if (Buffer.byteLength(longest) > MAX_SOCKET_PATH_BYTES) continue;
    try {
      mkdirSync(root, { recursive: true });
      return root;
    } catch {
      continue;
    }
  }
  return '/tmp';
}
