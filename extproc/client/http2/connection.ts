// One HTTP/2 connection to a gRPC unit: streams out, frames in. Reads into the buffer that all connections share; no
// window of ours ever closes, because `maxAnswerBytes` bounds each stream. What happens to a call whose stream died is
// the owner's business.
import { connect, type Socket } from 'node:net';
import {
  buildFrame,
  buildSettings,
  FLAG,
  FRAME,
  H2_ERROR,
  MAX_WINDOW_BYTES,
  PREFACE,
  SETTING,
} from '../../../lib/codecs/http2/frames.ts';
import { checkFrame, readUint31 } from '../../../lib/codecs/http2/connection-rules.ts';
import { Output } from '../../../lib/codecs/http2/output.ts';
import { type FrameHandler, FrameReader } from '../../../lib/codecs/http2/reader.ts';
import type { Deadline, Deadlines } from '../deadlines.ts';
import { errnoWords } from '../../contract/failure.ts';
import type { ConnectionAddress } from '../address.ts';
import {
  CALL_CONNECT_TIMEOUT_MS,
  H2_IDLE_MS,
  LAST_STREAM_ID,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_IN_BYTES,
  MAX_RESPONSE_HEAD_BYTES,
  MAX_UNSENT_ACK_BYTES,
} from '../limits.ts';
import { readBuffer } from '../read-buffer.ts';
import { BlockCache } from './block-cache.ts';
import { BlockCollector } from './block-collector.ts';
import type { RequestBlocks } from './request-block.ts';
import { RequestSender } from './sender.ts';
import { ClientStream, type StreamLoss, type StreamOwner } from './stream.ts';
import { StreamTable } from '../../../lib/codecs/http2/stream-table.ts';
import { errorWords, parseSettings } from '../../../lib/codecs/http2/words.ts';

/** Our window for the whole connection is opened again after so many bytes. */
const CREDIT_BYTES = 0x20000000;
const HELLO = Buffer.concat([
  PREFACE,
  buildSettings([
    [SETTING.HEADER_TABLE_SIZE, 0],
    [SETTING.ENABLE_PUSH, 0],
    [SETTING.INITIAL_WINDOW_SIZE, MAX_WINDOW_BYTES],
    [SETTING.MAX_HEADER_LIST_SIZE, MAX_RESPONSE_HEAD_BYTES],
  ]),
  windowUpdate(MAX_WINDOW_BYTES - 65_535),
]);
const SETTINGS_ACK = buildFrame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0));

/** What a connection tells the client that opened it, besides the ends of streams. */
export interface Http2Owner {
  /** So many streams the peer takes on a connection. */
  learned(allowedStreams: number): void;
  /** A stream is free, or the number allowed has changed. */
  roomed(connection: Http2Connection): void;
  /** The connection is gone, after all its streams were `lost`. */
  closed(connection: Http2Connection): void;
}

export class Http2Connection implements FrameHandler {
  readonly #owner: Http2Owner;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #sender: RequestSender;
  readonly #reader = new FrameReader(this, MAX_FRAME_IN_BYTES);
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #streams = new StreamTable<ClientStream>();
  readonly #headerCache = new BlockCache();
  readonly #trailerCache = new BlockCache();
  #state: 'connecting' | 'open' | 'draining' | 'gone' = 'connecting';
  #connected = false;
  /** Whether the peer has sent its SETTINGS. */
  #settled = false;
  #nextId = 1;
  /** How many streams the peer takes at once; before it says so, what it said last. */
  #allowedStreams: number;
  #consumed = 0;
  #idleSince = 0;
  /** The stream whose DATA frame is being read. */
  #dataStream = 0;
  readonly #collector = new BlockCollector();
  readonly #lastStreamId: number;

  constructor(
    address: ConnectionAddress,
    owner: Http2Owner,
    blocks: RequestBlocks,
    deadlines: Deadlines,
    allowedStreams: number,
    maxCalls: number,
  ) {
    this.#owner = owner;
    this.#lastStreamId = Math.min(LAST_STREAM_ID, 2 * maxCalls);
    this.#allowedStreams = allowedStreams;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.make(this);
    const onread = { buffer: readBuffer, callback: (count: number) => this.#read(count) };
    this.#socket =
      address.kind === 'tcp'
        ? connect({ host: address.host, port: address.port, noDelay: true, onread })
        : connect({ path: address.path, onread });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#end('connection closed'));
    this.#socket.on('error', (error: Error) => this.#end(errnoWords(error)));
    this.#socket.on('close', () => this.#end('connection closed'));
    this.#socket.write(HELLO);
    this.#output = new Output(this.#socket);
    this.#sender = new RequestSender(this.#output, blocks);
    deadlines.set(this.#deadline, CALL_CONNECT_TIMEOUT_MS);
  }

  hasRoom(): boolean {
    return (
      this.#state !== 'gone' &&
      this.#state !== 'draining' &&
      this.#streams.size < this.#allowedStreams
    );
  }

  /** Begins a stream with its request; there must be room. */
  open(owner: StreamOwner): ClientStream {
    const id = this.#nextId;
    this.#nextId += 2;
    if (this.#nextId > this.#lastStreamId) this.#state = 'draining';
    const stream = new ClientStream(owner, id, this.#sender.initialWindow, this.#settled);
    this.#streams.add(stream);
    this.#sender.begin(stream);
    return stream;
  }

  /** Gives up a stream; the peer is told. */
  abandon(stream: ClientStream): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#sender.reset(stream.id, H2_ERROR.CANCEL);
    this.#drop(stream);
    this.#afterStream();
  }

  /** Takes no more streams, and closes when the last one is over. */
  drain(): void {
    if (this.#state === 'open' || this.#state === 'connecting') this.#state = 'draining';
    this.#closeIfDone();
  }

  /** Not connected in time, or idle for too long. */
  expire(): void {
    if (!this.#settled) {
      this.#end('connection timed out');
      return;
    }
    if (this.#streams.size > 0) return;
    const left = this.#idleSince + H2_IDLE_MS - performance.now();
    if (left > 0) this.#deadlines.set(this.#deadline, left);
    else this.drain();
  }

  dataStart(streamId: number, bytes: number): number {
    if (!this.#settled || this.#collector.open) return H2_ERROR.PROTOCOL_ERROR;
    if (streamId === 0 || streamId >= this.#nextId) return H2_ERROR.PROTOCOL_ERROR;
    this.#consumed += bytes;
    if (this.#consumed >= CREDIT_BYTES) {
      const credit = windowUpdate(this.#consumed);
      this.#output.copy(credit, 0, credit.length);
      this.#consumed = 0;
    }
    this.#dataStream = streamId;
    const stream = this.#streams.get(streamId);
    if (stream !== undefined && stream.httpStatus === 0)
      this.#lose(stream, bad('data without headers'));
    return 0;
  }

  dataPiece(chunk: Buffer, start: number, end: number): number {
    const stream = this.#streams.get(this.#dataStream);
    // A page of a proxy that does not speak gRPC has a body without a message.
    if (stream === undefined || stream.httpStatus !== 200) return 0;
    const result = stream.message.push(chunk, start, end);
    if (result === 'too-large' || result === 'overloaded') this.#lose(stream, { kind: result });
    else if (result === 'bad') this.#lose(stream, bad('answered with more than one message'));
    return 0;
  }

  dataEnd(endStream: boolean): number {
    const stream = this.#streams.get(this.#dataStream);
    if (endStream && stream !== undefined) this.#finish(stream);
    return 0;
  }

  frame(
    type: number,
    flags: number,
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
  ): number {
    const inBlock = this.#collector.open;
    const error = checkFrame(type, flags, streamId, end - start, this.#settled, inBlock);
    if (error !== 0) return error;
    switch (type) {
      case FRAME.HEADERS:
        if (streamId >= this.#nextId) return H2_ERROR.PROTOCOL_ERROR;
        return this.#onHeaders(flags, streamId, payload, start, end);
      case FRAME.CONTINUATION:
        return this.#onContinuation(flags, streamId, payload, start, end);
      case FRAME.RST_STREAM:
        if (streamId >= this.#nextId) return H2_ERROR.PROTOCOL_ERROR;
        return this.#onReset(streamId, payload, start);
      case FRAME.SETTINGS:
        return this.#onSettings(flags, payload, start, end);
      case FRAME.PING:
        return this.#onPing(flags, payload, start, end);
      case FRAME.GOAWAY:
        return this.#onGoaway(payload, start);
      case FRAME.WINDOW_UPDATE:
        if (streamId >= this.#nextId) return H2_ERROR.PROTOCOL_ERROR;
        return this.#onWindowUpdate(streamId, payload, start);
      default:
        return 0;
    }
  }

  #onConnect(): void {
    this.#connected = true;
    if (this.#state === 'connecting') this.#state = 'open';
  }

  #read(count: number): boolean {
    if (this.#state === 'gone') return true;
    const error = this.#reader.push(readBuffer.subarray(0, count), 0);
    if (error === 0) return true;
    if (!this.#settled) this.#end('answered no HTTP/2', true);
    else this.#fail(error);
    return true;
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer, start: number, end: number): number {
    const endsStream = (flags & FLAG.END_STREAM) !== 0;
    if ((flags & FLAG.END_HEADERS) !== 0) {
      return this.#onBlock(streamId, payload, start, end, endsStream);
    }
    this.#collector.begin(streamId, endsStream);
    return this.#collector.add(payload, start, end) ? 0 : H2_ERROR.ENHANCE_YOUR_CALM;
  }

  #onContinuation(
    flags: number,
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
  ): number {
    const collector = this.#collector;
    if (streamId !== collector.streamId) return H2_ERROR.PROTOCOL_ERROR;
    if (!collector.add(payload, start, end)) return H2_ERROR.ENHANCE_YOUR_CALM;
    if ((flags & FLAG.END_HEADERS) === 0) return 0;
    const { endsStream } = collector;
    const whole = collector.take();
    return this.#onBlock(streamId, whole, 0, whole.length, endsStream);
  }

  #onBlock(
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
    endsStream: boolean,
  ): number {
    const stream = this.#streams.get(streamId);
    // Without a table a block of nobody's stream need not be read.
    if (stream === undefined) return 0;
    const cache = stream.httpStatus === 0 ? this.#headerCache : this.#trailerCache;
    const fields = cache.read(payload, start, end);
    if (fields === undefined) return H2_ERROR.COMPRESSION_ERROR;
    const fault = stream.takeFields(fields, endsStream);
    if (fault !== undefined) this.#lose(stream, bad(fault));
    else if (endsStream) this.#finish(stream);
    return 0;
  }

  #onReset(streamId: number, payload: Buffer, start: number): number {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return 0;
    const code = payload.readUInt32BE(start);
    const text = `stream reset (${errorWords(code)})`;
    const refused = code === H2_ERROR.REFUSED_STREAM;
    this.#drop(stream);
    stream.owner.lost(stream, { kind: refused ? 'unprocessed' : 'broken', text });
    this.#afterStream();
    return 0;
  }

  #onSettings(flags: number, payload: Buffer, start: number, end: number): number {
    if ((flags & FLAG.ACK) !== 0) return this.#settled ? 0 : H2_ERROR.PROTOCOL_ERROR;
    const settings = parseSettings(payload, start, end);
    if (typeof settings === 'number') return settings;
    if (!this.#settled) {
      this.#settled = true;
      this.#deadlines.drop(this.#deadline);
      if (this.#streams.size === 0) this.#rest();
    }
    if (settings.maxFrameBytes !== undefined) this.#sender.maxFrameBytes = settings.maxFrameBytes;
    if (settings.concurrentStreams !== undefined) {
      this.#allowedStreams = Math.min(settings.concurrentStreams, MAX_CONCURRENT_STREAMS);
      this.#owner.learned(this.#allowedStreams);
    }
    if (settings.initialWindow !== undefined) {
      const change = settings.initialWindow - this.#sender.initialWindow;
      this.#sender.initialWindow = settings.initialWindow;
      for (const stream of this.#streams.all()) {
        stream.window += change;
        if (stream.window > MAX_WINDOW_BYTES) return H2_ERROR.FLOW_CONTROL_ERROR;
      }
    }
    const error = this.#answerControl(SETTINGS_ACK);
    this.#sender.resume();
    this.#owner.roomed(this);
    return error;
  }

  #onPing(flags: number, payload: Buffer, start: number, end: number): number {
    if ((flags & FLAG.ACK) !== 0) return 0;
    return this.#answerControl(buildFrame(FRAME.PING, FLAG.ACK, 0, payload.subarray(start, end)));
  }

  #onGoaway(payload: Buffer, start: number): number {
    const lastId = readUint31(payload, start);
    const text = `connection going away (${errorWords(payload.readUInt32BE(start + 4))})`;
    this.#state = 'draining';
    for (const stream of this.#streams.all()) {
      // The loss of one may have made its owner abandon others.
      if (stream.id <= lastId || this.#streams.get(stream.id) !== stream) continue;
      this.#drop(stream);
      stream.owner.lost(stream, { kind: 'unprocessed', text });
    }
    this.#closeIfDone();
    return 0;
  }

  #onWindowUpdate(streamId: number, payload: Buffer, start: number): number {
    const bytes = readUint31(payload, start);
    if (streamId === 0) {
      if (bytes === 0) return H2_ERROR.PROTOCOL_ERROR;
      return this.#sender.credit(bytes) ? 0 : H2_ERROR.FLOW_CONTROL_ERROR;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return 0;
    stream.window += bytes;
    if (bytes === 0 || stream.window > MAX_WINDOW_BYTES)
      this.#lose(stream, bad('bad window update'));
    else this.#sender.resume();
    return 0;
  }

  #answerControl(frame: Buffer): number {
    // A peer that asks and does not read would make us hold the responses.
    if (this.#output.unsentBytes > MAX_UNSENT_ACK_BYTES && this.#streams.size === 0) {
      return H2_ERROR.ENHANCE_YOUR_CALM;
    }
    this.#output.copy(frame, 0, frame.length);
    return 0;
  }

  #finish(stream: ClientStream): void {
    // A response before the end of the request: the rest of it is not wanted.
    if (stream.left > 0) this.#sender.reset(stream.id, H2_ERROR.CANCEL);
    this.#drop(stream);
    stream.owner.answered(stream);
    this.#afterStream();
  }

  /** Ends a stream by our own doing. */
  #lose(stream: ClientStream, loss: StreamLoss): void {
    this.#sender.reset(stream.id, H2_ERROR.CANCEL);
    this.#drop(stream);
    stream.owner.lost(stream, loss);
    this.#afterStream();
  }

  #drop(stream: ClientStream): void {
    this.#streams.delete(stream.id);
    this.#sender.forget(stream);
    if (this.#streams.size === 0 && this.#settled) this.#rest();
  }

  #rest(): void {
    this.#idleSince = performance.now();
    if (!this.#deadline.set) this.#deadlines.set(this.#deadline, H2_IDLE_MS);
  }

  #afterStream(): void {
    if (this.#state === 'draining') this.#closeIfDone();
    else if (this.#state !== 'gone') this.#owner.roomed(this);
  }

  #closeIfDone(): void {
    if (this.#state === 'draining' && this.#streams.size === 0) this.#end('closed');
  }

  /** The peer broke the protocol: tells it, and ends. */
  #fail(code: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.#socket.write(buildFrame(FRAME.GOAWAY, 0, 0, payload));
    this.#end(`HTTP/2 ${errorWords(code)}`, true);
  }

  /** `broken`: the peer is at fault, so its calls are not tried again. */
  #end(text: string, broken = false): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#deadlines.drop(this.#deadline);
    this.#output.flush();
    this.#output.drop();
    this.#socket.destroy();
    const streams = this.#streams.all();
    this.#streams.clear();
    for (const stream of streams) {
      const unanswered = !stream.started;
      if (!this.#connected) stream.owner.lost(stream, { kind: 'unconnected', text });
      else if (broken) stream.owner.lost(stream, { kind: 'broken', text });
      else stream.owner.lost(stream, { kind: 'gone', text, unanswered });
    }
    this.#owner.closed(this);
  }
}

function bad(text: string): StreamLoss {
  return { kind: 'broken', text };
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return buildFrame(FRAME.WINDOW_UPDATE, 0, 0, payload);
}
