// The https server of the webhooks: a body in, a verdict out. What it asks of callers is small and bounded; its certificate is
// swapped without closing a connection. It knows neither graphs nor pods.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../../lib/runtime/listen.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { Bodies } from './bodies.ts';
import { boundConnections } from './connections.ts';
import { parseReview, renderReview } from './review.ts';
import type { ReviewRequest, Verdict } from './review.ts';

/** Judges one request. A rejection is answered 500: the webhook's failurePolicy decides then. */
export type Webhook = (request: ReviewRequest) => Promise<Verdict> | Verdict;

export interface ServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly certificate: ServedCertificate;
  /** By path. */
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** Whether `/healthz` answers 200; the reason for a 503 otherwise. */
  readonly health?: () => string | undefined;
  /** Told once for each review that was answered. */
  readonly observe?: (path: string, outcome: 'allowed' | 'denied' | 'failed', ms: number) => void;
  readonly log: Log;
  readonly now?: () => number;
  readonly timeouts?: CallerTimeouts;
}

/** How long a caller may take; the whole request has `requestMs`. */
export interface CallerTimeouts {
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
}

/** PEM; the certificate may bring a chain. */
export interface ServedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface AdmissionServer {
  readonly port: number;
  /** From the next handshake on; connections that are open stay. */
  swap(certificate: ServedCertificate): void;
  /** Ends what is being answered, takes nothing new, closes idle connections. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
/** A review holds an object and the one before it, of at most 1.5 MiB each in etcd. */
export const MAX_BODY_BYTES = 4 * MIB;
/** Of all reviews under way: what is made of a hostile one takes twenty times its bytes. */
const MAX_HELD_BYTES = 8 * MIB;
/** The API server opens a connection for each review that it has under way. */
const BOUNDS = { maxHandshakes: 64, maxConnections: 256 };
const TIMEOUTS: CallerTimeouts = { handshakeMs: 5_000, headersMs: 5_000, requestMs: 10_000 };
/** Above the 90 s after which the API server closes idle connections, so that it is never us who do. */
const KEEP_ALIVE_MS = 120_000;
const CLOSE_TIMEOUT_MS = 10_000;

export async function startAdmissionServer(options: ServerOptions): Promise<AdmissionServer> {
  const { host, port, log, timeouts = TIMEOUTS } = options;
  const bodies = new Bodies({ maxBytes: MAX_BODY_BYTES, maxHeldBytes: MAX_HELD_BYTES });
  const server = createServer(
    {
      ...options.certificate,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: timeouts.handshakeMs,
      requestTimeout: timeouts.requestMs,
      headersTimeout: timeouts.headersMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      connections.track(request, response);
      answer(request, response, bodies, options).catch((error: unknown) => {
        if (request.destroyed) return;
        log.error({ path: request.url, error: String(error) }, 'a response broke');
        response.destroy();
      });
    },
  );
  const connections = boundConnections(server, BOUNDS);
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'a handshake failed'));
  await listen(server, { port, host });
  return {
    port: (server.address() as AddressInfo).port,
    swap: (certificate) => server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' }),
    close: () => close(server),
  };
}

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await closed;
  clearTimeout(late);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bodies: Bodies,
  options: ServerOptions,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/healthz') {
    const reason = options.health?.();
    return reply(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`, 'text/plain');
  }
  const webhook = Object.hasOwn(options.webhooks, path) ? options.webhooks[path] : undefined;
  if (webhook === undefined) return refuse(request, response, 404, 'no such webhook');
  if (request.method !== 'POST') return refuse(request, response, 405, 'reviews are posted');
  const body = await bodies.read(request);
  if (body.kind === 'too-long')
    return refuse(request, response, 413, `over ${MAX_BODY_BYTES} bytes`);
  if (body.kind === 'no-room') return refuse(request, response, 503, 'too many reviews at once');
  try {
    const review = parseReview(parseJson(body.bytes));
    if (review === undefined) return reply(response, 400, 'not an AdmissionReview\n', 'text/plain');
    await judgeReview(path, webhook, review, response, options);
  } finally {
    body.release();
  }
}

async function judgeReview(
  path: string,
  webhook: Webhook,
  review: ReviewRequest,
  response: ServerResponse,
  { log, observe, now = () => performance.now() }: ServerOptions,
): Promise<void> {
  const start = now();
  try {
    const verdict = await webhook(review);
    observe?.(path, verdict.allowed ? 'allowed' : 'denied', now() - start);
    const text = JSON.stringify(renderReview(review.uid, verdict));
    reply(response, 200, text, 'application/json');
  } catch (error) {
    observe?.(path, 'failed', now() - start);
    const { namespace, name, operation } = review;
    log.error({ path, namespace, name, operation, error: String(error) }, 'a review failed');
    reply(response, 500, 'the review failed; the log of the webhook says why\n', 'text/plain');
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A response before the body was read: the connection ends with it. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  reason: string,
): void {
  response.setHeader('connection', 'close');
  response.once('finish', () => request.destroy());
  reply(response, status, `${reason}\n`, 'text/plain');
}

function reply(response: ServerResponse, status: number, text: string, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
