// The https server of the webhooks: a body in, a verdict out. What it asks of callers is small and bounded; its certificate is
// swapped without closing a connection. It knows neither graphs nor pods.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../extproc/log.ts';
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
  readonly health?: () => string | null;
  /** Told once for each review that was answered. */
  readonly observe?: (path: string, outcome: 'allowed' | 'denied' | 'failed', ms: number) => void;
  readonly log: Log;
  readonly now?: () => number;
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

/** A review holds an object and the one before it, of at most 1.5 MiB each in etcd. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Above the 90 s after which the API server closes idle connections, so that it is never us who do. */
const KEEP_ALIVE_MS = 120_000;
const CLOSE_TIMEOUT_MS = 10_000;

export async function startAdmissionServer(options: ServerOptions): Promise<AdmissionServer> {
  const { host, port, log } = options;
  const server = createServer(
    {
      ...options.certificate,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      answer(request, response, options).catch((error: unknown) => {
        log.error({ path: request.url, error: String(error) }, 'an answer broke');
        response.destroy();
      });
    },
  );
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'a handshake failed'));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
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
  options: ServerOptions,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'https://admission').pathname;
  if (path === '/healthz') {
    const reason = options.health?.() ?? null;
    return reply(response, reason === null ? 200 : 503, `${reason ?? 'ok'}\n`, 'text/plain');
  }
  const webhook = Object.hasOwn(options.webhooks, path) ? options.webhooks[path] : undefined;
  if (webhook === undefined) return refuse(request, response, 404, 'no such webhook');
  if (request.method !== 'POST') return refuse(request, response, 405, 'reviews are posted');
  const body = await readBody(request);
  if (body === null) return refuse(request, response, 413, `over ${MAX_BODY_BYTES} bytes`);
  const review = parseReview(parseJson(body));
  if (review === undefined) return reply(response, 400, 'not an AdmissionReview\n', 'text/plain');
  await judgeReview(path, webhook, review, response, options);
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

/** Null when it is too long; the rest is not read then. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return null;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** An answer before the body was read: the connection ends with it. */
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
