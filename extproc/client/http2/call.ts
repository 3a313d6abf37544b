// One gRPC call: what it asks, and where its stream stands on the connection that carries it now.
import { MAX_ANSWER_HEADERS } from '../../../graph/plan/limits.ts';
import type { CallHandle, CallRequest, CallResult } from '../../contract/calls.ts';
import type { Deadline } from '../deadlines.ts';
import { MessageReader } from '../grpc/message.ts';
import { fieldOf } from '../../../lib/codecs/grpc/status.ts';
import { totalLength } from '../http1/request-writer.ts';
import type { Http2Connection } from './connection.ts';

export interface GrpcCallOwner {
  timedOut(call: GrpcCall): void;
  cancelled(call: GrpcCall): void;
}

export class GrpcCall implements CallHandle {
  readonly request: CallRequest;
  readonly done: (result: CallResult) => void;
  /** The body with its frame before it. */
  readonly pieces: readonly Buffer[];
  deadline: Deadline | null = null;
  /** Unpacks the answer, once that is whole. */
  unpacking: CallHandle | null = null;
  /** How often it was moved to another connection. */
  moves = 0;
  over = false;

  // The stream; `attach` begins anew.
  connection: Http2Connection | null = null;
  streamId = 0;
  /** Whether the connection was in use before this call: then it may have been dead already. */
  reused = false;
  /** Bytes of `pieces` still to send, the piece and the offset in it where they begin. */
  left = 0;
  piece = 0;
  offset = 0;
  /** What the peer still takes on this stream. */
  window = 0;
  started = false;
  httpStatus = 0;
  headers: readonly string[] = [];
  trailers: readonly string[] = [];
  message: MessageReader;

  private readonly owner: GrpcCallOwner;

  constructor(owner: GrpcCallOwner, request: CallRequest, done: (result: CallResult) => void) {
    this.owner = owner;
    this.request = request;
    this.done = done;
    const { body } = request;
    const length = Buffer.isBuffer(body) ? body.length : totalLength(body);
    const prefix = Buffer.allocUnsafe(5);
    prefix[0] = 0;
    prefix.writeUInt32BE(length, 1);
    this.pieces = Buffer.isBuffer(body) ? [prefix, body] : [prefix, ...body];
    this.left = length + 5;
    this.message = new MessageReader(request.maxAnswerBytes, request.memory);
  }

  attach(connection: Http2Connection, streamId: number, window: number, reused: boolean): void {
    if (this.connection !== null || this.moves > 0) {
      this.left = totalLength(this.pieces);
      this.piece = 0;
      this.offset = 0;
      this.started = false;
      this.httpStatus = 0;
      this.headers = [];
      this.trailers = [];
      this.message = new MessageReader(this.request.maxAnswerBytes, this.request.memory);
    }
    this.connection = connection;
    this.streamId = streamId;
    this.window = window;
    this.reused = reused;
  }

  /** Takes a block of the answer: headers, then trailers, which end the stream. Returns what is wrong, or null. */
  takeFields(fields: readonly string[], endsStream: boolean): string | null {
    this.started = true;
    if (fields.length > 2 * MAX_ANSWER_HEADERS) return 'answered with too many headers';
    if (this.httpStatus > 0) {
      this.trailers = fields;
      return endsStream ? null : 'answered with headers behind headers';
    }
    const status = fields[0] === ':status' ? Number(fields[1]) : 0;
    if (!(status >= 100 && status <= 999)) return 'answered without a status';
    if (status < 200) return endsStream ? 'answered with 1xx alone' : null;
    if (status === 200) {
      // A page in place of messages would be read as a frame of some absurd length.
      const type = fieldOf(fields, 'content-type');
      if (!isGrpc(type) && fieldOf(fields, 'grpc-status') === null)
        return `answered ${typeText(type)}, not gRPC`;
    }
    this.httpStatus = status;
    this.headers = fields;
    return null;
  }

  cancel(): void {
    if (!this.over) this.owner.cancelled(this);
  }

  expire(): void {
    if (!this.over) this.owner.timedOut(this);
  }
}

function isGrpc(contentType: string | null): boolean {
  return contentType !== null && /^application\/grpc([+;]|$)/i.test(contentType);
}

function typeText(contentType: string | null): string {
  return contentType === null
    ? 'without a content type'
    : `content type ${contentType.slice(0, 100)}`;
}
