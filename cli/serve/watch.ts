// Tells when a file's text has changed. The directory is watched, not the file: many editors write a new file and
// rename it over the old one, and Kubernetes mounts swap a symbolic link. Changes that follow each other quickly
// are told once, and only when the text is really another.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

const SETTLE_MS = 100;

export interface FileWatcher {
  close(): void;
}

/** @param changed is given the new text; a file that is gone for a moment is waited for. */
export function watchFile(
  path: string,
  known: string,
  changed: (text: string) => void,
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
  const watcher: FSWatcher = watch(dirname(path), () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS);
  });
  watcher.on('error', () => {});
  return {
    close: () => {
      if (timer !== null) clearTimeout(timer);
      watcher.close();
    },
  };
}
