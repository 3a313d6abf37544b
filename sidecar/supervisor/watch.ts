// Tells when a file's text has changed. Directories are watched, not the file: many editors write a new file and rename it
// over the old one, and Kubernetes mounts swap a symbolic link. The directory of each link on the way to the file is watched
// too. Changes that follow each other quickly are told once, and only when the text is really another. Where notices may be
// missing (network file systems, a directory that is replaced) a look now and then finds them.
import { type FSWatcher, lstatSync, readFileSync, readlinkSync, statSync, watch } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

const SETTLE_MS = 100;
/** Links on the way to a file, as in Linux. */
const MAX_LINKS = 40;

export interface FileWatcher {
  close(): void;
}

export interface FileWatchOptions {
  /** How long the directories have to be quiet before the file is read, ms. */
  readonly settleMs?: number;
  /** Looks that often besides, ms: where notices may be missing, or the directory comes later. */
  readonly pollMs?: number;
  /** Bytes to text; what it throws is given to `unreadable`. UTF-8 by default. */
  readonly decode?: (bytes: Buffer) => string;
  /** The file was written again, its text the same: someone who touched it may want it tried again. */
  readonly touched?: () => void;
  /** The file cannot be read, and could not be at the look before either. Told once, until it can be read again. */
  readonly unreadable?: (thrown: unknown) => void;
}

/**
 * @param known the text that is no news; undefined when the first one is.
 * @param changed is given the new text; a file that is gone for a moment is waited for.
 */
export function watchFile(
  path: string,
  known: string | undefined,
  changed: (text: string) => void,
  options: FileWatchOptions = {},
): FileWatcher {
  const { settleMs = SETTLE_MS, pollMs, decode = decodeUtf8, touched, unreadable } = options;
  let last = known;
  let stamp = stampOf(path);
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const watchers = new Map<string, FSWatcher>();
  const notice = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  };
  const look = (): void => {
    timer = undefined;
    follow(path, watchers, notice);
    const before = stamp;
    stamp = stampOf(path);
    let text: string;
    try {
      text = decode(readFileSync(path));
    } catch (thrown) {
      failures += 1;
      if (failures === 2) unreadable?.(thrown);
      // A file that is only being replaced is there again at the next look.
      else if (failures === 1 && unreadable !== undefined) timer = setTimeout(look, GONE_MS);
      return;
    }
    const wasGone = failures > 1;
    failures = 0;
    if (text !== last) {
      last = text;
      changed(text);
    } else if (before !== stamp || wasGone) touched?.();
  };
  /** Reads the file only when something about it is new. */
  const glance = (): void => {
    if (timer === undefined && stampOf(path) !== stamp) look();
  };
  const isReady = follow(path, watchers, notice);
  const poll =
    pollMs === undefined ? undefined : setInterval(known === undefined ? look : glance, pollMs);
  if (!isReady && poll === undefined) {
    for (const watcher of watchers.values()) watcher.close();
    throw new Error(`${dirname(path)} cannot be watched`);
  }
  return {
    close: () => {
      if (timer !== undefined) clearTimeout(timer);
      if (poll !== undefined) clearInterval(poll);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** How long a file may be gone before it is told, ms. */
const GONE_MS = 1000;

function decodeUtf8(bytes: Buffer): string {
  return bytes.toString('utf8');
}

/** What changes when a file is written or replaced; '' when there is none. */
function stampOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return '';
  return `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

/** Watches the directories that hold the file or a link on the way to it, and no others. False when one cannot be watched. */
function follow(path: string, watchers: Map<string, FSWatcher>, notice: () => void): boolean {
  const wanted = listDirectories(path);
  for (const [directory, watcher] of watchers) {
    if (wanted.has(directory)) continue;
    watcher.close();
    watchers.delete(directory);
  }
  let isWhole = true;
  for (const directory of wanted) {
    if (watchers.has(directory)) continue;
    try {
      const watcher = watch(directory, notice);
      // A directory that went is watched anew when it is there again.
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(directory);
      });
      watchers.set(directory, watcher);
    } catch {
      isWhole = false;
    }
  }
  return isWhole;
}

/** The directory of the file, and of each symbolic link that leads to it. */
export function listDirectories(path: string): ReadonlySet<string> {
  const found = new Set<string>();
  let links = 0;
  const start = resolve(path);
  let at = parse(start).root;
  let rest = start.slice(at.length).split(sep).filter(Boolean);
  while (rest.length > 0) {
    const [name = '', ...further] = rest;
    const next = join(at, name);
    const target = readLink(next);
    if (target === undefined || links >= MAX_LINKS) {
      if (further.length === 0) found.add(at);
      at = next;
      rest = further;
      continue;
    }
    links += 1;
    found.add(at);
    const whole = resolve(at, target);
    at = parse(whole).root;
    rest = [...whole.slice(at.length).split(sep).filter(Boolean), ...further];
  }
  return found;
}

/** Where a symbolic link leads; undefined for anything else. */
function readLink(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
