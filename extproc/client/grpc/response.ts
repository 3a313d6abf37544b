// Turns the parts of a gRPC response into the result of a call, unpacked where it was compressed.
import type { CallHandle, CallRequest, CallResult } from '../../contract/calls.ts';
import { OVERLOADED_INFO } from '../../contract/held-bytes.ts';
import type { ResponseHead } from '../../contract/message.ts';
import { encodingOf } from '../../contract/unpack/encodings.ts';
import { unpack } from '../../contract/unpack/unpack.ts';
import { failure, type CallFailureCode, tooLargeText } from '../../contract/failure.ts';
import { passesToClient } from '../../contract/passed-headers.ts';
import type { MessageReader } from './message.ts';
import { endOfHttp, fieldOf, readEnd } from '../../../lib/codecs/grpc/status.ts';

const EMPTY = Buffer.alloc(0);
/** What says how messages are packed and how a call ended; `grpc-status-details-bin` is metadata. */
const FRAMING: ReadonlySet<string> = new Set([
  'content-type',
  'grpc-status',
  'grpc-message',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-timeout',
]);

/** Headers and trailers of a gRPC response. What passes on is metadata only: `content-type` is the framing's. */
export class GrpcHead implements ResponseHead {
  readonly status = 200;
  readonly #headers: readonly string[];
  readonly #end: readonly string[];

  /** Both as name, value, name, value …; lower-case names. */
  constructor(headers: readonly string[], trailers: readonly string[]) {
    this.#headers = headers;
    this.#end = trailers;
  }

  /** Not in the trailers: Envoy marks its own responses in headers, and takes the mark out of units' headers alone. */
  find(name: string): string | undefined {
    return fieldOf(this.#headers, name);
  }

  /** Of its messages; undefined where it says none. */
  encoding(): string | undefined {
    return fieldOf(this.#headers, 'grpc-encoding');
  }

  entries(): readonly string[] {
    return metadataOf(this.#headers);
  }

  trailers(): readonly string[] {
    return metadataOf(this.#end);
  }
}

/** Fields that are metadata, and not the protocol's own. */
function metadataOf(fields: readonly string[]): string[] {
  const passed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (passesToClient(name) && !FRAMING.has(name)) passed.push(name, fields[i + 1] ?? '');
  }
  return passed;
}

export interface GrpcResponseParts {
  readonly httpStatus: number;
  readonly headers: readonly string[];
  /** Empty when there are none: a response of headers alone. */
  readonly trailers: readonly string[];
  readonly message: MessageReader;
}

/** `done` is called once, at once but for a large compressed response; the handle stops the unpacking of that. */
export function readGrpcResult(
  parts: GrpcResponseParts,
  request: CallRequest,
  host: string,
  done: (result: CallResult) => void,
): CallHandle | undefined {
  const { headers, trailers, message } = parts;
  const end = readEnd(trailers) ?? readEnd(headers) ?? endOfHttp(parts.httpStatus);
  if (end === undefined) {
    done(failure('UNIT_RESET', host, request.path, 'answered no grpc-status'));
    return undefined;
  }
  const head = new GrpcHead(headers, trailers);
  if (end.status !== 0) {
    const { status, message: grpcMessage } = end;
    done({ kind: 'response', isOk: false, status, grpcMessage, head, body: EMPTY });
    return undefined;
  }
  const framed = message.finish();
  if ('fault' in framed) {
    done(failure('UNIT_RESET', host, request.path, framed.fault));
    return undefined;
  }
  const grpcMessage = end.message;
  if (framed.isPacked) return readPacked(framed.bytes, head, grpcMessage, request, host, done);
  done({ kind: 'response', isOk: true, status: 0, grpcMessage, head, body: framed.bytes });
  return undefined;
}

/** Of a message that came compressed, apart from those that did not. */
function readPacked(
  packed: Buffer,
  head: GrpcHead,
  grpcMessage: string,
  request: CallRequest,
  host: string,
  done: (result: CallResult) => void,
): CallHandle | undefined {
  const fail = (code: CallFailureCode, text: string): void =>
    done(failure(code, host, request.path, text));
  const name = head.encoding();
  const encoding = name === 'gzip' || name === 'deflate' ? encodingOf(name) : undefined;
  if (encoding === undefined) {
    fail('UNIT_RESET', `answered with a message of unknown encoding ${name}`);
    return undefined;
  }
  const { memory, maxAnswerBytes } = request;
  return unpack(packed, encoding, maxAnswerBytes, memory, (unpacked) => {
    memory.release(packed.length);
    switch (unpacked.kind) {
      case 'plain':
        done({ kind: 'response', isOk: true, status: 0, grpcMessage, head, body: unpacked.body });
        return;
      case 'too-large':
        fail('ANSWER_TOO_LARGE', tooLargeText(request));
        return;
      case 'overloaded':
        fail('OVERLOADED', OVERLOADED_INFO);
        return;
      case 'broken':
        fail('UNIT_RESET', `answered with a broken ${name} message`);
    }
  });
}
