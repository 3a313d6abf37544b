// gRPC calls over Envoy's egress listener, by the HTTP/1.1 client: `grpc_http1_bridge` makes HTTP/2 of the request and
// answers with `grpc-status` and `grpc-message` as headers.
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../calls.ts';
import { OVERLOADED_INFO } from '../../held-bytes.ts';
import { failure } from '../failure.ts';
import { readGrpcResult } from './answer.ts';
import { MessageReader } from './message.ts';

const FRAME_BYTES = 5;
const TE = Buffer.from('te: trailers\r\n');

export class BridgeClient implements UnitClient {
  readonly headerForm = 'http1';
  private readonly inner: UnitClient;
  private readonly host: string;

  /** `inner` puts the 5-byte frame before each body (`Http1Options.framed`). */
  constructor(inner: UnitClient, host: string) {
    this.inner = inner;
    this.host = host;
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const framed: CallRequest = {
      ...request,
      headers: Buffer.concat([request.headers, TE]),
      contentType: 'application/grpc',
      contentEncoding: null,
      maxAnswerBytes: request.maxAnswerBytes + FRAME_BYTES,
    };
    const bridged = new BridgedCall();
    const handle = this.inner.call(framed, (result) => this.read(result, request, bridged, done));
    // The inner client may have answered by now.
    bridged.handle ??= handle;
    return bridged;
  }

  close(): void {
    this.inner.close();
  }

  private read(
    result: CallResult,
    request: CallRequest,
    bridged: BridgedCall,
    done: (result: CallResult) => void,
  ): void {
    if (result.kind === 'failure') {
      done(result);
      return;
    }
    const message = new MessageReader(request.maxAnswerBytes, request.memory);
    const headers = allHeaders(result);
    // What is not an answer of gRPC (a proxy's own page) has no message to take out.
    if (result.status === 200 && result.head.find('grpc-status') !== null) {
      const pushed = message.push(result.body, 0, result.body.length);
      request.memory.release(result.body.length);
      if (pushed === 'bad') {
        const text = 'answered with more than one message';
        done(failure('UNIT_RESET', this.host, request.path, text));
        return;
      }
      if (pushed === 'overloaded') {
        done(failure('OVERLOADED', this.host, request.path, OVERLOADED_INFO));
        return;
      }
    }
    const parts = { httpStatus: result.status, headers, trailers: [], message };
    bridged.handle = readGrpcResult(parts, request, this.host, done) ?? bridged.handle;
  }
}

/** A call, and the unpacking of its answer after it. */
class BridgedCall implements CallHandle {
  handle: CallHandle | null = null;

  cancel(): void {
    this.handle?.cancel();
  }
}

/** The headers that pass, and the three of gRPC that the result is read from. */
function allHeaders(result: Extract<CallResult, { kind: 'answer' }>): string[] {
  const all = [...result.head.entries()];
  for (const name of ['grpc-status', 'grpc-message', 'grpc-encoding']) {
    const value = result.head.find(name);
    if (value !== null) all.push(name, value);
  }
  return all;
}
