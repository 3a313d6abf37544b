// How many files an Envoy may open, which bounds its connections. It is a child of the process that asks, or runs beside it under the
// same limits.
import { readFileSync } from 'node:fs';

/**
 * How many files a child of this process may open, undefined where that cannot be read. Node raises its own limit to the hard one at
 * its start and children inherit that, so it is the soft limit that counts.
 */
export function readOpenFileLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const found = /^Max open files\s+(\d+|unlimited)\s/m.exec(readFileSync(path, 'utf8'));
    const text = found?.[1];
    return text === undefined || text === 'unlimited' ? undefined : Number(text);
  } catch {
    return undefined;
  }
}
