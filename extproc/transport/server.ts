// Serves ext_proc on connections that are handed in by one trusted peer, Envoy, with an HTTP/2 of our own on
// `node:net`: a fifth of the CPU of `node:http2`.
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { BodyPool } from '../contract/bodies.ts';
import { collectGarbage } from '../../lib/runtime/collect-garbage.ts';
import { HeldBytes } from '../contract/held-bytes.ts';
import type { Router } from '../contract/program.ts';
import { FilterStream } from './filter-stream.ts';
import type { FaultLog } from '../contract/internal-fault.ts';
import type { FilterContext } from './filter-stream.ts';
import { ServerSession } from './http2/session.ts';
import { BODY_TRIM_MS, MAX_LENT_BODY_BYTES } from '../contract/transport-limits.ts';

export interface FilterServerOptions {
  readonly router: Router;
  /** Bytes of requests and responses that may be held over all streams; above it new requests get OVERLOADED. */
  readonly maxHeldBytes: number;
  readonly log: FaultLog;
  /** How long `close` waits for requests in flight. */
  readonly drainMs?: number;
}

export interface FilterServer {
  /** Serves a connection that was accepted elsewhere. */
  take(socket: Socket): void;
  /** Bytes held now. */
  heldBytes(): number;
  /** Requests that were answered OVERLOADED, since the start. */
  refusals(): number;
  /** Memory for bodies that no request has now, bytes. */
  idleBodyBytes(): number;
  /** Takes no new streams, sends GOAWAY, and resolves when the last stream has ended or `drainMs` is over. */
  close(): Promise<void>;
}

/** Memory for bodies that no request has may come to this share of what may be held. */
const IDLE_SHARE = 0.125;

export const DRAIN_MS = 10_000;

export function createFilterServer(options: FilterServerOptions): FilterServer {
  const { router, maxHeldBytes, log, drainMs = DRAIN_MS } = options;
  const bodies = new BodyPool(Math.max(maxHeldBytes * IDLE_SHARE, MAX_LENT_BODY_BYTES));
  const held = new HeldBytes(maxHeldBytes);
  const context: FilterContext = { router, log, held, bodies };
  const trimming = setInterval(() => {
    bodies.trim();
    collectGarbage(held.bytes + bodies.idleBytes);
  }, BODY_TRIM_MS).unref();
  const sessions = new Set<ServerSession>();
  let ended = (): void => {};
  const take = (socket: Socket): void => {
    const session = new ServerSession(
      socket,
      (stream, owner) => new FilterStream(context, stream, owner),
      () => {
        sessions.delete(session);
        if (sessions.size === 0) ended();
      },
    );
    sessions.add(session);
  };
  return {
    take,
    heldBytes: () => held.bytes,
    refusals: () => held.refusals,
    idleBodyBytes: () => bodies.idleBytes,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const session of sessions) session.destroy();
        }, drainMs);
        ended = () => {
          clearInterval(trimming);
          clearTimeout(timer);
          resolve();
        };
        for (const session of sessions) session.drain();
        if (sessions.size === 0) ended();
      }),
  };
}

export interface ListeningOptions extends FilterServerOptions {
  readonly listen: { readonly path: string };
}

export type ListeningServer = Omit<FilterServer, 'take'>;

/** On a unix socket of its own, as tests and benches want it. */
export async function startFilterServer(options: ListeningOptions): Promise<ListeningServer> {
  const filter = createFilterServer(options);
  const server = createServer({ allowHalfOpen: false, noDelay: true }, filter.take);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen, resolve);
  });
  return {
    ...filter,
    close: async () => {
      server.close();
      await filter.close();
    },
  };
}
