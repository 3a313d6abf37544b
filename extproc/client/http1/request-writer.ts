// Writes one request onto a connection: a POST, or a GET without a body. What does not change with the request (request line and host, the content type
// of the last request) is made once; a small request leaves in one piece, a larger body as it is, uncopied.
import type { Socket } from 'node:net';
import type { CallRequest, CallMethod } from '../../contract/calls.ts';
import { ONE_WRITE_BYTES } from '../limits.ts';

const CONTENT_LENGTH = Buffer.from('content-length: ');
const END = Buffer.from('\r\n\r\n');
const EMPTY_LINE = Buffer.from('\r\n');
const MAX_LENGTH_DIGITS = 16;
/** Paths come from the plan, so there are a handful; a bound all the same. */
const MAX_PATHS = 256;

export class RequestWriter {
  readonly #host: string;
  readonly #method: CallMethod;
  readonly #starts = new Map<string, Buffer>();
  #contentType: string | undefined;
  #contentEncoding: string | undefined;
  #entityLines: Buffer = Buffer.alloc(0);

  constructor(host: string, method: CallMethod = 'POST') {
    this.#host = host;
    this.#method = method;
  }

  write(socket: Socket, request: CallRequest): void {
    const { body, extra } = request;
    const bodyLength = Buffer.isBuffer(body) ? body.length : totalLength(body);
    const start = this.#startOf(request.path);
    const entity = this.#entityLinesOf(request.contentType, request.contentEncoding);
    const headRoom =
      start.length +
      request.headers.length +
      (extra === undefined ? 0 : extra.length) +
      entity.length +
      CONTENT_LENGTH.length +
      MAX_LENGTH_DIGITS +
      END.length;
    const whole = headRoom + bodyLength <= ONE_WRITE_BYTES;
    const out = Buffer.allocUnsafe(whole ? headRoom + bodyLength : headRoom);
    let at = start.copy(out, 0);
    at += request.headers.copy(out, at);
    if (extra !== undefined) at += extra.copy(out, at);
    at += entity.copy(out, at);
    if (this.#method === 'POST') {
      at += CONTENT_LENGTH.copy(out, at);
      at = writeDecimal(out, at, bodyLength);
      at += END.copy(out, at);
    } else at += EMPTY_LINE.copy(out, at);
    if (whole) {
      if (Buffer.isBuffer(body)) at += body.copy(out, at);
      else for (const piece of body) at += piece.copy(out, at);
      socket.write(out.subarray(0, at));
      return;
    }
    socket.cork();
    socket.write(out.subarray(0, at));
    if (Buffer.isBuffer(body)) socket.write(body);
    else for (const piece of body) if (piece.length > 0) socket.write(piece);
    socket.uncork();
  }

  #startOf(path: string): Buffer {
    const known = this.#starts.get(path);
    if (known !== undefined) return known;
    const made = Buffer.from(
      `${this.#method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n`,
      'latin1',
    );
    if (this.#starts.size < MAX_PATHS) this.#starts.set(path, made);
    return made;
  }

  #entityLinesOf(type: string | undefined, encoding: string | undefined): Buffer {
    if (type === this.#contentType && encoding === this.#contentEncoding) return this.#entityLines;
    const lines = line('content-type', type) + line('content-encoding', encoding);
    this.#contentType = type;
    this.#contentEncoding = encoding;
    this.#entityLines = Buffer.from(lines, 'latin1');
    return this.#entityLines;
  }
}

/** A value that could end its line early is left out. */
function line(name: string, value: string | undefined): string {
  return value === undefined || /[\r\n\0]/.test(value) ? '' : `${name}: ${value}\r\n`;
}

export function totalLength(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function writeDecimal(out: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    out[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
