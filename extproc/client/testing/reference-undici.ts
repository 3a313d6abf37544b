// The reference implementation of the HTTP/1.1 client, on undici: the same interface, none of the speed. Tests run every
// case against both; it can also serve where the small client is under suspicion.
import { Pool } from 'undici';
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import type { ResponseHead } from '../../contract/message.ts';
import { errnoOf, errnoWords, failure, type CallFailureCode } from '../../contract/failure.ts';
import type { ConnectionAddress } from '../address.ts';
import {
  CALL_CONNECT_TIMEOUT_MS,
  IDLE_MS,
  MAX_CONNECTIONS,
  MAX_RESPONSE_HEAD_BYTES,
} from '../limits.ts';
import { passesToClient } from '../../contract/passed-headers.ts';

export interface UndiciReferenceOptions {
  readonly address: ConnectionAddress;
  readonly host: string;
}

/** Why the reference itself ended a call. */
type Stop = 'cancelled' | 'timeout' | 'too-large';

export class UndiciReference implements UnitClient {
  readonly headerForm = 'http1';
  readonly #host: string;
  readonly #pool: Pool;

  constructor(options: UndiciReferenceOptions) {
    const { address } = options;
    this.#host = options.host;
    this.#pool = new Pool(`http://${address.kind === 'tcp' ? options.host : 'localhost'}`, {
      connections: MAX_CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
      connect: {
        timeout: CALL_CONNECT_TIMEOUT_MS,
        ...(address.kind === 'unix' ? { socketPath: address.path } : {}),
      },
    });
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const abort = new AbortController();
    let stop: Stop | undefined;
    const end = (why: Stop): void => {
      stop = why;
      abort.abort();
    };
    const timer =
      request.timeoutMs === undefined
        ? undefined
        : setTimeout(() => end('timeout'), request.timeoutMs);
    const settle = (result: CallResult): void => {
      if (timer !== undefined) clearTimeout(timer);
      if (stop !== 'cancelled') done(result);
    };
    this.#attempt(request, abort.signal, () => end('too-large')).then(settle, (error: unknown) => {
      settle(this.#failureOf(request, stop, error));
    });
    return { cancel: () => end('cancelled') };
  }

  close(): void {
    this.#pool.close().catch(() => {});
  }

  async #attempt(
    request: CallRequest,
    signal: AbortSignal,
    overLimit: () => void,
    mayReplace = request.replaceable,
  ): Promise<CallResult> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.concat(request.body);
    try {
      const {
        statusCode,
        headers,
        body: response,
      } = await this.#pool.request({
        method: 'POST',
        path: request.path,
        headers: [...flatHeaders(request), 'host', this.#host],
        body,
        signal,
        responseHeaders: 'raw',
      });
      const pieces: Buffer[] = [];
      let length = 0;
      for await (const piece of response as AsyncIterable<Buffer>) {
        length += piece.length;
        if (length > request.maxAnswerBytes) overLimit();
        pieces.push(piece);
      }
      const head = headOf(statusCode, headers as unknown as readonly unknown[]);
      const ok = statusCode >= 200 && statusCode < 300;
      const whole = Buffer.concat(pieces);
      return { kind: 'response', isOk: ok, status: statusCode, grpcMessage: '', head, body: whole };
    } catch (error) {
      if (!mayReplace || signal.aborted || !diedUnanswered(error)) throw error;
      return this.#attempt(request, signal, overLimit, false);
    }
  }

  #failureOf(request: CallRequest, stop: Stop | undefined, error: unknown): CallResult {
    const fail = (code: CallFailureCode, what: string): CallResult =>
      failure(code, this.#host, request.path, what);
    if (stop === 'timeout')
      return fail('UNIT_TIMEOUT', `no response within ${request.timeoutMs} ms`);
    if (stop === 'too-large') {
      return fail('ANSWER_TOO_LARGE', `the response is over ${request.maxAnswerBytes} bytes`);
    }
    return isUnconnected(error)
      ? fail('UNIT_UNREACHABLE', errnoWords(error))
      : fail('UNIT_RESET', errnoWords(error));
  }
}

/** The given block and the body's headers, as undici wants them: name, value, name, value … */
function flatHeaders(request: CallRequest): string[] {
  const flat: string[] = [];
  for (const line of `${request.headers.toString('latin1')}${request.extra?.toString('latin1') ?? ''}`.split(
    '\r\n',
  )) {
    const colon = line.indexOf(':');
    // A library adds its own hop-by-hop headers, and refuses ours.
    if (colon > 0 && line.slice(0, colon) !== 'te')
      flat.push(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (request.contentType !== undefined) flat.push('content-type', request.contentType);
  if (request.contentEncoding !== undefined) flat.push('content-encoding', request.contentEncoding);
  return flat;
}

function headOf(status: number, raw: readonly unknown[]): ResponseHead {
  const all = raw.map((part) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
  const names = all.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));
  return {
    status,
    find: (name) => {
      for (let i = 0; i < names.length; i += 2) if (names[i] === name) return names[i + 1];
      return undefined;
    },
    entries: () => {
      const passed: string[] = [];
      for (let i = 0; i < names.length; i += 2) {
        const name = names[i] ?? '';
        if (passesToClient(name)) passed.push(name, names[i + 1] ?? '');
      }
      return passed;
    },
  };
}

function diedUnanswered(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function isUnconnected(error: unknown): boolean {
  const code = errnoOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  const syscall = typeof error === 'object' && error !== null && 'syscall' in error;
  return syscall && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}
