// Listens on a unix socket by name. The socket is bound under a name of its own and renamed into place, so the path
// is never without a listener while one worker follows another, and closing the old one cannot unlink the new one's.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';

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
