// What a connection tells the client that opened it: the ends of streams, and of itself.
import type { GrpcCall } from './call.ts';
import type { Http2Connection } from './connection.ts';

/** Why a call lost its stream. */
export type StreamLoss =
  | { readonly kind: 'unconnected'; readonly text: string }
  /** The peer says, or its absence shows, that it has not looked at the request. */
  | { readonly kind: 'unprocessed'; readonly text: string }
  /** Gone with the connection; `unanswered`: before the first frame of the answer. */
  | { readonly kind: 'gone'; readonly text: string; readonly unanswered: boolean }
  /** The peer reset the stream, or broke the protocol on it. */
  | { readonly kind: 'broken'; readonly text: string }
  | { readonly kind: 'too-large' }
  /** There was no room for the answer. */
  | { readonly kind: 'overloaded' };

export interface Http2Owner {
  /** The stream ended in order; the parts of the answer are in the call. */
  answered(connection: Http2Connection, call: GrpcCall): void;
  lost(connection: Http2Connection, call: GrpcCall, loss: StreamLoss): void;
  /** So many streams the peer takes on a connection. */
  learned(allowedStreams: number): void;
  /** A stream is free, or the number allowed has changed. */
  roomed(connection: Http2Connection): void;
  /** The connection is gone, after all its calls were `lost`. */
  closed(connection: Http2Connection): void;
}
