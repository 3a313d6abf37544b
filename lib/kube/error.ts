// What can go wrong with a call to the API server, as one class. Its message is made to be logged: never a body or a
// header, never the words of a response about a Secret, and cut where a response rambles.

import { describeThrown } from '../runtime/thrown.ts';
const MAX_MESSAGE = 500;
const MAX_CAUSES = 10;

/** A `metav1.Status` as far as it is read here. */
export interface KubeStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly KubeCause[];
  };
}

export interface KubeCause {
  readonly reason?: string;
  readonly field?: string;
  readonly message?: string;
}

export interface KubeErrorParts {
  /** HTTP status; 0 where there was no response. */
  readonly status: number;
  /** Kubernetes's word (`NotFound`, `Conflict`, `Expired`, …), or ours: `NoAnswer`, `Timeout`, `NoKindMatch`, `BadAnswer`. */
  readonly reason: string;
  readonly message: string;
  /** What the API server itself says; '' where it says nothing, or nothing that may be told. */
  readonly words?: string;
  readonly retryAfterMs?: number | undefined;
  readonly causes?: readonly KubeCause[] | undefined;
}

export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly words: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** Of a refusal: the fields; of an apply that conflicts: whose fields. */
  readonly causes: readonly KubeCause[];

  constructor(parts: KubeErrorParts, options?: ErrorOptions) {
    super(parts.message, options);
    this.name = 'KubeError';
    this.status = parts.status;
    this.reason = parts.reason;
    this.words = parts.words ?? '';
    this.retryAfterMs = parts.retryAfterMs;
    this.causes = parts.causes ?? [];
  }

  /** Somebody wrote in between, or owns a field that was applied without force; also: it exists already. */
  get isConflict(): boolean {
    return this.status === 409;
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** The resourceVersion or the continue token is too old: list again. */
  get isExpired(): boolean {
    return this.status === 410;
  }

  /** Worth the same call again later: no response, overload, a server's own trouble, a lost race. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 409 || this.status === 429 || this.status >= 500;
  }
}

/** What the call was, for the message: `GET /api/v1/namespaces/a/pods/b`. */
export interface CallName {
  readonly method: string;
  readonly path: string;
}

/**
 * The error of a response that is not 2xx (or of an ERROR event of a watch). `body` is a Status where the API server itself
 * answered; a proxy's page otherwise, of which nothing is kept.
 */
export function parseKubeError(
  call: CallName,
  httpStatus: number,
  body: unknown,
  retryAfterMs?: number,
): KubeError {
  const status = isStatus(body) ? body : {};
  const code = status.code ?? httpStatus;
  const reason = status.reason ?? `HTTP ${code}`;
  const isSecret = /\/secrets(\/|$)/.test(call.path);
  const words = isSecret || status.message === undefined ? '' : shorten(status.message);
  const seconds = status.details?.retryAfterSeconds;
  return new KubeError({
    status: code,
    reason,
    message: `${call.method} ${call.path} was answered ${code} ${reason}${words === '' ? '' : `: ${words}`}`,
    words,
    retryAfterMs: retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000),
    causes: isSecret ? [] : status.details?.causes?.slice(0, MAX_CAUSES),
  });
}

/** Any failure as words for a log or a condition; a KubeError's own message is already fit for it. */
export function describeError(error: unknown): string {
  return shorten(describeThrown(error));
}

function shorten(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}

function isStatus(body: unknown): body is KubeStatus {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}
