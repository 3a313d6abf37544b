// One connection of the peer: the server's side of HTTP/2 for a single kind of request. Header blocks are skipped
// undecoded (the socket serves one method, and a header table of size 0 means that they carry no state). A peer that
// breaks the protocol loses this connection with GOAWAY and nothing else.
import type { Socket } from 'node:net';
import { checkFrame, readUint31 } from '../../../lib/codecs/http2/connection-rules.ts';
import {
  DEFAULT_FRAME_BYTES,
  FLAG,
  FRAME,
  FRAME_HEAD_BYTES,
  H2_ERROR,
  MAX_WINDOW_BYTES,
  PREFACE,
  SETTING,
  DEFAULT_WINDOW_BYTES,
  buildFrame,
  buildSettings,
  writeFrameHead,
  writeUint32,
} from '../../../lib/codecs/http2/frames.ts';
import { Output } from '../../../lib/codecs/http2/output.ts';
import { FrameReader } from '../../../lib/codecs/http2/reader.ts';
import type { FrameHandler } from '../../../lib/codecs/http2/reader.ts';
import { StreamTable } from '../../../lib/codecs/http2/stream-table.ts';
import { parseSettings } from '../../../lib/codecs/http2/words.ts';
import { ResponseSender } from './send.ts';
import type { SendState } from './send.ts';
import {
  MAX_BLOCK_BYTES,
  MAX_BLOCK_FRAMES,
  MAX_STREAMS,
  MAX_UNSENT_BYTES,
  STREAM_WINDOW_BYTES,
} from '../../contract/transport-limits.ts';

const STREAM_CREDIT_STEP = STREAM_WINDOW_BYTES / 2;
const CONNECTION_CREDIT_STEP = 1 << 29;

const GREETING = Buffer.concat([
  buildSettings([
    [SETTING.HEADER_TABLE_SIZE, 0],
    [SETTING.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
    [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
  ]),
  buildFrame(FRAME.WINDOW_UPDATE, 0, 0, uint32(MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)),
]);
const SETTINGS_ACK = buildFrame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0));

/** What serves the requests of a connection. Nothing here may throw. */
export interface StreamHandler {
  /** Bytes of the request's body, `chunk[start, end)`: slices may be kept. */
  data(chunk: Buffer, start: number, end: number): void;
  /** The peer has sent all. */
  end(): void;
  /** The stream is over: ended on both sides, reset, or lost with its connection. Called once, last. */
  closed(): void;
}

export interface Http2Stream extends SendState {
  handler: StreamHandler | undefined;
  /** Bytes received since credit was given back last. */
  uncredited: number;
  /** The peer sends no more on it, and takes no more if it reset it. */
  remoteEnded: boolean;
}

export class ServerSession implements FrameHandler {
  readonly sender: ResponseSender;
  readonly #socket: Socket;
  readonly #out: Output;
  readonly #reader: FrameReader;
  readonly #open: (stream: Http2Stream, session: ServerSession) => StreamHandler;
  readonly #streams = new StreamTable<Http2Stream>();
  readonly #closed: () => void;
  #prefaceBytes = 0;
  #settingsSeen = false;
  #lastStreamId = 0;
  #uncredited = 0;
  #dataStream: Http2Stream | undefined;
  /** Stream of a header block that CONTINUATION must go on with; 0 for none. */
  #blockStreamId = 0;
  #blockEndsStream = false;
  #blockBytes = 0;
  #blockFrames = 0;
  #draining = false;
  #over = false;

  /** `open` is asked for the handler of each new stream; `closed` is told when the connection is gone. */
  constructor(
    socket: Socket,
    open: (stream: Http2Stream, session: ServerSession) => StreamHandler,
    closed: () => void,
  ) {
    this.#socket = socket;
    this.#open = open;
    this.#closed = closed;
    this.#out = new Output(socket);
    this.sender = new ResponseSender(this.#out, (stream) => this.#sent(stream as Http2Stream));
    this.#reader = new FrameReader(this, DEFAULT_FRAME_BYTES);
    this.#out.append(GREETING, 0, GREETING.length);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#lost());
    socket.on('error', () => this.#lost());
    socket.on('close', () => this.#lost());
  }

  /** Takes no new streams; the connection ends with its last one. */
  drain(): void {
    if (this.#draining || this.#over) return;
    this.#draining = true;
    this.#goaway(H2_ERROR.NO_ERROR);
    if (this.#streams.size === 0) this.#finish();
  }

  /** Ends the connection and all its streams now. */
  destroy(): void {
    this.#lost();
    this.#socket.destroy();
  }

  /** Ends one stream with RST_STREAM. */
  reset(stream: Http2Stream, error: number): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#smallFrame(FRAME.RST_STREAM, stream.id, error);
    this.#remove(stream);
  }

  #read(chunk: Buffer): void {
    let at = 0;
    if (this.#prefaceBytes < PREFACE.length) {
      while (at < chunk.length && this.#prefaceBytes < PREFACE.length) {
        if (chunk[at++] !== PREFACE[this.#prefaceBytes++]) {
          this.#fail(H2_ERROR.PROTOCOL_ERROR);
          return;
        }
      }
      if (at === chunk.length) return;
    }
    if (this.#over) return;
    const error = this.#reader.push(chunk, at);
    if (error !== 0) this.#fail(error);
    else if (this.#out.unsentBytes > MAX_UNSENT_BYTES) this.#fail(H2_ERROR.ENHANCE_YOUR_CALM);
  }

  dataStart(streamId: number, bytes: number): number {
    if (!this.#settingsSeen || this.#blockStreamId !== 0 || streamId === 0) {
      return H2_ERROR.PROTOCOL_ERROR;
    }
    if (streamId > this.#lastStreamId) return H2_ERROR.PROTOCOL_ERROR;
    this.#uncredited += bytes;
    if (this.#uncredited > MAX_WINDOW_BYTES) return H2_ERROR.FLOW_CONTROL_ERROR;
    if (this.#uncredited >= CONNECTION_CREDIT_STEP) {
      this.#smallFrame(FRAME.WINDOW_UPDATE, 0, this.#uncredited);
      this.#uncredited = 0;
    }
    // Frames of a stream that ended here may still be on their way: counted, not looked at.
    const stream = this.#streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) return 0;
    if (stream.remoteEnded) return H2_ERROR.STREAM_CLOSED;
    stream.uncredited += bytes;
    if (stream.uncredited > STREAM_WINDOW_BYTES) return H2_ERROR.FLOW_CONTROL_ERROR;
    if (stream.uncredited >= STREAM_CREDIT_STEP) {
      this.#smallFrame(FRAME.WINDOW_UPDATE, streamId, stream.uncredited);
      stream.uncredited = 0;
    }
    return 0;
  }

  dataPiece(chunk: Buffer, start: number, end: number): number {
    const handler = this.#dataStream?.handler;
    if (handler !== undefined) handler.data(chunk, start, end);
    return 0;
  }

  dataEnd(endStream: boolean): number {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if (stream !== undefined && endStream) this.#remoteEnd(stream);
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
    const bytes = end - start;
    const inBlock = this.#blockStreamId !== 0;
    const error = checkFrame(type, flags, streamId, bytes, this.#settingsSeen, inBlock);
    if (error !== 0) return error;
    switch (type) {
      case FRAME.HEADERS:
        return this.#headers(flags, streamId, bytes);
      case FRAME.CONTINUATION:
        if (streamId !== this.#blockStreamId) return H2_ERROR.PROTOCOL_ERROR;
        return this.#block(flags, bytes);
      case FRAME.SETTINGS:
        return this.#settings(flags, payload, start, end);
      case FRAME.PING:
        if ((flags & FLAG.ACK) === 0) {
          const out = this.#out;
          out.reserve(FRAME_HEAD_BYTES + 8);
          out.at = writeFrameHead(out.slab, out.at, 8, FRAME.PING, FLAG.ACK, 0);
          out.copy(payload, start, end);
        }
        return 0;
      case FRAME.WINDOW_UPDATE:
        return this.#windowUpdate(streamId, payload, start);
      case FRAME.RST_STREAM: {
        if (streamId > this.#lastStreamId) return H2_ERROR.PROTOCOL_ERROR;
        const stream = this.#streams.get(streamId);
        if (stream !== undefined) {
          stream.remoteEnded = true;
          this.#remove(stream);
        }
        return 0;
      }
      case FRAME.GOAWAY:
        this.#draining = true;
        if (this.#streams.size === 0) this.#finish();
        return 0;
      default:
        return 0;
    }
  }

  #headers(flags: number, streamId: number, bytes: number): number {
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    const known = this.#streams.get(streamId);
    if (known !== undefined) {
      if (known.remoteEnded) return H2_ERROR.STREAM_CLOSED;
      if (!endStream) return H2_ERROR.PROTOCOL_ERROR;
    }
    this.#blockStreamId = streamId;
    this.#blockEndsStream = endStream;
    this.#blockBytes = 0;
    this.#blockFrames = 0;
    return this.#block(flags, bytes);
  }

  #block(flags: number, bytes: number): number {
    this.#blockBytes += bytes;
    if (this.#blockBytes > MAX_BLOCK_BYTES || ++this.#blockFrames > MAX_BLOCK_FRAMES) {
      return H2_ERROR.ENHANCE_YOUR_CALM;
    }
    if ((flags & FLAG.END_HEADERS) === 0) return 0;
    const streamId = this.#blockStreamId;
    this.#blockStreamId = 0;
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // Trailers of a stream that ended here already.
      if (streamId <= this.#lastStreamId) return 0;
      this.#lastStreamId = streamId;
      if (this.#draining || this.#streams.size >= MAX_STREAMS) {
        this.#smallFrame(FRAME.RST_STREAM, streamId, H2_ERROR.REFUSED_STREAM);
        return 0;
      }
      stream = {
        id: streamId,
        sendWindow: this.sender.initialWindow,
        pending: [],
        pendingAt: 0,
        pendingBytes: 0,
        trailers: undefined,
        ended: false,
        handler: undefined,
        uncredited: 0,
        remoteEnded: false,
      };
      this.#streams.add(stream);
      stream.handler = this.#open(stream, this);
    }
    if (this.#blockEndsStream) this.#remoteEnd(stream);
    return 0;
  }

  #settings(flags: number, payload: Buffer, start: number, end: number): number {
    if ((flags & FLAG.ACK) !== 0) return 0;
    const settings = parseSettings(payload, start, end);
    if (typeof settings === 'number') return settings;
    this.#settingsSeen = true;
    // Before any frame that makes use of the new values: the peer holds to them from here on.
    this.#out.append(SETTINGS_ACK, 0, SETTINGS_ACK.length);
    this.sender.maxFrameBytes = settings.maxFrameBytes ?? this.sender.maxFrameBytes;
    const window = settings.initialWindow ?? this.sender.initialWindow;
    const change = window - this.sender.initialWindow;
    this.sender.initialWindow = window;
    if (change === 0) return 0;
    for (const stream of this.#streams.all()) {
      if (!this.sender.creditStream(stream, change)) return H2_ERROR.FLOW_CONTROL_ERROR;
    }
    return 0;
  }

  #windowUpdate(streamId: number, payload: Buffer, start: number): number {
    const credit = readUint31(payload, start);
    if (streamId === 0) {
      if (credit === 0) return H2_ERROR.PROTOCOL_ERROR;
      return this.sender.creditConnection(credit) ? 0 : H2_ERROR.FLOW_CONTROL_ERROR;
    }
    if (streamId > this.#lastStreamId) return H2_ERROR.PROTOCOL_ERROR;
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return 0;
    if (credit === 0) this.reset(stream, H2_ERROR.PROTOCOL_ERROR);
    else if (!this.sender.creditStream(stream, credit)) {
      this.reset(stream, H2_ERROR.FLOW_CONTROL_ERROR);
    }
    return 0;
  }

  #remoteEnd(stream: Http2Stream): void {
    stream.remoteEnded = true;
    if (stream.ended) this.#remove(stream);
    else stream.handler?.end();
  }

  /** Our last frame on a stream is written. */
  #sent(stream: Http2Stream): void {
    // A response that ends before the request: the peer is asked to stop sending (RFC 9113 §8.1).
    if (stream.remoteEnded) this.#remove(stream);
    else this.reset(stream, H2_ERROR.NO_ERROR);
  }

  #remove(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    this.sender.forget(stream);
    if (this.#dataStream === stream) this.#dataStream = undefined;
    const handler = stream.handler;
    stream.handler = undefined;
    handler?.closed();
    if (this.#draining && this.#streams.size === 0) this.#finish();
  }

  #smallFrame(type: number, streamId: number, value: number): void {
    const out = this.#out;
    out.reserve(FRAME_HEAD_BYTES + 4);
    out.at = writeFrameHead(out.slab, out.at, 4, type, 0, streamId);
    out.at = writeUint32(out.slab, out.at, value);
  }

  #goaway(error: number): void {
    const out = this.#out;
    out.reserve(FRAME_HEAD_BYTES + 8);
    out.at = writeFrameHead(out.slab, out.at, 8, FRAME.GOAWAY, 0, 0);
    out.at = writeUint32(out.slab, out.at, this.#lastStreamId);
    out.at = writeUint32(out.slab, out.at, error);
  }

  #fail(error: number): void {
    if (this.#over) return;
    this.#goaway(error);
    this.#finish();
    this.#lost();
  }

  #finish(): void {
    this.#out.end();
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#out.end();
    this.#out.drop();
    for (const stream of this.#streams.all()) this.#remove(stream);
    this.#closed();
    this.#socket.destroySoon();
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  writeUint32(bytes, 0, value);
  return bytes;
}
