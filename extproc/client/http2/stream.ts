// One stream of a connection: what is still to be sent of its request, and what has come of its response. It belongs to the
// connection, and tells whoever began it how it ended.
import { MAX_RESPONSE_HEADERS } from '../../../graph/plan/limits.ts';
import { fieldOf } from '../../../lib/codecs/grpc/status.ts';
import type { CallRequest } from '../../contract/calls.ts';
import { MessageReader } from '../grpc/message.ts';

/** Why a stream was lost. */
export type StreamLoss =
  | { readonly kind: 'unconnected'; readonly text: string }
  /** The peer says, or its absence shows, that it has not looked at the request. */
  | { readonly kind: 'unprocessed'; readonly text: string }
  /** Gone with the connection; `unanswered`: before the first frame of the response. */
  | { readonly kind: 'gone'; readonly text: string; readonly unanswered: boolean }
  /** The peer reset the stream, or broke the protocol on it. */
  | { readonly kind: 'broken'; readonly text: string }
  | { readonly kind: 'too-large' }
  /** There was no room for the response. */
  | { readonly kind: 'overloaded' };

/** Who began a stream; told once how it ended, unless it has abandoned it. */
export interface StreamOwner {
  /** The request's body with its frame before it. */
  readonly pieces: readonly Buffer[];
  readonly request: CallRequest;
  /** The stream ended in order; the parts of the response are in it. */
  answered(stream: ClientStream): void;
  lost(stream: ClientStream, loss: StreamLoss): void;
}

export class ClientStream {
  readonly owner: StreamOwner;
  readonly id: number;
  /** Whether the connection was in use before: then it may have been dead already. */
  readonly reused: boolean;
  /** Bytes still to send, the piece and the offset in it where they begin. */
  left: number;
  piece = 0;
  offset = 0;
  /** What the peer still takes on this stream. */
  window: number;
  started = false;
  httpStatus = 0;
  headers: readonly string[] = [];
  trailers: readonly string[] = [];
  readonly message: MessageReader;

  constructor(owner: StreamOwner, id: number, window: number, reused: boolean) {
    this.owner = owner;
    this.id = id;
    this.window = window;
    this.reused = reused;
    let left = 0;
    const { pieces } = owner;
    for (let at = 0; at < pieces.length; at++) left += (pieces[at] as Buffer).length;
    this.left = left;
    const { maxAnswerBytes, memory } = owner.request;
    this.message = new MessageReader(maxAnswerBytes, memory);
  }

  /** Takes a block of the response: headers, then trailers, which end the stream. Returns what is wrong, or undefined. */
  takeFields(fields: readonly string[], endsStream: boolean): string | undefined {
    this.started = true;
    if (fields.length > 2 * MAX_RESPONSE_HEADERS) return 'answered with too many headers';
    if (this.httpStatus > 0) {
      this.trailers = fields;
      return endsStream ? undefined : 'answered with headers behind headers';
    }
    const status = fields[0] === ':status' ? Number(fields[1]) : 0;
    if (!(status >= 100 && status <= 999)) return 'answered without a status';
    if (status < 200) return endsStream ? 'answered with 1xx alone' : undefined;
    if (status === 200) {
      // A page in place of messages would be read as a frame of some absurd length.
      const type = fieldOf(fields, 'content-type');
      if (!isGrpc(type) && fieldOf(fields, 'grpc-status') === undefined)
        return `answered ${typeText(type)}, not gRPC`;
    }
    this.httpStatus = status;
    this.headers = fields;
    return undefined;
  }
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc([+;]|$)/i.test(contentType);
}

function typeText(contentType: string | undefined): string {
  return contentType === undefined
    ? 'without a content type'
    : `content type ${contentType.slice(0, 100)}`;
}
