// A message on its way through a graph: bytes, and what the sender said of them. Never parsed unless its meaning is
// needed; never copied when a slice will do.
import type { Payload } from '../../dialects/payload.ts';

/** The body is, over gRPC, the protobuf message without its 5-byte frame, uncompressed. */
export interface Message extends Payload {
  /** undefined for identity. */
  readonly contentEncoding: string | undefined;
  /** The response that the message came as; undefined for the client's own message. */
  readonly head: ResponseHead | undefined;
}

/** A message of a payload that was made here, or read: as a rule without content encoding, and nobody's response. */
export function ownMessage(
  { body, contentType, layout }: Payload,
  contentEncoding?: string,
  head?: ResponseHead,
): Message {
  return { body, contentType, layout, contentEncoding, head };
}

/** Status and headers of a unit's response; read lazily, since most responses are only passed on. */
export interface ResponseHead {
  /** HTTP status; 200 for gRPC. */
  readonly status: number;
  /** Value of the first header of that lower-case name, undefined when there is none. */
  find(name: string): string | undefined;
  /**
   * What passes to the client: name, value, name, value …; lower-case names, values as received, repeated headers
   * repeated; without hop-by-hop headers, `content-length`, `date`, `server` and `x-sidegraph-*`. gRPC: the metadata of the headers.
   */
  entries(): readonly string[];
  /** gRPC: the metadata of the trailers, in the same form. */
  trailers?(): readonly string[];
}
