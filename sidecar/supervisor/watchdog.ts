// No process outlives `run`, even when `run` is killed with -9. Two tiny shells, out of reach of the terminal's signals, read
// process groups from pipes; when a pipe ends without a goodbye its shell ends those groups. A shell that dies is replaced. And
// where the system has `setpriv`, the kernel itself ends each process that we started when we die, so that none is left even
// if shells and `run` are killed in one breath; only what those had started in turn would then be left to the shells.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';

// `+ N` and `- N` keep the list; `bye` means that everything was ended in order.
const SCRIPT = `
groups=" "
while read -r what group; do
  case "$what" in
    +) groups="$groups$group " ;;
    -) groups=$(printf '%s' "$groups" | sed "s/ $group / /") ;;
    bye) exit 0 ;;
  esac
done
for group in $groups; do kill -TERM "-$group" 2>/dev/null; done
sleep 2
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
[ -z "$1" ] || rm -rf "$1"
`;
const SHELLS = 2;
/** Shells that die faster than this one after the other are not replaced: something here ends them all. */
const MIN_LIFE_MS = 1_000;
const MAX_QUICK_DEATHS = 20;

export class Watchdog {
  readonly #folder: string;
  readonly #groups = new Set<number>();
  readonly #shells = new Set<ChildProcess>();
  #quickDeaths = 0;
  #isDismissed = false;

  /** @param folder removed with the rest; undefined for none. */
  constructor(folder?: string) {
    this.#folder = folder ?? '';
    for (let count = 0; count < SHELLS; count += 1) this.#start();
  }

  /** The shells that live. */
  get pids(): readonly number[] {
    return [...this.#shells].flatMap(({ pid }) => pid ?? []);
  }

  /** From now on the process group dies with us. */
  guard(group: number): void {
    this.#groups.add(group);
    this.#tell(`+ ${group}\n`);
  }

  release(group: number): void {
    this.#groups.delete(group);
    this.#tell(`- ${group}\n`);
  }

  dismiss(): void {
    this.#isDismissed = true;
    for (const shell of this.#shells) shell.stdin?.end('bye\n');
  }

  #tell(line: string): void {
    for (const shell of this.#shells) shell.stdin?.write(line);
  }

  #start(): void {
    const startedAt = performance.now();
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sidegraph-watchdog', this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#shells.add(shell);
    // Without a shell there is no guard against -9 but the kernel's; everything else works.
    shell.on('error', () => this.#shells.delete(shell));
    shell.stdin?.on('error', () => {});
    shell.once('exit', () => {
      this.#shells.delete(shell);
      if (this.#isDismissed) return;
      const isQuick = performance.now() - startedAt < MIN_LIFE_MS;
      this.#quickDeaths = isQuick ? this.#quickDeaths + 1 : 0;
      if (this.#quickDeaths < MAX_QUICK_DEATHS) this.#start();
    });
    shell.unref();
    for (const group of this.#groups) shell.stdin?.write(`+ ${group}\n`);
  }
}

/** The signal that the kernel sends when we die: TERM for what may want to save something, KILL for the rest. */
export type DeathSignal = 'TERM' | 'KILL';

/** A command that the kernel ends when we die, where the system offers that; else the command as it is. */
export function dieWithParent(
  argv: readonly string[],
  signal: DeathSignal,
  env: NodeJS.ProcessEnv,
  cwd: string,
): readonly string[] {
  const [command = ''] = argv;
  // What cannot be started is left to be told by the system under its own name.
  if (!hasProgram(command, env, cwd)) return argv;
  setpriv ??= findSetpriv();
  return setpriv === '' ? argv : [setpriv, '--pdeathsig', signal, '--', ...argv];
}

/** Of util-linux 2.33 and later; '' where there is none. */
let setpriv: string | undefined;

function findSetpriv(): string {
  for (const path of ['/usr/bin/setpriv', '/bin/setpriv']) {
    const { status } = spawnSync(path, ['--pdeathsig', 'KILL', '--', '/bin/sh', '-c', ':'], {
      stdio: 'ignore',
      timeout: 5_000,
    });
    if (status === 0) return path;
  }
  return '';
}

function hasProgram(command: string, env: NodeJS.ProcessEnv, cwd: string): boolean {
  const paths = command.includes('/')
    ? [resolve(cwd, command)]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => resolve(cwd, folder, command));
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
