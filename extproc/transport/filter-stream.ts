// One ext_proc stream, that is one request of a client: goes through the phases in which Envoy sends it, hands the whole
// message to the walk and writes the outcome. What has come of the request is gathered in gathered-request.ts. A stream may also begin or end with response phases (local replies come
// through them): these pass unchanged.
import type { BodyPool } from '../contract/bodies.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { BoundRoute, Router } from '../contract/program.ts';
import { type HeldBytes, OVERLOADED_INFO } from '../contract/held-bytes.ts';
import { type FaultLog, toFault } from '../contract/internal-fault.ts';
import type { Message } from '../contract/message.ts';
import { grpcFrameHead } from '../../lib/codecs/grpc/frame.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { PHASE, decodeRequest, newRequestParts } from './codec/decode.ts';
import { REPLY, emptyReply } from './codec/encode.ts';
import type { BackwardWriter } from './codec/writer.ts';
import { GatheredRequest, type Unfit } from './gathered-request.ts';
import type { RawRequestHeaders } from './headers.ts';
import type { Http2Stream, ServerSession, StreamHandler } from './http2/session.ts';
import { LaterMessages, type LaterSink } from './later-messages.ts';
import { MessageSplitter } from './messages.ts';
import type { MessageSink } from './messages.ts';
import { sendEnd, sendLater, sendOutcome } from './reply.ts';
import type { Answering, ReplyPhase, ReplySink } from './reply.ts';
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

const STATE = {
  /** No request headers yet. */
  START: 0,
  /** Nothing is answered, the body comes: in one piece for REST (its end may follow), in chunks for gRPC. */
  GATHER: 1,
  /** The walk has the request. */
  HANDLING: 2,
  /** Envoy makes the last call, and further messages of the client go with it. */
  PASSING: 3,
  ANSWERED: 4,
} as const;

/** Replies to phases that pass unchanged, by phase; undefined where there is none that does. */
const CONTINUE: readonly (Buffer | undefined)[] = [
  undefined,
  undefined,
  undefined,
  framed(emptyReply(REPLY.RESPONSE_HEADERS)),
  undefined,
  framed(emptyReply(REPLY.RESPONSE_BODY)),
  framed(emptyReply(REPLY.REQUEST_TRAILERS)),
  framed(emptyReply(REPLY.RESPONSE_TRAILERS)),
];

const parts = newRequestParts();

/**
 * Has no function of its own in a field that the constructor sets: V8 then takes a stream that is over for reachable, by way of
 * older ones that are dead in the old generation. A sixth of all that was allocated was promoted so (`extproc/process/garbage.test.ts`).
 */
export class FilterStream
  implements StreamHandler, MessageSink, Exchange, Answering, ReplySink, LaterSink
{
  cancelled = false;
  phase: ReplyPhase = 'headers';
  readonly #context: FilterContext;
  readonly #session: ServerSession;
  readonly #stream: Http2Stream;
  readonly #splitter: MessageSplitter;
  readonly #request: GatheredRequest;
  #state: number = STATE.START;
  #route: BoundRoute | undefined;
  #headersSent = false;
  #over = false;
  #listeners: (() => void)[] | undefined;
  /** Of a gRPC stream that goes on after its first message. */
  #later: LaterMessages | undefined;

  constructor(context: FilterContext, stream: Http2Stream, session: ServerSession) {
    this.#context = context;
    this.#request = new GatheredRequest(context.held, context.bodies, () => this.#yield());
    this.#stream = stream;
    this.#session = session;
    this.#splitter = new MessageSplitter(this);
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
    this.#state = STATE.ANSWERED;
    // A walk that was cut short may have calls that still send, and what we ended ourselves may still be on its way to Envoy.
    this.#request.close(!this.cancelled && this.#stream.remoteEnded);
    const route = this.#route;
    this.#route = undefined;
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
        return this.#accepts(this.#request.admit(bytes));
      case STATE.PASSING:
        return bytes <= this.#request.maxBodyBytes + MAX_PASSING_BYTES;
      default:
        // What waits is held as it is kept.
        if (this.#later !== undefined && this.#state === STATE.HANDLING) {
          return bytes <= this.#request.maxBodyBytes + MAX_PASSING_BYTES;
        }
        // A body whose request was answered at its headers, which nobody reads, or phases that pass unchanged.
        return bytes <= MAX_PASSING_BYTES && this.#request.hold(bytes);
    }
  }

  lend(bytes: number): Buffer {
    return this.#request.lend(bytes);
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
        this.#later?.end();
        if (this.#state !== STATE.START && this.#state !== STATE.PASSING) return;
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
    const request = this.#request;
    request.takeHeaders(chunk, start, end);
    let route: BoundRoute | undefined;
    try {
      route = this.#context.router.open(routeName);
    } catch (error) {
      this.#context.log.error(
        { err: error, route: routeName },
        'the router failed to open a route',
      );
    }
    if (route === undefined) {
      this.#fail('PLAN_UNKNOWN', `no plan serves the route "${routeName}"`);
      return;
    }
    this.#route = route;
    if (!this.#accepts(request.bind(route, end - start))) return;
    if (endOfStream) {
      if (this.#accepts(request.endBodiless())) this.#handle();
      return;
    }
    this.phase = 'body';
    this.#state = STATE.GATHER;
  }

  #takeBody(chunk: Buffer): void {
    const { start, end, endOfStream } = parts;
    if (this.#later !== undefined && this.#state !== STATE.ANSWERED) {
      if (end > start && !this.#later.push(chunk, start, end)) this.#breakOff();
      else if (endOfStream) this.#later.end();
      return;
    }
    if (this.#state !== STATE.GATHER) return;
    if (end > start && !this.#accepts(this.#request.add(chunk, start, end))) return;
    if (endOfStream) this.#assemble();
    else if (this.#request.hasFirst) {
      this.#later = new LaterMessages(this, this.#request.maxBodyBytes);
      this.#assemble();
    } else this.#request.arrives();
  }

  #startLater(fit: (body: Buffer) => Buffer): void {
    if (this.#later?.start(fit, this.#request.rest) === false) this.#breakOff();
  }

  // What further messages of the client are to become.

  passLater(body: Buffer): void {
    sendLater(body, this);
  }

  passEnd(): void {
    sendEnd(this);
  }

  /** Another request needs the room that this body takes, which is still on its way. */
  #yield(): void {
    this.#request.drop();
    this.#fail('OVERLOADED', OVERLOADED_INFO);
  }

  /** The body is whole. */
  #assemble(): void {
    this.#state = STATE.HANDLING;
    this.#request.finish(
      (unfit) => {
        // The client may have gone while it was put together.
        if (this.#state === STATE.HANDLING && this.#accepts(unfit)) this.#handle();
      },
      (unpacking) => {
        if (this.#state === STATE.HANDLING) this.onCancel(() => unpacking.cancel());
      },
    );
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

  get isOpen(): boolean {
    return this.#later !== undefined;
  }

  get #isAnswered(): boolean {
    return this.#state === STATE.ANSWERED || this.#state === STATE.PASSING;
  }

  get headers(): RawRequestHeaders {
    return this.#request.headers;
  }

  get message(): Message {
    return this.#request.message;
  }

  get grpc(): boolean {
    return this.#request.grpc;
  }

  get dialect(): Dialect {
    return this.#request.dialect;
  }

  hold(bytes: number): boolean {
    return this.#request.hold(bytes);
  }

  release(bytes: number): void {
    this.#request.release(bytes);
  }

  has(name: string): boolean {
    return this.headers.find(name) !== undefined;
  }

  onCancel(listener: () => void): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  reply(outcome: Outcome): void {
    if (this.#isAnswered) return;
    const passes = outcome.kind === 'tail' && this.#later !== undefined;
    this.#state = passes ? STATE.PASSING : STATE.ANSWERED;
    this.#request.settles();
    this.#request.drop();
    this.#listeners = undefined;
    if (outcome.kind === 'error' && outcome.code === 'OVERLOADED') this.#context.held.refusals++;
    try {
      sendOutcome(outcome, this);
      if (passes) this.#startLater(outcome.later ?? unchanged);
    } catch (error) {
      this.#context.log.error({ err: error }, 'an outcome could not be written');
      this.#session.sender.end(this.#stream, TRAILERS_INTERNAL);
    }
  }

  #fail(code: ErrorCode, info: string): void {
    this.reply({ kind: 'error', code, info, routing: '' });
  }

  /** Whether nothing is wrong with the request; what is, is answered. */
  #accepts(unfit: Unfit | undefined): boolean {
    if (unfit !== undefined) this.#fail(unfit.code, unfit.info);
    return unfit === undefined;
  }

  /** The peer sent what is no ext_proc. */
  #breakOff(): void {
    this.#cancel();
    this.#state = STATE.ANSWERED;
    this.#begin();
    this.#session.sender.end(this.#stream, TRAILERS_BAD_MESSAGE);
  }

  #cancel(): void {
    if (this.#isAnswered) return;
    this.#state = STATE.ANSWERED;
    this.cancelled = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners === undefined) return;
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
    this.#session.sender.data(this.#stream, message, 0, message.length, undefined);
  }

  send(writer: BackwardWriter, tail: Buffer | undefined): void {
    this.#begin();
    writer.grpcFrame(writer.mark());
    this.#session.sender.data(this.#stream, writer.bytes, writer.at, writer.end, tail);
  }
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([grpcFrameHead(message.length), message]);
}

function unchanged(body: Buffer): Buffer {
  return body;
}
