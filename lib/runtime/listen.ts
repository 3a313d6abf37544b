// Begins to listen. A unix socket that one worker takes over from another is bound under a name of its own and renamed into place, so
// the path is never without a listener, and closing the old one cannot unlink the new one's.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import type { ListenOptions, Server } from 'node:net';
import { dirname } from 'node:path';

/** Resolves with the server once it listens; rejects with the system's error. */
export function listen<S extends Server>(server: S, at: ListenOptions): Promise<S> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => resolve(server));
  });
}

/** Rejects with the system's error, for one a path that is too long (107 bytes on Linux, 9 of them ours). */
export function listenAtPath(server: Server, path: string): Promise<void> {
  const own = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(own, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(own, () => {
      server.off('error', reject);
      try {
        renameSync(own, path);
        resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
