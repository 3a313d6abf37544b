// Finds processes by their ancestor and command line, from /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids under `root` whose command line matches. */
export function descendants(root: number, command: RegExp): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readQuietly(`/proc/${pid}/stat`);
    if (stat !== '') parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isUnder = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) {
      if (at === root) return true;
    }
    return false;
  };
  return [...parents.keys()].filter(
    (pid) =>
      isUnder(pid) && command.test(readQuietly(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')),
  );
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
