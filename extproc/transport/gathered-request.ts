// What has come of one request, and what is held for it: its headers, its body within the limits of its route, the account of
// its bytes. In: pieces as Envoy sends them; out: the whole message, uncompressed where it is gRPC, or why there is none. What
// phase of ext_proc the request is in, and who is told, is the stream's (filter-stream.ts).
import type { Dialect } from '../../dialects/dialect.ts';
import { SELDON } from '../../dialects/seldon/dialect.ts';
import type { ErrorCode } from '../../graph/plan/errors.ts';
import { GRPC_FRAME_BYTES, GrpcFrameHead } from '../../lib/codecs/grpc/frame.ts';
import { BodyLoans, type BodyMemory, type BodyPool, COLLECTED } from '../contract/bodies.ts';
import type { CallHandle } from '../contract/calls.ts';
import {
  HeldAccount,
  type HeldBytes,
  OVERLOADED_INFO,
  REQUEST_OVERHEAD_BYTES,
} from '../contract/held-bytes.ts';
import { type Message, ownMessage } from '../contract/message.ts';
import type { Route } from '../contract/program.ts';
import { GatheredBody, pins } from './gathered-body.ts';
import { readGrpcBody } from './grpc-body.ts';
import { RawRequestHeaders } from './headers.ts';

/** Why a request is refused before the walk has it. */
export interface Unfit {
  readonly code: ErrorCode;
  readonly info: string;
}

const OVERLOADED: Unfit = { code: 'OVERLOADED', info: OVERLOADED_INFO };
const NO_MESSAGE_INFO = 'the request holds no gRPC message';
/** What a message of ext_proc may add to the body that it carries. */
const ENVELOPE_BYTES = 4096;
const NO_HEADERS = new RawRequestHeaders(Buffer.alloc(0), 0, 0);
const NO_BODY = Buffer.alloc(0);
const NO_MESSAGE = ownMessage({ body: NO_BODY, contentType: undefined, layout: undefined });

export class GatheredRequest implements BodyMemory {
  headers: RawRequestHeaders = NO_HEADERS;
  /** Without its body until that is whole. */
  message: Message = NO_MESSAGE;
  grpc = false;
  /** Seldon's until a plan is found: nothing else can be known. */
  dialect: Dialect = SELDON;
  /** Whether its first message alone is walked, and others may follow. */
  streams = false;
  /** What came behind the first message. */
  rest: Buffer = NO_BODY;
  readonly #bodies: BodyPool;
  readonly #account: HeldAccount;
  #maxBodyBytes = 0;
  /** The frame's head of a stream's first message, and how long that is with it; 0 before that is known. */
  #head: GrpcFrameHead | undefined;
  #frameBytes = 0;
  /** Undefined until something is lent: most requests are read in one piece. */
  #loans: BodyLoans | undefined;
  /** What has come of the body; undefined before and after. */
  #body: GatheredBody | undefined;

  /** `yielded`: another request needs the room that this body takes, which is still on its way. */
  constructor(held: HeldBytes, bodies: BodyPool, yielded: () => void) {
    this.#bodies = bodies;
    this.#account = new HeldAccount(held, yielded);
  }

  hold(bytes: number): boolean {
    return this.#account.hold(bytes);
  }

  release(bytes: number): void {
    this.#account.release(bytes);
  }

  lend(bytes: number): Buffer {
    // Pieces of a body that comes in several are copied together, and go at once.
    if (this.grpc || this.#body !== undefined) return COLLECTED.lend(bytes);
    this.#loans ??= new BodyLoans(this.#bodies);
    return this.#loans.lend(bytes);
  }

  /** The headers, `chunk[start, end)`; what they say of the transport is a guess until there is a route. */
  takeHeaders(chunk: Buffer, start: number, end: number): void {
    this.headers = pins(chunk, end - start)
      ? new RawRequestHeaders(Buffer.from(chunk.subarray(start, end)), 0, end - start)
      : new RawRequestHeaders(chunk, start, end);
    this.grpc = this.headers.find('content-type')?.startsWith('application/grpc') ?? false;
  }

  /** The route of the request, whose headers took so many bytes. */
  bind(route: Route, headerBytes: number): Unfit | undefined {
    const { grpc, dialect } = route;
    this.grpc = grpc;
    this.dialect = dialect;
    this.#maxBodyBytes = route.maxBodyBytes;
    // Once as they came, once as they are written for the units.
    if (!this.hold(2 * headerBytes + REQUEST_OVERHEAD_BYTES)) return OVERLOADED;
    if (grpc) {
      this.streams =
        dialect.lastInPath !== undefined &&
        dialect.lastInPath(this.headers.find(':path') ?? '') !== undefined;
      return undefined;
    }
    const { headers } = this;
    const { layoutHeader } = dialect;
    this.message = {
      body: NO_BODY,
      contentType: headers.find('content-type'),
      layout: layoutHeader === undefined ? undefined : headers.find(layoutHeader),
      contentEncoding: headers.find('content-encoding'),
      head: undefined,
    };
    return undefined;
  }

  get maxBodyBytes(): number {
    return this.#maxBodyBytes;
  }

  /** A message of ext_proc with so many bytes is about to come, and is held. */
  admit(bytes: number): Unfit | undefined {
    if (bytes > this.#maxBodyBytes + ENVELOPE_BYTES) return this.#tooLarge();
    return this.hold(bytes) ? undefined : OVERLOADED;
  }

  /** A piece of the body, `chunk[start, end)`. */
  add(chunk: Buffer, start: number, end: number): Unfit | undefined {
    const maxBytes = this.#maxBodyBytes + (this.grpc ? GRPC_FRAME_BYTES : 0);
    this.#body ??= new GatheredBody(this.#account, maxBytes, !this.grpc);
    if (this.#body.length + end - start > maxBytes) return this.#tooLarge();
    if (this.streams) this.#readHead(chunk, start, end);
    return this.#body.add(chunk, start, end) ? undefined : OVERLOADED;
  }

  /** Whether the first message of a stream is there. */
  get hasFirst(): boolean {
    return this.#frameBytes > 0 && (this.#body?.length ?? 0) >= this.#frameBytes;
  }

  #readHead(chunk: Buffer, start: number, end: number): void {
    if (this.#frameBytes > 0) return;
    const head = (this.#head ??= new GrpcFrameHead());
    head.push(chunk, start, end);
    if (head.whole) this.#frameBytes = GRPC_FRAME_BYTES + head.length;
  }

  /** More of the body is to come. */
  arrives(): void {
    this.#account.arrives();
  }

  /** Nothing more of the body is waited for. */
  settles(): void {
    this.#account.settles();
  }

  /** The request is its headers alone. */
  endBodiless(): Unfit | undefined {
    return this.grpc ? { code: 'BAD_GRPC_FRAME', info: NO_MESSAGE_INFO } : undefined;
  }

  /**
   * The body is whole: puts the message together. `done` is called once, in this turn of the event loop but for large bodies.
   * `unpacking` is given the handle of what takes a while and can be stopped.
   */
  finish(done: (unfit: Unfit | undefined) => void, unpacking: (handle: CallHandle) => void): void {
    this.#account.settles();
    const take = (whole: Buffer): void => {
      if (!this.grpc) {
        this.message = { ...this.message, body: whole };
        done(undefined);
        return;
      }
      const first = this.#frameBytes > 0 ? whole.subarray(0, this.#frameBytes) : whole;
      this.rest = whole.subarray(first.length);
      const handle = this.#unframe(first, done);
      if (handle !== undefined) unpacking(handle);
    };
    const body = this.#body;
    this.#body = undefined;
    if (body === undefined) take(NO_BODY);
    else body.take(take);
  }

  /** What came of the body is not needed. */
  drop(): void {
    this.#body?.drop();
    this.#body = undefined;
  }

  /** Gives back all that is held. `isIdle`: nobody looks at the request's bodies any more, so that their memory can be used again. */
  close(isIdle: boolean): void {
    if (isIdle) this.#loans?.giveBack();
    this.#account.close();
    this.drop();
  }

  #unframe(whole: Buffer, done: (unfit: Unfit | undefined) => void): CallHandle | undefined {
    const encoding = this.headers.find('grpc-encoding');
    return readGrpcBody(whole, encoding, this.#maxBodyBytes, this, (body) => {
      switch (body.kind) {
        case 'message':
          // What was packed is not needed any more.
          if (body.message.buffer !== whole.buffer) this.release(whole.length);
          this.message = { ...this.message, body: body.message };
          done(undefined);
          return;
        case 'too-large':
          done(this.#tooLarge());
          return;
        case 'overloaded':
          done(OVERLOADED);
          return;
        case 'broken':
          done({ code: 'BAD_GRPC_FRAME', info: body.info });
      }
    });
  }

  #tooLarge(): Unfit {
    const info = `the body is over the limit of ${this.#maxBodyBytes} bytes`;
    return { code: 'BODY_TOO_LARGE', info };
  }
}
