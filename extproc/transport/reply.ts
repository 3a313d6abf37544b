// Writes the outcome of a request in the phase of ext_proc that the request is in, as the gRPC messages of its stream.
import type { Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import { ERRORS } from '../../graph/plan/errors.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { errorBody } from '../../dialects/known/dialects.ts';
import { RESPONSE_DETAILS } from '../../graph/plan/names.ts';
import {
  addResponseHeaders,
  addResponseTrailers,
  addErrorHeaders,
  addMessageHeaders,
  addRouting,
  addTailHeaders,
} from './response-headers.ts';
import type { ClientRequest } from './response-headers.ts';
import {
  HeaderList,
  buildHeadersReply,
  buildImmediate,
  buildStreamedBody,
  buildStreamedChunk,
  buildStreamedHeaders,
  buildStreamedTrailers,
} from './codec/encode.ts';
import { BackwardWriter } from './codec/writer.ts';
import { GRPC_FRAME_BYTES } from '../../lib/codecs/grpc/frame.ts';

/** Largest chunk of a streamed body, as Envoy recommends. */
export const CHUNK_BYTES = 64 * 1024;

/** How far a request is when it is answered. */
export type ReplyPhase =
  /** All came with the headers. */
  | 'headers'
  /** Headers and body are in, and nothing is answered. */
  | 'body'
  /** The client's trailers are in too. */
  | 'trailers';

export interface Answering extends ClientRequest {
  readonly phase: ReplyPhase;
  readonly grpc: boolean;
  readonly dialect: Dialect;
  /** Whether more messages of the client's are to come. */
  readonly isOpen: boolean;
}

/** Where the messages of a stream go. */
export interface ReplySink {
  /** Takes one ProcessingResponse: what `writer` holds, and then `tail`. */
  send(writer: BackwardWriter, tail: Buffer | undefined): void;
}

const writer = new BackwardWriter();
const headers = new HeaderList();
const trailers = new HeaderList();

export function sendOutcome(outcome: Outcome, request: Answering & ReplySink): void {
  headers.clear();
  switch (outcome.kind) {
    case 'tail':
      sendTail(outcome, request);
      return;
    case 'response':
      if (request.grpc) sendGrpcResponse(outcome.message, outcome.routing, request);
      else sendResponse(outcome, request.dialect.layoutHeader, request);
      return;
    case 'grpc-error': {
      addResponseHeaders(headers, outcome.head, undefined);
      addResponseTrailers(headers, outcome.head);
      addRouting(headers, outcome.routing);
      const text = Buffer.from(outcome.grpcMessage, 'utf8');
      sendImmediate(200, outcome.grpcStatus, text, outcome.routing, request);
      return;
    }
    case 'error': {
      const { code, info, routing } = outcome;
      addErrorHeaders(headers, code, request.grpc);
      addRouting(headers, routing);
      if (request.grpc) {
        sendImmediate(
          200,
          ERRORS[code].grpcStatus,
          Buffer.from(`${code}: ${info}`),
          routing,
          request,
        );
      } else {
        sendRest(
          ERRORS[code].status,
          Buffer.from(errorBody(request.dialect, ERRORS[code].status, info)),
          true,
          routing,
          request,
        );
      }
      return;
    }
  }
}

/**
 * The reply to the headers, which the unit's route is matched by, and then the body for the unit. Where the client sent
 * trailers, the body goes with the headers' reply, which ends the request: after chunks and a reply to trailers Envoy sends
 * the chunks twice to a unit whose route has retries (seen on 1.40).
 */
function sendTail(tail: Extract<Outcome, { kind: 'tail' }>, request: Answering & ReplySink): void {
  const { body } = tail.message;
  addTailHeaders(headers, tail, request, request.grpc, request.dialect.layoutHeader);
  if (request.phase !== 'body') {
    const replaces = request.phase === 'trailers' || body.length > 0;
    const frame = request.grpc ? body.length : -1;
    buildHeadersReply(
      writer,
      headers,
      replaces ? { frame, bytes: body.length } : undefined,
      tail.routing,
    );
    request.send(writer, body.length > 0 ? body : undefined);
    return;
  }
  buildHeadersReply(writer, headers, undefined, tail.routing);
  request.send(writer, undefined);
  sendChunks(body, request.grpc, (frame, bytes, isLast, chunk) => {
    buildStreamedBody(writer, frame, bytes, isLast && !request.isOpen);
    request.send(writer, chunk);
  });
}

/** A further message of a gRPC stream, for the unit that the first one went to. */
export function sendLater(body: Buffer, sink: ReplySink): void {
  sendChunks(body, true, (frame, bytes, _isLast, chunk) => {
    buildStreamedBody(writer, frame, bytes, false);
    sink.send(writer, chunk);
  });
}

/** The client has sent all of its messages. */
export function sendEnd(sink: ReplySink): void {
  buildStreamedBody(writer, -1, 0, true);
  sink.send(writer, undefined);
}

/**
 * Cuts a body into chunks, at least one. `framed`: it is a gRPC message, whose five-byte frame goes before the first chunk;
 * `frame` of `sendChunk` is its length there and −1 elsewhere. An empty chunk is undefined.
 */
function sendChunks(
  body: Buffer,
  framed: boolean,
  sendChunk: (frame: number, bytes: number, isLast: boolean, chunk: Buffer | undefined) => void,
): void {
  let at = 0;
  do {
    const frame = framed && at === 0 ? body.length : -1;
    const room = frame >= 0 ? CHUNK_BYTES - GRPC_FRAME_BYTES : CHUNK_BYTES;
    const bytes = Math.min(body.length - at, room);
    const chunk = bytes === 0 ? undefined : body.subarray(at, at + bytes);
    at += bytes;
    sendChunk(frame, bytes, at === body.length, chunk);
  } while (at < body.length);
}

function sendResponse(
  response: Extract<Outcome, { kind: 'response' }>,
  layoutHeader: string | undefined,
  sink: ReplySink,
): void {
  addResponseHeaders(headers, response.message.head, layoutHeader);
  addMessageHeaders(headers, response.message, layoutHeader);
  addRouting(headers, response.routing);
  const { body, contentType } = response.message;
  sendRest(response.status, body, contentType !== undefined, response.routing, sink);
}

/**
 * A response that Envoy would change if it were told in one message: after an ImmediateResponse of 400 it closes the client's
 * connection, as after a message that it could not read, one without a content type it calls text/plain, and one without a body loses
 * its content type (seen on 1.40).
 */
function sendRest(
  status: number,
  body: Buffer,
  hasType: boolean,
  routing: string,
  sink: ReplySink,
): void {
  // Cookies cannot be joined to one header.
  const unchanged = status !== 400 && hasType && body.length > 0;
  if (unchanged || headers.set.includes('set-cookie')) {
    sendImmediate(status, -1, body, routing, sink);
    return;
  }
  headers.add(':status', String(status));
  headers.add('content-length', String(body.length));
  headers.join();
  buildStreamedHeaders(writer, headers, routing, body.length === 0);
  sink.send(writer, undefined);
  if (body.length === 0) return;
  sendChunks(body, false, (frame, bytes, isLast, chunk) => {
    buildStreamedChunk(writer, frame, bytes, isLast);
    sink.send(writer, chunk);
  });
}

function sendImmediate(
  status: number,
  grpcStatus: number,
  body: Buffer,
  routing: string,
  sink: ReplySink,
): void {
  buildImmediate(writer, status, headers, grpcStatus, RESPONSE_DETAILS, body.length, routing);
  sink.send(writer, body.length === 0 ? undefined : body);
}

/** An ImmediateResponse cannot carry a gRPC message; headers, body and trailers one after the other can. */
function sendGrpcResponse(message: Message, routing: string, sink: ReplySink): void {
  headers.add(':status', '200');
  headers.add('content-type', 'application/grpc');
  addResponseHeaders(headers, message.head, undefined);
  addRouting(headers, routing);
  headers.join();
  buildStreamedHeaders(writer, headers, routing, false);
  sink.send(writer, undefined);
  sendChunks(message.body, true, (frame, bytes, _isLast, chunk) => {
    buildStreamedChunk(writer, frame, bytes, false);
    sink.send(writer, chunk);
  });
  trailers.clear();
  trailers.add('grpc-status', '0');
  addResponseTrailers(trailers, message.head);
  trailers.join();
  buildStreamedTrailers(writer, trailers.set);
  sink.send(writer, undefined);
}
