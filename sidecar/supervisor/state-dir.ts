// The directory that one `run` keeps its files in: Envoy's configuration and log, the sockets. By default a fresh
// one, gone after an orderly end; `--state-dir` names one that stays. Unix socket paths are short by law (108 bytes on
// Linux, 104 on macOS), so a deep directory gets its sockets elsewhere.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandFailure, systemCode } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';

const MAX_SOCKET_PATH_BYTES = 100;
const LONGEST_SOCKET_NAME = 'control-http.sock';
/** What is tried before anything is started: Envoy's files and the first lines of its logs need about so much. */
const ROOM_BYTES = 1024 * 1024;

export interface StateDir {
  readonly dir: string;
  readonly sockets: string;
  /** Whether it is ours alone and goes at the end. */
  readonly temporary: boolean;
  /** Removes what is not to stay. */
  close(): void;
}

export function openStateDir(named: string | undefined, env: NodeJS.ProcessEnv): StateDir {
  try {
    if (named === undefined) {
      const dir = mkdtempSync(join(shortRoot(env), 'sidegraph-'));
      try {
        tryRoom(dir);
      } catch (thrown) {
        rmSync(dir, { recursive: true, force: true });
        throw thrown;
      }
      return {
        dir,
        sockets: dir,
        temporary: true,
        close: () => rmSync(dir, { recursive: true, force: true }),
      };
    }
    // An unset variable of a shell: the working directory was hardly meant.
    if (named === '') throw new Error('it has no name');
    return openNamed(resolve(named), env);
  } catch (thrown) {
    if (thrown instanceof CommandFailure) throw thrown;
    throw new CommandFailure(
      'STATE_DIR_UNUSABLE',
      `the state directory ${named ?? ''} cannot be used: ${describe(thrown)}`.replace('  ', ' '),
      'name another one with --state-dir',
    );
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its file system is full',
  EDQUOT: 'the quota of this user is used up',
  ENOTDIR: 'a part of its path is no directory',
  EEXIST: 'a part of its path is no directory',
  ENAMETOOLONG: 'its path is too long',
  ELOOP: 'its path is a loop of symbolic links',
  ENOENT: 'no directory can be made there',
};

function describe(thrown: unknown): string {
  const code = systemCode(thrown);
  const why = WHY[code];
  return why === undefined ? describeThrown(thrown) : `${why} (${code})`;
}

/** Makes a directory and what is missing of its path, one by one: Node's own way never ends where none can be made (/proc). */
function makeDirectory(dir: string): void {
  const missing: string[] = [];
  let at = dir;
  for (; dirname(at) !== at; at = dirname(at)) {
    const stats = statSync(at, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) break;
    if (stats !== undefined)
      throw new CommandFailure(
        'STATE_DIR_UNUSABLE',
        `the state directory ${dir} cannot be used: ${at} is no directory`,
        'name another one with --state-dir',
      );
    missing.unshift(at);
  }
  for (const path of missing) mkdirSync(path, { mode: 0o700 });
}

/** Throws where nothing can be written. */
function tryRoom(dir: string): void {
  const file = join(dir, '.room');
  try {
    writeFileSync(file, Buffer.alloc(ROOM_BYTES), { mode: 0o600 });
  } finally {
    rmSync(file, { force: true });
  }
}

function openNamed(dir: string, env: NodeJS.ProcessEnv): StateDir {
  makeDirectory(dir);
  const pidFile = join(dir, 'run.pid');
  const owner = readOwner(pidFile);
  if (owner !== undefined) {
    throw new CommandFailure(
      'STATE_DIR_UNUSABLE',
      `the state directory ${dir} is in use by process ${owner}`,
      'name another one with --state-dir, or end that process',
    );
  }
  tryRoom(dir);
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  const fits = Buffer.byteLength(join(dir, LONGEST_SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES;
  const sockets = fits ? dir : mkdtempSync(join(shortRoot(env), 'sidegraph-'));
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

/** The living process that wrote the file, undefined when there is none. */
function readOwner(pidFile: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8').trim());
  } catch {
    return undefined;
  }
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (thrown) {
    // It lives, but is another user's.
    return systemCode(thrown) === 'EPERM' ? pid : undefined;
  }
}

/** XDG_RUNTIME_DIR is private and in memory where it exists; else the system's temporary directory. */
function shortRoot(env: NodeJS.ProcessEnv): string {
  for (const root of [env['XDG_RUNTIME_DIR'], tmpdir()]) {
    if (root === undefined || root === '') continue;
    const longest = join(root, 'sidegraph-XXXXXX', LONGEST_SOCKET_NAME);
    if (Buffer.byteLength(longest) > MAX_SOCKET_PATH_BYTES) continue;
    try {
      makeDirectory(root);
      return root;
    } catch {
      continue;
    }
  }
  return '/tmp';
}
