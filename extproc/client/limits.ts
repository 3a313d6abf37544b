// Every limit of the clients that make side calls: one home, used by both protocols. They bound what one unit can
// make the filter keep; none is set by a user.
import { MAX_RESPONSE_HEADER_BYTES } from '../../graph/plan/limits.ts';

/** Connections to one unit over HTTP/1.1, busy and idle; further calls wait. */
export const MAX_CONNECTIONS = 512;
/** Calls that wait for a connection (HTTP/1.1) or for a stream (HTTP/2) to one unit; further ones fail. */
export const MAX_WAITING_CALLS = 4096;
/** An idle HTTP/1.1 connection is closed by us after this time: common servers close theirs after 2 s. */
export const IDLE_MS = 1500;
/** Time to make a connection, including name resolution. */
export const CALL_CONNECT_TIMEOUT_MS = 5000;
/** Status line and headers of an HTTP/1.1 response; the field block of an HTTP/2 one. */
export const MAX_RESPONSE_HEAD_BYTES = MAX_RESPONSE_HEADER_BYTES;
/** Trailers of a chunked response. */
export const MAX_TRAILER_BYTES = 16 * 1024;
/** Chunk extensions of a chunked response, all together. */
export const MAX_EXTENSION_BYTES = 16 * 1024;
/** Responses with status 1xx before the real one. */
export const MAX_INTERIM_RESPONSES = 100;
/** Requests up to this size leave in one piece; the body of a larger one is passed on uncopied. */
export const ONE_WRITE_BYTES = 16 * 1024;
/** What is read of one large body in one turn of the event loop. */
export const MAX_TURN_BYTES = 256 * 1024;
/** Size of the buffer that all connections read into. */
export const READ_BYTES = 64 * 1024;

/** HTTP/2 connections to one unit, opened when the streams of the others are used up. */
export const MAX_H2_CONNECTIONS = 8;
/** HTTP/2 connections to Envoy's egress listener for one unit. */
export const MAX_EGRESS_CONNECTIONS = 40;
/**
 * Calls on one of these before another one takes over. Envoy closes a connection on which 250 calls were cancelled, as happens
 * when clients go away; this many never get there.
 */
export const MAX_EGRESS_CALLS = 200;
/** Streams on a connection whose peer has not said how many it accepts. */
export const DEFAULT_CONCURRENT_STREAMS = 100;
/** Streams on a connection, whatever the peer allows. */
export const MAX_CONCURRENT_STREAMS = 1000;
/** An HTTP/2 connection without a stream is closed by us after this time. */
export const H2_IDLE_MS = 300_000;
/** After this stream id a connection gets no new streams and is replaced. */
export const LAST_STREAM_ID = 0x3fffffff;
/** Largest frame that is accepted: HTTP/2's default, which is never raised. */
export const MAX_FRAME_IN_BYTES = 16_384;
/** Frames that one header block may be split into. */
export const MAX_CONTINUATIONS = 64;
/** Acknowledgements of PING and SETTINGS that a peer may leave unread. */
export const MAX_UNSENT_ACK_BYTES = 1024 * 1024;
