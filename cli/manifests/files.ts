// Which texts a command reads: files, directories (every manifest below), standard input.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_LIMITS } from '../../graph/plan/limits.ts';
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

/** A manifest has a bound in characters, each of which has three bytes at most for one of UTF-16: beyond that nothing is read. */
const MAX_SOURCE_BYTES = 3 * MANIFEST_LIMITS.maxTextLength;
const READ_BYTES = 64 * 1024;
const MIB = 1024 * 1024;

export function readSource(path: string): SourceText {
  const [source, place, shown] =
    path === '-' ? (['<stdin>', 0, 'standard input'] as const) : ([path, path, path] as const);
  return { source, text: readText(place, shown, MAX_SOURCE_BYTES) };
}

/** The text of a file; `shown` is what messages call it. Throws FILE_UNREADABLE, also for more than `maxBytes`. */
export function readText(path: string | number, shown: string, maxBytes = Infinity): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readBytes(path, maxBytes);
  } catch (thrown) {
    throw unreadable(shown, thrown);
  }
  if (bytes !== undefined) return decode(bytes, shown);
  throw new CommandFailure(
    'FILE_UNREADABLE',
    `${shown} has more than ${maxBytes / MIB} MiB, which no manifest may have`,
    'name another one, or split it',
  );
}

/** Undefined where there are more: some files have no end. */
function readBytes(path: string | number, maxBytes: number): Buffer | undefined {
  const file = typeof path === 'number' ? path : openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(READ_BYTES);
      const count = readSync(file, piece);
      if (count === 0) return Buffer.concat(pieces, length);
      length += count;
      if (length > maxBytes) return undefined;
      pieces.push(piece.subarray(0, count));
    }
  } finally {
    if (file !== path) closeSync(file);
  }
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
