// The filter server once more, on @grpc/grpc-js and plain objects: slow, simple, and what the served one is held against.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { COLLECTED } from '../../../contract/bodies.ts';
import type { Exchange, Outcome, RequestHeaders } from '../../../contract/exchange.ts';
import type { BoundRoute } from '../../../contract/program.ts';
import { toFault } from '../../../contract/internal-fault.ts';
import type { Message } from '../../../contract/message.ts';
import type { Dialect } from '../../../../dialects/dialect.ts';
import { SELDON } from '../../../../dialects/seldon/dialect.ts';
import type { ErrorCode } from '../../../../graph/plan/errors.ts';
import { readGrpcBody } from '../../grpc-body.ts';
import type { Answering, ReplyPhase } from '../../reply.ts';
import { DRAIN_MS } from '../../server.ts';
import type { FilterServerOptions, ListeningOptions, ListeningServer } from '../../server.ts';
import { PlainRequestHeaders } from './plain-headers.ts';
import { buildPlainReplies } from './plain-reply.ts';
import { loadExtProc } from './wire.ts';
import type { PlainRequest, PlainResponse } from './wire.ts';

type Call = ServerDuplexStream<PlainRequest, PlainResponse>;

/** The same as `startFilterServer`; counts whole requests as held. */
export async function startReferenceServer(options: ListeningOptions): Promise<ListeningServer> {
  const { listen, drainMs = DRAIN_MS } = options;
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const held = { bytes: 0 };
  server.addService(loadExtProc().service, {
    Process: (call: Call) => new ReferenceStream(call, options, held),
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${listen.path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return {
    heldBytes: () => held.bytes,
    refusals: () => 0,
    idleBodyBytes: () => 0,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), drainMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

type State = 'start' | 'gather' | 'handling' | 'answered';

class ReferenceStream implements Exchange, Answering {
  headers: RequestHeaders = new PlainRequestHeaders([]);
  message: Message = {
    body: Buffer.alloc(0),
    contentType: undefined,
    layout: undefined,
    contentEncoding: undefined,
    head: undefined,
  };
  cancelled = false;
  readonly lend = COLLECTED.lend;
  readonly hold = COLLECTED.hold;
  readonly release = COLLECTED.release;
  phase: ReplyPhase = 'headers';
  /** It waits for the end of every request. */
  readonly isOpen = false;
  grpc = false;
  dialect: Dialect = SELDON;
  readonly #call: Call;
  readonly #options: FilterServerOptions;
  readonly #held: { bytes: number };
  #heldBytes = 0;
  #state: State = 'start';
  #route: BoundRoute | undefined;
  #chunks: Buffer[] = [];
  #listeners: (() => void)[] = [];
  #over = false;

  constructor(call: Call, options: FilterServerOptions, held: { bytes: number }) {
    this.#call = call;
    this.#options = options;
    this.#held = held;
    call.on('data', (request: PlainRequest) => this.#take(request));
    call.on('end', () => {
      this.#close();
      call.end();
    });
    call.on('cancelled', () => this.#close());
    call.on('error', () => this.#close());
  }

  #take(request: PlainRequest): void {
    if (request.request_headers) this.#takeHeaders(request);
    else if (request.request_body) this.#takeBody(request.request_body);
    else if (request.request_trailers) this.#takeTrailers();
    else if (request.response_headers) this.#call.write({ response_headers: {} });
    else if (request.response_body) this.#call.write({ response_body: {} });
    else if (request.response_trailers) this.#call.write({ response_trailers: {} });
  }

  #takeHeaders({ request_headers, attributes }: PlainRequest): void {
    if (this.#state !== 'start') return;
    const headers = new PlainRequestHeaders(request_headers?.headers?.headers ?? []);
    this.headers = headers;
    const names = Object.values(attributes ?? {}).map(
      ({ fields }) => fields['xds.route_name']?.stringValue,
    );
    const name = names.find((known) => known !== undefined) ?? '';
    const route = this.#options.router.open(name);
    this.#route = route;
    const contentType = headers.find('content-type');
    if (route === undefined) {
      this.grpc = contentType?.startsWith('application/grpc') ?? false;
      this.#fail('PLAN_UNKNOWN', `no plan serves the route "${name}"`);
      return;
    }
    this.grpc = route.grpc;
    this.dialect = route.dialect;
    if (this.#held.bytes > this.#options.maxHeldBytes) {
      this.#fail('OVERLOADED', 'the graph filter holds as many bytes as it may');
    } else if (route.grpc && request_headers?.end_of_stream) {
      this.#fail('BAD_GRPC_FRAME', 'the request holds no gRPC message');
    } else {
      const contentEncoding = headers.find('content-encoding');
      const { layoutHeader } = route.dialect;
      const layout = layoutHeader === undefined ? undefined : headers.find(layoutHeader);
      if (!route.grpc) this.message = { ...this.message, contentType, layout, contentEncoding };
      if (request_headers?.end_of_stream) {
        this.#handle();
        return;
      }
      this.phase = 'body';
      this.#state = 'gather';
    }
  }

  #takeBody({ body, end_of_stream }: { body?: Buffer; end_of_stream?: boolean }): void {
    const bytes = body ?? Buffer.alloc(0);
    const max = this.#route?.maxBodyBytes ?? 0;
    if (this.#state !== 'gather' || !this.#hold(bytes.length)) return;
    this.#chunks.push(bytes);
    const sum = this.#chunks.reduce((before, { length }) => before + length, 0);
    if (sum > max + (this.grpc ? 5 : 0)) this.#tooLarge();
    else if (end_of_stream) this.#assemble();
  }

  #takeTrailers(): void {
    if (this.#state === 'gather') {
      this.phase = 'trailers';
      this.#assemble();
    } else if (this.#state !== 'start') this.#call.write({ request_trailers: {} });
  }

  #assemble(): void {
    this.#state = 'handling';
    const max = this.#route?.maxBodyBytes ?? 0;
    const whole = Buffer.concat(this.#chunks);
    if (!this.grpc) {
      this.message = { ...this.message, body: whole };
      this.#handle();
      return;
    }
    const encoding = this.headers.find('grpc-encoding');
    readGrpcBody(whole, encoding, max, COLLECTED, (body) => {
      if (this.#state !== 'handling') return;
      if (body.kind === 'message') {
        this.message = { ...this.message, body: body.message };
        this.#handle();
      } else if (body.kind === 'too-large') this.#tooLarge();
      else if (body.kind === 'overloaded') this.#fail('OVERLOADED', body.info);
      else this.#fail('BAD_GRPC_FRAME', body.info);
    });
  }

  #handle(): void {
    this.#state = 'handling';
    try {
      this.#route?.handle(this);
    } catch (error) {
      this.reply({ ...toFault(error, this.#options.log), routing: '' });
    }
  }

  has(name: string): boolean {
    return this.headers.find(name) !== undefined;
  }

  onCancel(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reply(outcome: Outcome): void {
    if (this.#state === 'answered') return;
    this.#state = 'answered';
    for (const response of buildPlainReplies(outcome, this)) this.#call.write(response);
  }

  #fail(code: ErrorCode, info: string): void {
    this.reply({ kind: 'error', code, info, routing: '' });
  }

  #tooLarge(): void {
    const max = this.#route?.maxBodyBytes ?? 0;
    this.#fail('BODY_TOO_LARGE', `the body is over the limit of ${max} bytes`);
  }

  #hold(bytes: number): boolean {
    if (this.#held.bytes + bytes > this.#options.maxHeldBytes) {
      this.#fail('OVERLOADED', 'the graph filter holds as many bytes as it may');
      return false;
    }
    this.#held.bytes += bytes;
    this.#heldBytes += bytes;
    return true;
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#held.bytes -= this.#heldBytes;
    if (this.#state !== 'answered') {
      this.#state = 'answered';
      this.cancelled = true;
      for (const listener of this.#listeners) listener();
    }
    this.#route?.release();
  }
}
