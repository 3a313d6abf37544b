// The reference implementation of the gRPC client, on grpc-js: the same interface, none of the speed. Messages pass as bytes.
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import { failure, type CallFailureCode, tooLargeText } from '../../contract/failure.ts';
import { GrpcHead } from '../grpc/response.ts';
import { decodeBlock } from '../../../lib/codecs/http2/hpack.ts';

const EMPTY = Buffer.alloc(0);

export class GrpcReference implements UnitClient {
  readonly headerForm = 'hpack';
  readonly #client: Client;
  readonly #host: string;

  /** `host`: host and port, or with `socketPath` the name that the calls have there. */
  constructor(host: string, socketPath?: string) {
    this.#host = host;
    const target = socketPath === undefined ? host : `unix:${socketPath}`;
    this.#client = new Client(target, credentials.createInsecure(), {
      'grpc.default_authority': host,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_retries': 0,
    });
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.concat(request.body);
    const deadline =
      request.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + request.timeoutMs;
    let cancelled = false;
    let headers: readonly string[] = [];
    let trailers: readonly string[] = [];
    let outcome: { error: ServiceError | null; value: Buffer | undefined } | null = null;
    // The trailers come as an event of their own, after the response.
    const settle = (): void => {
      if (cancelled || outcome === null) return;
      const { error, value } = outcome;
      done(this.#resultOf(request, error, value, new GrpcHead(headers, trailers)));
    };
    const call = this.#client.makeUnaryRequest(
      request.path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      body,
      metadataOf(headersOf(request)),
      { deadline },
      (error, value) => {
        outcome = { error, value };
        setImmediate(settle);
      },
    );
    call.on('metadata', (metadata: Metadata) => {
      headers = fieldsOf(metadata);
    });
    call.on('status', (end) => {
      trailers = fieldsOf(end.metadata);
    });
    return {
      cancel: () => {
        cancelled = true;
        call.cancel();
      },
    };
  }

  close(): void {
    this.#client.close();
  }

  #resultOf(
    request: CallRequest,
    error: ServiceError | null,
    value: Buffer | undefined,
    head: GrpcHead,
  ): CallResult {
    const fail = (code: CallFailureCode, text: string): CallResult =>
      failure(code, this.#host, request.path, text);
    if (error === null) {
      const body = value ?? EMPTY;
      if (body.length > request.maxAnswerBytes)
        return fail('ANSWER_TOO_LARGE', tooLargeText(request));
      return { kind: 'response', isOk: true, status: 0, grpcMessage: '', head, body };
    }
    const { code, details } = error;
    // What the library says itself comes without a `grpc-status` of the unit; only its words tell.
    if (code === status.DEADLINE_EXCEEDED && details.startsWith('Deadline exceeded after')) {
      return fail('UNIT_TIMEOUT', details);
    }
    if (details.startsWith('No connection established')) return fail('UNIT_UNREACHABLE', details);
    if (/^(Connection dropped|Received RST_STREAM|No message received|Too many)/.test(details)) {
      return fail('UNIT_RESET', details);
    }
    return { kind: 'response', isOk: false, status: code, grpcMessage: details, head, body: EMPTY };
  }
}

function headersOf({ headers, extra }: CallRequest): Buffer {
  return extra === undefined ? headers : Buffer.concat([headers, extra]);
}

function metadataOf(block: Buffer): Metadata {
  const metadata = new Metadata();
  const fields = decodeBlock(block, 0, block.length) ?? [];
  for (let i = 0; i < fields.length; i += 2) metadata.add(fields[i] ?? '', fields[i + 1] ?? '');
  return metadata;
}

function fieldsOf(metadata: Metadata): string[] {
  const fields: string[] = [];
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (value !== undefined) fields.push(name, String(value));
    }
  }
  return fields;
}
