// Which texts a command reads: files, directories (every manifest below), standard input.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from './decode.ts';
import { CommandFailure, systemCode } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';

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
  if (path === '-') return { source: '<stdin>', text: readText(0, 'standard input') };
  return { source: path, text: readText(path, path) };
}

/** The text of a file; `shown` is what messages call it. Throws FILE_UNREADABLE. */
export function readText(path: string | number, shown: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    throw unreadable(shown, thrown);
  }
  return decode(bytes, shown);
}

/** The text of a file, given its bytes. Throws FILE_UNREADABLE. */
export function decode(bytes: Buffer, shown: string): string {
  const decoded = decodeText(bytes);
  if (decoded.kind === 'text') return decoded.text;
  throw new CommandFailure('FILE_UNREADABLE', `${shown} ${decoded.why}`, decoded.advice);
}

/** Why a file cannot be read, in words. */
export function describeUnreadable(path: string, thrown: unknown): string {
  return thrown instanceof CommandFailure ? thrown.message : unreadable(path, thrown).message;
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
          : describeThrown(thrown);
  return new CommandFailure('FILE_UNREADABLE', `${path} ${why}`, 'name a file that can be read');
}
