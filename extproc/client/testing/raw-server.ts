// A unit made of bytes, for tests: reads whole HTTP/1.1 requests and answers each with what a script says, down to
// where the bytes are cut and when the connection breaks.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawRequest {
  readonly head: string;
  readonly body: Buffer;
  /** Position of the connection among those accepted, and of the request on it, from 0. */
  readonly connection: number;
  readonly turn: number;
}

export type RawStep =
  | string
  | Buffer
  | { readonly waitMs: number }
  | 'RESET'
  | 'CLOSE'
  /** Closes after so much time without another request. */
  | { readonly closeAfterMs: number };

export type RawScript = (request: RawRequest) => readonly RawStep[];

export interface RawServer {
  readonly port: number;
  readonly requests: readonly RawRequest[];
  readonly connections: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  close(): Promise<void>;
}

/** `path`: a unix socket instead of a port. */
export async function startRawServer(script: RawScript, path?: string): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections++;
    let held: Buffer = Buffer.alloc(0);
    let turn = 0;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      held = Buffer.concat([held, data]);
      for (;;) {
        const headEnd = held.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const head = held.toString('latin1', 0, headEnd + 2);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (held.length < headEnd + 4 + length) return;
        const body = held.subarray(headEnd + 4, headEnd + 4 + length);
        held = held.subarray(headEnd + 4 + length);
        const request = { head, body, connection, turn: turn++ };
        requests.push(request);
        void play(socket, script(request));
      }
    });
  });
  await listen(server, path);
  return {
    port: path === undefined ? (server.address() as AddressInfo).port : 0,
    requests,
    connections: () => connections,
    open: () => sockets.size,
    close: () => stop(server, sockets),
  };
}

async function play(socket: Socket, steps: readonly RawStep[]): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return;
    if (step === 'RESET') socket.resetAndDestroy();
    else if (step === 'CLOSE') socket.end();
    else if (typeof step === 'string' || Buffer.isBuffer(step)) {
      socket.write(step as string, 'latin1');
    } else if ('waitMs' in step) await sleep(step.waitMs);
    else setTimeout(() => socket.end(), step.closeAfterMs).unref();
  }
}

function listen(server: Server, path: string | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
}

function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
