// How a call fails, in words: the address first, then what happened, in lower case and without the runtime's own
// error names.
import { describeThrown } from '../../lib/runtime/thrown.ts';
import type { CallRequest, CallResult, CallMethod } from './calls.ts';

export type CallFailure = Extract<CallResult, { kind: 'failure' }>;
export type CallFailureCode = CallFailure['code'];

const ERRNO_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed while the request was sent',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address left',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name lookup failed',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
};

/** What a system error says; the code in lower case where there is no better word. */
export function errnoWords(error: unknown): string {
  const code = errnoOf(error);
  if (code === undefined) return describeThrown(error);
  return ERRNO_WORDS[code] ?? code.toLowerCase();
}

/** The `code` of a system error, undefined when it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `POST http://127.0.0.1:9000/predict: connection refused`. */
export function failure(
  code: CallFailureCode,
  host: string,
  path: string,
  what: string,
  method: CallMethod = 'POST',
): CallFailure {
  return { kind: 'failure', code, text: `${method} http://${host}${path}: ${what}` };
}

export function tooLargeText(request: CallRequest): string {
  return `the response is over ${request.maxAnswerBytes} bytes`;
}
