// Reads what the comments of a source file say of its constants and fields, so that a table in the docs and the line in
// the code are one text.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const COMMENTED = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(?:export const )?(\w+)(?:\s*=|:)/g;

/** Name of a constant or field → the comment before it, on one line. `path` from the root of the checkout. */
export function readComments(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8');
  const comments = new Map<string, string>();
  for (const [, comment = '', name = ''] of text.matchAll(COMMENTED)) {
    const line = comment
      .split('\n')
      .map((each) => each.replace(/^\s*\*?\s*/, '').trim())
      .filter((each) => each !== '')
      .join(' ');
    comments.set(name, line);
  }
  return comments;
}
