// Who may hold a connection to the webhooks. Anybody who reaches the port can open them, and the API server opens one for each
// review that it has under way; so there is a largest number, and those that do nothing, or send slowly, give way first.
import type { Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionBounds {
  /** Connections whose handshake is not over. */
  readonly maxHandshakes: number;
  readonly maxConnections: number;
}

/** What a connection is used for; `sending`: a review that is not whole yet. */
interface Use {
  readonly what: 'idle' | 'sending' | 'judging';
}

export interface Connections {
  /** A request has begun: until its response is out its connection is not idle. */
  track(request: IncomingMessage, response: ServerResponse): void;
}

/** Ends the connections of `server` that are too many; from now on. */
export function boundConnections(server: Server, bounds: ConnectionBounds): Connections {
  const handshakes = new Set<Socket>();
  /** In the order in which they became what they are. */
  const uses = new Map<Socket, Use>();
  const put = (socket: Socket, use: Use): void => {
    if (!uses.has(socket)) return;
    uses.delete(socket);
    uses.set(socket, use);
  };
  server.on('connection', (socket: Socket) => {
    handshakes.add(socket);
    socket.once('close', () => handshakes.delete(socket));
    if (handshakes.size > bounds.maxHandshakes) {
      const [oldest] = handshakes;
      oldest?.destroy();
    }
  });
  server.on('secureConnection', (socket) => {
    // The socket beneath is told by no public name; its ports are the same.
    for (const each of handshakes)
      if (each.remotePort === socket.remotePort && each.remoteAddress === socket.remoteAddress)
        handshakes.delete(each);
    uses.set(socket, { what: 'idle' });
    socket.once('close', () => uses.delete(socket));
    if (uses.size > bounds.maxConnections) (pickLeastUsed(uses) ?? socket).destroy();
  });
  return {
    track(request, response) {
      const { socket } = request;
      put(socket, { what: 'sending' });
      request.once('end', () => put(socket, { what: 'judging' }));
      response.once('close', () => put(socket, { what: 'idle' }));
    },
  };
}

/** The one that has been idle longest, else the one that has been sending longest; undefined where all wait for a response. */
function pickLeastUsed(uses: ReadonlyMap<Socket, Use>): Socket | undefined {
  for (const wanted of ['idle', 'sending'] as const)
    for (const [socket, { what }] of uses) if (what === wanted) return socket;
  return undefined;
}
