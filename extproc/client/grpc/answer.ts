// Turns the parts of a gRPC answer into the result of a call; the same for HTTP/2 and for Envoy's HTTP/1.1 bridge.
import type { CallRequest, CallResult } from '../../calls.ts';
import type { AnswerHead } from '../../message.ts';
import { failure, tooLargeText } from '../failure.ts';
import { passesToClient } from '../passed-headers.ts';
import type { MessageReader } from './message.ts';
import { endOfHttp, fieldOf, readEnd } from './status.ts';

const EMPTY = Buffer.alloc(0);

/** Headers and trailers of a gRPC answer. What passes on is metadata only: `content-type` is the framing's. */
export class GrpcHead implements AnswerHead {
  readonly status = 200;
  private readonly headers: readonly string[];
  private readonly trailers: readonly string[];

  /** Both as name, value, name, value …; lower-case names. */
  constructor(headers: readonly string[], trailers: readonly string[]) {
    this.headers = headers;
    this.trailers = trailers;
  }

  find(name: string): string | null {
    return fieldOf(this.headers, name) ?? fieldOf(this.trailers, name);
  }

  entries(): readonly string[] {
    const passed: string[] = [];
    for (const fields of [this.headers, this.trailers]) {
      for (let i = 0; i < fields.length; i += 2) {
        const name = fields[i] ?? '';
        if (passesToClient(name) && name !== 'content-type') passed.push(name, fields[i + 1] ?? '');
      }
    }
    return passed;
  }
}

export interface GrpcAnswerParts {
  readonly httpStatus: number;
  readonly headers: readonly string[];
  /** Empty when there are none: an answer of headers alone, or the bridge's. */
  readonly trailers: readonly string[];
  readonly message: MessageReader;
}

export function grpcResult(parts: GrpcAnswerParts, request: CallRequest, host: string): CallResult {
  const { headers, trailers, message } = parts;
  const head = new GrpcHead(headers, trailers);
  const end = readEnd(trailers) ?? readEnd(headers) ?? endOfHttp(parts.httpStatus);
  if (end === null) return failure('UNIT_RESET', host, request.path, 'answered no grpc-status');
  if (end.status !== 0) {
    const { status, message: grpcMessage } = end;
    return { kind: 'answer', ok: false, status, grpcMessage, head, body: EMPTY };
  }
  const body = message.finish(fieldOf(headers, 'grpc-encoding'));
  if (Buffer.isBuffer(body)) {
    return { kind: 'answer', ok: true, status: 0, grpcMessage: end.message, head, body };
  }
  return body.fault === 'too-large'
    ? failure('ANSWER_TOO_LARGE', host, request.path, tooLargeText(request))
    : failure('UNIT_RESET', host, request.path, body.fault);
}
