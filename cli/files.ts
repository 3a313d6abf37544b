// Which texts a command reads: files, directories (every manifest below), standard input.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure, systemCode, textOf } from './failure.ts';

export interface SourceText {
  /** As the user named it; `<stdin>` for `-`. */
  readonly source: string;
  readonly text: string;
}

const MANIFEST = /\.(ya?ml|json)$/i;

/** Paths in a stable order; a directory that holds no manifest is a failure, since nothing would be checked. */
export function listFiles(path: string): string[] {
  if (path === '-') return ['-'];
  let directory: boolean;
  try {
    directory = statSync(path).isDirectory();
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
  if (!directory) return [path];
  const found = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && MANIFEST.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('node_modules'))
    .sort();
  if (found.length === 0) {
    throw new CommandFailure(
      'FILE_UNREADABLE',
      `${path} holds no .yaml, .yml or .json file`,
      'name another one',
    );
  }
  return found;
}

export function readSource(path: string): SourceText {
  try {
    if (path === '-') return { source: '<stdin>', text: readFileSync(0, 'utf8') };
    return { source: path, text: readFileSync(path, 'utf8') };
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

function unreadable(path: string, thrown: unknown): CommandFailure {
  const code = systemCode(thrown);
  const why =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'EACCES'
        ? 'may not be read by this user'
        : code === 'EISDIR'
          ? 'is a directory'
          : textOf(thrown);
  return new CommandFailure('FILE_UNREADABLE', `${path} ${why}`, 'name a file that can be read');
}
