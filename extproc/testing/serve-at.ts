// Puts a server of connections on a unix socket, as the supervisor does for a worker.
import { createServer } from 'node:net';
import type { ConnectionServer } from '../contract/connection-server.ts';

export async function serveAt(
  path: string,
  connections: ConnectionServer,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((socket) => connections.take(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    close: async () => {
      server.close();
      await connections.close();
    },
  };
}
