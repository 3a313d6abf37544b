// Listens on a unix socket for a worker of the filter. The supervisor accepts and hands each connection over unread, so a socket is
// never without a listener, whether its worker runs, is being started again or was never needed.
import { createServer, type Server, type Socket } from 'node:net';
import { listenAtPath } from '../../lib/runtime/listen.ts';

/** @param take is given each connection, paused. */
export async function openGate(path: string, take: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, take);
  await listenAtPath(server, path);
  return server;
}
