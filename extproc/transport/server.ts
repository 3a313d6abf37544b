// Serves ext_proc on a unix socket (or an inherited one) to one trusted peer, Envoy, with an HTTP/2 of our own on
// `node:net`: a fifth of the CPU of `node:http2`.
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { BodyPool } from '../bodies.ts';
import { HeldBytes } from '../held-bytes.ts';
import type { Router } from '../exchange.ts';
import { FilterStream } from './filter-stream.ts';
import type { FilterContext, FilterLog } from './filter-stream.ts';
import { ServerSession } from './http2/session.ts';
import { BODY_TRIM_MS } from './limits.ts';

export interface FilterServerOptions {
  /** A unix socket to be made, or the descriptor of one that listens already. */
  readonly listen: { readonly path: string } | { readonly fd: number };
  readonly router: Router;
  /** Bytes of requests and answers that may be held over all streams; above it new requests get OVERLOADED. */
  readonly maxHeldBytes: number;
  readonly log: FilterLog;
  /** How long `close` waits for requests in flight. */
  readonly drainMs?: number;
}

export interface FilterServer {
  /** Bytes held now. */
  heldBytes(): number;
  /** Requests that were answered OVERLOADED, since the start. */
  refusals(): number;
  /** Memory for bodies that no request has now, bytes. */
  idleBodyBytes(): number;
  /** Takes no new streams, sends GOAWAY, and resolves when the last stream has ended or `drainMs` is over. */
  close(): Promise<void>;
}

export const DRAIN_MS = 10_000;

export async function startFilterServer(options: FilterServerOptions): Promise<FilterServer> {
  const { router, maxHeldBytes, log, drainMs = DRAIN_MS } = options;
  const bodies = new BodyPool();
  const held = new HeldBytes(maxHeldBytes);
  const context: FilterContext = { router, log, held, bodies };
  const trimming = setInterval(() => bodies.trim(), BODY_TRIM_MS).unref();
  const sessions = new Set<ServerSession>();
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    const session = new ServerSession(
      socket,
      (stream, owner) => new FilterStream(context, stream, owner),
      () => sessions.delete(session),
    );
    sessions.add(session);
  });
  await listen(server, options.listen);
  server.on('error', (error) => log.error({ err: error }, 'the filter socket failed'));
  return {
    heldBytes: () => held.bytes,
    refusals: () => held.refusals,
    idleBodyBytes: () => bodies.idleBytes,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const session of sessions) session.destroy();
        }, drainMs);
        server.close(() => {
          clearInterval(trimming);
          clearTimeout(timer);
          resolve();
        });
        for (const session of sessions) session.drain();
      }),
  };
}

function listen(server: Server, where: FilterServerOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
