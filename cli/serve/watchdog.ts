// No process outlives `run`, even when `run` is killed with -9. A tiny shell, out of reach of the terminal's signals,
// reads process groups from a pipe; when the pipe ends without a goodbye it ends those groups itself.
import { type ChildProcess, spawn } from 'node:child_process';

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

export class Watchdog {
  readonly #shell: ChildProcess;

  /** @param folder removed with the rest; null for none. */
  constructor(folder: string | null = null) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'sidegraph-watchdog', folder ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    // Without a shell there is no guard against -9; everything else works.
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
  }

  /** From now on the process group dies with us. */
  guard(group: number): void {
    this.#shell.stdin?.write(`+ ${group}\n`);
  }

  release(group: number): void {
    this.#shell.stdin?.write(`- ${group}\n`);
  }

  dismiss(): void {
    this.#shell.stdin?.end('bye\n');
  }
}
