// Tells when a file's text has changed. The directory is watched, not the file: many editors write a new file and
// rename it over the old one, and Kubernetes mounts swap a symbolic link. Changes that follow each other quickly
// are told once, and only when the text is really another.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

const SETTLE_MS = 100;

export interface FileWatcher {
  close(): void;
}

export interface WatchOptions {
  /** How long the directory has to be quiet before the file is read, ms. */
  readonly settleMs?: number;
  /** Looks that often besides, ms: where notices may be missing, or the directory comes later. */
  readonly pollMs?: number;
}

/**
 * @param known the text that is no news; null when the first one is.
 * @param changed is given the new text; a file that is gone for a moment is waited for.
 */
export function watchFile(
  path: string,
  known: string | null,
  changed: (text: string) => void,
  { settleMs = SETTLE_MS, pollMs }: WatchOptions = {},
): FileWatcher {
  let last = known;
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    timer = null;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return;
    }
    if (text === last) return;
    last = text;
    changed(text);
  };
  const notice = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  };
  const watcher = watchDirectory(dirname(path), notice, pollMs !== undefined);
  const poll = pollMs === undefined ? null : setInterval(look, pollMs);
  return {
    close: () => {
      if (timer !== null) clearTimeout(timer);
      if (poll !== null) clearInterval(poll);
      watcher?.close();
    },
  };
}

/** Throws when the directory cannot be watched, unless that may be. */
function watchDirectory(path: string, notice: () => void, mayFail: boolean): FSWatcher | null {
  try {
    const watcher = watch(path, notice);
    watcher.on('error', () => {});
    return watcher;
  } catch (thrown) {
    if (mayFail) return null;
    throw thrown;
  }
}
