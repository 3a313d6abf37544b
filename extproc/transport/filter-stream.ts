// One ext_proc stream, that is one request of a client: takes its headers and its body as Envoy sends them, hands the whole
// message to the walk and writes the outcome. A stream may also begin or end with response phases (local replies come
// through them): these pass unchanged.
import { BodyLoans, type BodyPool, COLLECTED } from '../contract/bodies.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { BoundRoute, Router } from '../contract/program.ts';
import {
  HeldAccount,
  type HeldBytes,
  OVERLOADED_INFO,
  REQUEST_OVERHEAD_BYTES,
} from '../contract/held-bytes.ts';
import { type FaultLog, toFault } from '../contract/internal-fault.ts';
import type { Message } from '../contract/message.ts';
import { GRPC_FRAME_BYTES, grpcFrameHead } from '../../lib/codecs/grpc/frame.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import { PHASE, decodeRequest, newRequestParts } from './codec/decode.ts';
import { REPLY, emptyReply } from './codec/encode.ts';
import type { BackwardWriter } from './codec/writer.ts';
import { GatheredBody, pins } from './gathered-body.ts';
import { readGrpcBody } from './grpc-body.ts';
import { RawRequestHeaders } from './headers.ts';
import type { Http2Stream, ServerSession, StreamHandler } from './http2/session.ts';
import { MessageSplitter } from './messages.ts';
import type { MessageSink } from './messages.ts';
import { sendOutcome } from './reply.ts';
import type { Answering, ReplyPhase, SendMessage } from './reply.ts';
import {
  RESPONSE_HEADERS,
  TRAILERS_BAD_MESSAGE,
  TRAILERS_INTERNAL,
  TRAILERS_OK,
} from './response-blocks.ts';
import { MAX_HEAD_BYTES, MAX_PASSING_BYTES } from '../contract/transport-limits.ts';

/** What all streams of a server share. */
export interface FilterContext {
  readonly router: Router;
  readonly log: FaultLog;
  /** What is held over all streams. */
  readonly held: HeldBytes;
  readonly bodies: BodyPool;
}

/** What a message may add to the body that it carries. */
const ENVELOPE_BYTES = 4096;

const STATE = {
  /** No request headers yet. */
  START: 0,
  /** Nothing is answered, the body comes: in one piece for REST (its end may follow), in chunks for gRPC. */
  GATHER: 1,
  /** The walk has the request. */
  HANDLING: 2,
  ANSWERED: 3,
} as const;

const NO_HEADERS = new RawRequestHeaders(Buffer.alloc(0), 0, 0);
const NO_BODY = Buffer.alloc(0);
const NO_MESSAGE: Message = {
  body: NO_BODY,
  contentType: null,
  layout: null,
  contentEncoding: null,
  head: null,
};

/** Replies to phases that pass unchanged, by phase; null where there is none that does. */
const CONTINUE: readonly (Buffer | null)[] = [
  null,
  null,
  null,
  framed(emptyReply(REPLY.RESPONSE_HEADERS)),
  null,
  framed(emptyReply(REPLY.RESPONSE_BODY)),
  framed(emptyReply(REPLY.REQUEST_TRAILERS)),
  framed(emptyReply(REPLY.RESPONSE_TRAILERS)),
];

const parts = newRequestParts();

export class FilterStream implements StreamHandler, MessageSink, Exchange, Answering {
  headers: RawRequestHeaders = NO_HEADERS;
  message: Message = NO_MESSAGE;
  cancelled = false;
  phase: ReplyPhase = 'headers';
  grpc = false;
  /** Seldon's until a plan is found: nothing else can be known. */
  dialect: Dialect = SELDON;
  readonly #context: FilterContext;
  readonly #session: ServerSession;
  readonly #stream: Http2Stream;
  readonly #splitter: MessageSplitter;
  readonly #send: SendMessage;
  /** Null until something is lent: most requests are read in one piece. */
  #loans: BodyLoans | null = null;
  #state: number = STATE.START;
  #route: BoundRoute | null = null;
  #maxBodyBytes = 0;
  /** What has come of the body; null before and after. */
  #gathered: GatheredBody | null = null;
  readonly #account: HeldAccount;
  #headersSent = false;
  #over = false;
  #listeners: (() => void)[] | null = null;

  constructor(context: FilterContext, stream: Http2Stream, session: ServerSession) {
    this.#context = context;
    this.#account = new HeldAccount(context.held, () => this.#yield());
    this.#stream = stream;
    this.#session = session;
    this.#splitter = new MessageSplitter(this);
    this.#send = (writer, tail) => this.#sendMessage(writer, tail);
  }

  // What the connection tells.

  data(chunk: Buffer, start: number, end: number): void {
    if (!this.#splitter.push(chunk, start, end)) this.#breakOff();
  }

  end(): void {
    // A peer that needs nothing more. Envoy resets the stream then, but for one with the runtime guard
    // `ext_proc_graceful_grpc_close`.
    this.#cancel();
    this.#begin();
    this.#session.sender.end(this.#stream, TRAILERS_OK);
  }

  closed(): void {
    this.#over = true;
    this.#cancel();
    // A walk that was cut short may have calls that still send, and what we ended ourselves may still be on its way to Envoy.
    if (!this.cancelled && this.#stream.remoteEnded) this.#loans?.giveBack();
    this.#state = STATE.ANSWERED;
    this.#account.close();
    this.#dropBody();
    const route = this.#route;
    this.#route = null;
    route?.release();
  }

  // What the splitter of the stream's messages tells.

  wants(bytes: number): boolean {
    // The bytes that were read together with the one that ended the stream.
    if (this.#over) return false;
    switch (this.#state) {
      case STATE.START:
        // Held once it is known how a refusal is to be written.
        if (bytes <= MAX_HEAD_BYTES) return true;
        this.#breakOff();
        return false;
      case STATE.GATHER:
        if (bytes > this.#maxBodyBytes + ENVELOPE_BYTES) {
          this.#tooLarge();
          return false;
        }
        if (this.hold(bytes)) return true;
        this.#fail('OVERLOADED', OVERLOADED_INFO);
        return false;
      default:
        // A body whose request was answered at its headers, which nobody reads, or phases that pass unchanged.
        return bytes <= MAX_PASSING_BYTES && this.hold(bytes);
    }
  }

  hold(bytes: number): boolean {
    return this.#account.hold(bytes);
  }

  release(bytes: number): void {
    this.#account.release(bytes);
  }

  lend(bytes: number): Buffer {
    // Pieces of a body that comes in several are copied together, and go at once.
    if (this.grpc || (this.#state === STATE.GATHER && this.#gathered !== null)) {
      return COLLECTED.lend(bytes);
    }
    this.#loans ??= new BodyLoans(this.#context.bodies);
    return this.#loans.lend(bytes);
  }

  take(chunk: Buffer, start: number, end: number): void {
    if (!decodeRequest(chunk, start, end, parts)) {
      this.#breakOff();
      return;
    }
    switch (parts.phase) {
      case PHASE.NONE:
        return;
      case PHASE.REQUEST_HEADERS:
        if (this.#state === STATE.START) this.#takeHeaders(chunk);
        return;
      case PHASE.REQUEST_BODY:
        this.#takeBody(chunk);
        return;
      case PHASE.REQUEST_TRAILERS:
        if (this.#state === STATE.GATHER) {
          this.phase = 'trailers';
          this.#assemble();
          return;
        }
        if (this.#state !== STATE.START) return;
        break;
      default:
        break;
    }
    this.#write(CONTINUE[parts.phase] as Buffer);
  }

  // The phases of the request.

  #takeHeaders(chunk: Buffer): void {
    const { endOfStream, routeStart, routeEnd } = parts;
    const routeName = routeStart < 0 ? '' : chunk.toString('latin1', routeStart, routeEnd);
    const { start, end } = parts;
    const headers = pins(chunk, end - start)
      ? new RawRequestHeaders(Buffer.from(chunk.subarray(start, end)), 0, end - start)
      : new RawRequestHeaders(chunk, start, end);
    this.headers = headers;
    let route: BoundRoute | undefined;
    try {
      route = this.#context.router.open(routeName);
    } catch (error) {
      this.#context.log.error(
        { err: error, route: routeName },
        'the router failed to open a route',
      );
    }
    const contentType = headers.find('content-type');
    if (route === undefined) {
      this.grpc = contentType !== null && contentType.startsWith('application/grpc');
      this.#fail('PLAN_UNKNOWN', `no plan serves the route "${routeName}"`);
      return;
    }
    this.#route = route;
    this.grpc = route.grpc;
    this.dialect = route.dialect;
    this.#maxBodyBytes = route.maxBodyBytes;
    // Once as they came, once as they are written for the units.
    if (!this.hold(2 * (end - start) + REQUEST_OVERHEAD_BYTES)) {
      this.#fail('OVERLOADED', OVERLOADED_INFO);
      return;
    }
    if (!route.grpc) {
      const contentEncoding = headers.find('content-encoding');
      const { layoutHeader } = route.dialect;
      const layout = layoutHeader === null ? null : headers.find(layoutHeader);
      this.message = { body: NO_BODY, contentType, layout, contentEncoding, head: null };
    }
    if (endOfStream) {
      if (route.grpc) this.#fail('BAD_GRPC_FRAME', 'the request holds no gRPC message');
      else this.#handle();
      return;
    }
    this.phase = 'body';
    this.#state = STATE.GATHER;
  }

  #takeBody(chunk: Buffer): void {
    if (this.#state !== STATE.GATHER) return;
    const { start, end, endOfStream } = parts;
    if (end > start) {
      const maxBytes = this.#maxBodyBytes + (this.grpc ? GRPC_FRAME_BYTES : 0);
      this.#gathered ??= new GatheredBody(this.#account, maxBytes, !this.grpc);
      if (this.#gathered.length + end - start > maxBytes) {
        this.#tooLarge();
        return;
      }
      if (!this.#gathered.add(chunk, start, end)) {
        this.#fail('OVERLOADED', OVERLOADED_INFO);
        return;
      }
    }
    if (endOfStream) this.#assemble();
    else this.#account.arrives();
  }

  #dropBody(): void {
    this.#gathered?.drop();
    this.#gathered = null;
  }

  /** Another request needs the room that this body takes, which is still on its way. */
  #yield(): void {
    this.#dropBody();
    this.#fail('OVERLOADED', OVERLOADED_INFO);
  }

  /** The body is whole. */
  #assemble(): void {
    this.#account.settles();
    this.#state = STATE.HANDLING;
    const gathered = this.#gathered;
    this.#gathered = null;
    if (gathered === null) this.#takeWhole(NO_BODY);
    else gathered.take((whole) => this.#takeWhole(whole));
  }

  #takeWhole(whole: Buffer): void {
    // The client may have gone while it was put together.
    if (this.#state !== STATE.HANDLING) return;
    if (!this.grpc) {
      this.#handleBody(whole);
      return;
    }
    const encoding = this.headers.find('grpc-encoding');
    const unpacking = readGrpcBody(whole, encoding, this.#maxBodyBytes, this, (body) => {
      if (this.#state !== STATE.HANDLING) return;
      switch (body.kind) {
        case 'message':
          // What was packed is not needed any more.
          if (body.message.buffer !== whole.buffer) this.release(whole.length);
          this.#handleBody(body.message);
          return;
        case 'too-large':
          this.#tooLarge();
          return;
        case 'overloaded':
          this.#fail('OVERLOADED', body.info);
          return;
        case 'broken':
          this.#fail('BAD_GRPC_FRAME', body.info);
      }
    });
    if (unpacking !== null) this.onCancel(() => unpacking.cancel());
  }

  #handleBody(body: Buffer): void {
    const { contentType, layout, contentEncoding } = this.message;
    this.message = { body, contentType, layout, contentEncoding, head: null };
    this.#handle();
  }

  #handle(): void {
    this.#state = STATE.HANDLING;
    try {
      this.#route?.handle(this);
    } catch (error) {
      this.reply({ ...toFault(error, this.#context.log), routing: '' });
    }
  }

  // What the walk asks for.

  has(name: string): boolean {
    return this.headers.find(name) !== null;
  }

  onCancel(listener: () => void): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  reply(outcome: Outcome): void {
    if (this.#state === STATE.ANSWERED) return;
    this.#state = STATE.ANSWERED;
    this.#account.settles();
    this.#dropBody();
    this.#listeners = null;
    if (outcome.kind === 'error' && outcome.code === 'OVERLOADED') this.#context.held.refusals++;
    try {
      sendOutcome(outcome, this, this.#send);
    } catch (error) {
      this.#context.log.error({ err: error }, 'an outcome could not be written');
      this.#session.sender.end(this.#stream, TRAILERS_INTERNAL);
    }
  }

  #fail(code: ErrorCode, info: string): void {
    this.reply({ kind: 'error', code, info, routing: '' });
  }

  #tooLarge(): void {
    this.#fail('BODY_TOO_LARGE', `the body is over the limit of ${this.#maxBodyBytes} bytes`);
  }

  /** The peer sent what is no ext_proc. */
  #breakOff(): void {
    this.#cancel();
    this.#begin();
    this.#session.sender.end(this.#stream, TRAILERS_BAD_MESSAGE);
  }

  #cancel(): void {
    if (this.#state === STATE.ANSWERED) return;
    this.#state = STATE.ANSWERED;
    this.cancelled = true;
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners === null) return;
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        this.#context.log.error({ err: error }, 'a cancel listener threw');
      }
    }
  }

  #begin(): void {
    if (this.#headersSent || this.#over) return;
    this.#headersSent = true;
    this.#session.sender.headers(this.#stream, RESPONSE_HEADERS, false);
  }

  #write(message: Buffer): void {
    this.#begin();
    this.#session.sender.data(this.#stream, message, 0, message.length, null);
  }

  #sendMessage(writer: BackwardWriter, tail: Buffer | null): void {
    this.#begin();
    writer.grpcFrame(writer.mark());
    this.#session.sender.data(this.#stream, writer.bytes, writer.at, writer.end, tail);
  }
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([grpcFrameHead(message.length), message]);
}
