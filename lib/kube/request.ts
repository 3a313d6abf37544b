// One HTTP call to the API server: JSON in, JSON out, over the pooled connections, with the caller's identity. Calls that
// the server turned away for a while (429, 503 with Retry-After) and harmless ones that met a connection which was just
// being closed are made again here; every other failure is a KubeError.
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, request as send } from 'undici';
import { sleep } from './backoff.ts';
import type { PooledKubeConfig } from './config.ts';
import { describeError, KubeError, parseKubeError } from './error.ts';
import type { RestMetrics } from './metrics.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TRIES = 4;
const MAX_RETRY_AFTER_MS = 5_000;
/** undici's and the kernel's words for: closed under our hands. */
const CLOSED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
  /** May be sent twice without harm. */
  readonly isIdempotent: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Of the whole call; of a stream: until its headers, and then between two chunks. */
  readonly timeoutMs?: number | undefined;
}

export class Requester {
  readonly #config: PooledKubeConfig;
  readonly #metrics: RestMetrics | undefined;
  readonly #userAgent: string;

  constructor(config: PooledKubeConfig, userAgent: string, metrics?: RestMetrics) {
    this.#config = config;
    this.#userAgent = userAgent;
    this.#metrics = metrics;
  }

  /** The response's JSON. Throws KubeError, or the signal's reason when the caller gave up. */
  async json(call: KubeCall): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(call);
      } catch (error) {
        const waitMs = tries < MAX_TRIES ? retryMs(call, error, tries) : undefined;
        if (waitMs === undefined) throw error;
        await sleep(waitMs, call.signal);
        call.signal?.throwIfAborted();
      }
    }
  }

  /** The body of a 200 as a stream, for watches. Ends with undici's errors. */
  async stream(call: KubeCall): Promise<Dispatcher.ResponseData['body']> {
    const quietMs = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const response = await this.#send(
      call,
      { headersTimeout: DEFAULT_TIMEOUT_MS, bodyTimeout: quietMs },
      call.signal,
    );
    if (response.statusCode === 200) return response.body;
    throw parseKubeError(
      call,
      response.statusCode,
      await readJson(response),
      retryAfterOf(response),
    );
  }

  async #once(call: KubeCall): Promise<unknown> {
    const timeout = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    const response = await this.#send(call, {}, signal);
    let body: unknown;
    try {
      body = await readJson(response);
    } catch (error) {
      throw this.#lost(call, error);
    }
    if (response.statusCode < 300) return body;
    throw parseKubeError(call, response.statusCode, body, retryAfterOf(response));
  }

  async #send(
    call: KubeCall,
    limits: { headersTimeout?: number; bodyTimeout?: number },
    signal: AbortSignal | undefined,
  ): Promise<Dispatcher.ResponseData> {
    call.signal?.throwIfAborted();
    const url = new URL(this.#config.serverUrl() + call.path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    const context = new RequestContext(url.toString(), HttpMethod.GET);
    let status = '<error>';
    try {
      await this.#config.applySecurityAuthentication(context);
      const dispatcher = context.getDispatcher();
      const response = await send(url, {
        method: call.method,
        headers: {
          ...context.getHeaders(),
          accept: 'application/json',
          'user-agent': this.#userAgent,
          ...(call.body === undefined
            ? {}
            : { 'content-type': call.contentType ?? 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        ...(signal === undefined ? {} : { signal }),
        ...limits,
      });
      status = String(response.statusCode);
      return response;
    } catch (error) {
      throw this.#lost(call, error);
    } finally {
      this.#metrics?.requests.add(1, status, call.method, url.host);
    }
  }

  #lost(call: KubeCall, error: unknown): unknown {
    if (call.signal?.aborted) return call.signal.reason;
    return noResponse(call, error);
  }
}

/** A failure below HTTP as a KubeError of status 0. */
export function noResponse(call: { method: string; path: string }, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  const isTimeout = error instanceof Error && /timeout/i.test(`${error.name} ${codeOf(error)}`);
  return new KubeError(
    {
      status: 0,
      reason: isTimeout ? 'Timeout' : 'NoAnswer',
      message: `${call.method} ${call.path} had no response: ${codeOf(error) ?? ''} ${describeError(error)}`,
    },
    { cause: error },
  );
}

function retryMs(call: KubeCall, error: unknown, tries: number): number | undefined {
  if (!(error instanceof KubeError)) return undefined;
  if (error.status === 0)
    return call.isIdempotent && tries === 1 && CLOSED.has(codeOf(error.cause) ?? '')
      ? 0
      : undefined;
  const isTurnedAway = error.status === 429 || (error.status === 503 && call.isIdempotent);
  if (!isTurnedAway || error.retryAfterMs === undefined) return undefined;
  return error.retryAfterMs <= MAX_RETRY_AFTER_MS ? error.retryAfterMs : undefined;
}

async function readJson(response: Dispatcher.ResponseData): Promise<unknown> {
  const text = await response.body.text();
  try {
    return JSON.parse(text);
  } catch {
    if (response.statusCode >= 300) return undefined;
    throw new Error('the response is not JSON');
  }
}

function retryAfterOf(response: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
