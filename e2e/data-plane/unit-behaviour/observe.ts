// Asks a graph and says in one line what a client has of it: status, our code, the body, and the headers that the unit chose.
// What two clients would take for the same is written the same.
import http from 'node:http';
import http2 from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { ERRORS } from '../../../graph/plan/errors.ts';
import { framed } from './grpc-unit.ts';

/** A response that took so long was waited for. */
export interface Lateness {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
}

/** What belongs to a connection or is the same for every response of a place. */
const NOT_COMPARED = new Set([
  'date',
  'server',
  'seldon-puid',
  'seldon-routing',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'access-control-allow-origin',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'x-content-type-options',
  'sidegraph-error',
  ':status',
]);
const GRPC_OWN = new Set(['grpc-status', 'grpc-message', 'grpc-encoding', 'grpc-accept-encoding']);
const CLIENT_PATIENCE_MS = 20_000;
const LONG = 60;

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

function waited(startedAt: number, late: Lateness): string {
  const ms = performance.now() - startedAt;
  if (ms >= late.deadlineMs) return 'after the deadline: ';
  return ms >= late.timeoutMs ? 'after the timeout: ' : '';
}

export function observeRest(port: number, headers: Fields, late: Lateness): Promise<string> {
  const startedAt = performance.now();
  const body = '{"data":{"ndarray":[[1]]}}';
  return new Promise((resolve) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/api/v1.0/predictions',
        agent: false,
        maxHeaderSize: 1_000_000,
        headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
      },
      (response) => {
        const pieces: Buffer[] = [];
        const say = (end: string): void =>
          resolve(waited(startedAt, late) + end + restText(response, Buffer.concat(pieces)));
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', () => say('cut off: '));
        response.on('end', () => say(''));
      },
    );
    request.on('error', () => resolve(`${waited(startedAt, late)}a response that is no HTTP`));
    request.setTimeout(CLIENT_PATIENCE_MS, () => request.destroy(new Error('client timeout')));
    request.end(body);
  });
}

function restText(response: http.IncomingMessage, body: Buffer): string {
  const code = String(response.headers['sidegraph-error'] ?? '');
  if (isCode(code)) return `${response.statusCode} ${code}`;
  const type = response.headers['content-type'];
  const said = [
    ...fieldTexts(response.headersDistinct, (name) => name === 'content-type'),
    ...(type === 'application/json'
      ? []
      : [type === undefined ? 'no content-type' : `content-type: ${type}`]),
    ...(code === '' ? [] : [`sidegraph-error: ${code}`]),
  ];
  return `${response.statusCode} ${textOf(body)}`.trimEnd() + listed(said);
}

/** The status is the one that gRPC clients make of what came. */
export function observeGrpc(port: number, headers: Fields, late: Lateness): Promise<string> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`, {
      maxHeaderListPairs: 5000,
      settings: { maxHeaderListSize: 1_000_000 },
    });
    let first: http2.IncomingHttpHeaders = {};
    let last: http2.IncomingHttpHeaders = {};
    const pieces: Buffer[] = [];
    let over = false;
    const finish = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      session.destroy();
      resolve(waited(startedAt, late) + grpcText(first, last, Buffer.concat(pieces)));
    };
    const timer = setTimeout(finish, CLIENT_PATIENCE_MS);
    session.on('error', finish);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/seldon.protos.Seldon/Predict',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(headers as http2.OutgoingHttpHeaders),
    });
    stream.on('response', (values) => {
      first = values;
    });
    stream.on('trailers', (values) => {
      last = values;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => {});
    stream.on('close', finish);
    stream.end(framed(Buffer.alloc(0)));
  });
}

function grpcText(
  first: http2.IncomingHttpHeaders,
  last: http2.IncomingHttpHeaders,
  body: Buffer,
): string {
  const code = String(last['sidegraph-error'] ?? first['sidegraph-error'] ?? '');
  const end = endOf(first, last);
  if (end === undefined) return 'no end';
  if (isCode(code)) return `${end.status} ${code}`;
  const fake = code === '' ? [] : [`sidegraph-error: ${code}`];
  const isOwn = (name: string): boolean => GRPC_OWN.has(name) || name === 'content-type';
  if (end.status !== 0) {
    const said = [...fieldTexts(first, isOwn), ...fieldTexts(last, isOwn), ...fake];
    return `${end.status} ${shorten(end.message)}`.trimEnd() + listed(said);
  }
  const message = messageOf(body, first['grpc-encoding']);
  if (typeof message === 'string') return `13 (${message})`;
  const text = message.length > LONG ? `(${message.length} bytes)` : message.toString('hex');
  return `0 ${text}`.trimEnd() + listed(fieldTexts(first, isOwn)) + behind(fieldTexts(last, isOwn));
}

/** How a call ended, as clients decide: "HTTP to gRPC Status Code Mapping", and UNKNOWN for what is no status. */
function endOf(
  first: http2.IncomingHttpHeaders,
  last: http2.IncomingHttpHeaders,
): { readonly status: number; readonly message: string } | undefined {
  const http = Number(first[':status'] ?? 0);
  const given = last['grpc-status'] ?? first['grpc-status'];
  if (given !== undefined) {
    const message = String(last['grpc-message'] ?? first['grpc-message'] ?? '');
    return {
      status: /^\d{1,9}$/.test(String(given)) ? Number(given) : 2,
      message: decode(message),
    };
  }
  if (http === 0) return { status: 14, message: '(stream reset)' };
  if (http !== 200) return { status: HTTP_TO_GRPC[http] ?? 2, message: `HTTP status ${http}` };
  const type = String(first['content-type'] ?? '');
  return type.startsWith('application/grpc')
    ? { status: 13, message: '(no grpc-status)' }
    : { status: 2, message: '(no gRPC)' };
}

const HTTP_TO_GRPC: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

/** The one message of a unary response, unpacked, or why there is none. */
function messageOf(
  body: Buffer,
  encoding: string | readonly string[] | undefined,
): Buffer | string {
  if (body.length === 0) return 'no message';
  const length = body.length < 5 ? -1 : body.readUInt32BE(1);
  if (length < 0 || body.length < 5 + length) return 'half a message';
  if (body.length > 5 + length) return 'more than one message';
  const message = body.subarray(5);
  if (body[0] === 0) return message;
  if (body[0] !== 1 || encoding !== 'gzip') return 'a message that cannot be read';
  try {
    return gunzipSync(message);
  } catch {
    return 'a message that cannot be read';
  }
}

/** Percent-decoded where that is possible, as the protocol has it. */
function decode(message: string): string {
  return message.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function isCode(code: string): boolean {
  return Object.hasOwn(ERRORS, code);
}

function fieldTexts(fields: Fields, isOwn: (name: string) => boolean): string[] {
  const texts = Object.entries(fields)
    .filter(([name]) => !NOT_COMPARED.has(name) && !isOwn(name))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [String(value)]).flatMap((each: string) =>
        // Two values under one key and one value with a comma are the same (RFC 9110 §5.3); a cookie has none.
        (name === 'set-cookie' ? [each] : each.split(/, ?/)).map(
          (part) => `${name}: ${shorten(part)}`,
        ),
      ),
    )
    .sort();
  return texts.length > 20 ? [`${texts.length} headers`] : texts;
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` [${texts.join('; ')}]`;
}

function behind(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` then [${texts.join('; ')}]`;
}

function textOf(body: Buffer): string {
  return body.length > LONG ? `(${body.length} bytes)` : shorten(body.toString('latin1'));
}

function shorten(text: string): string {
  if (text.length > LONG) return `(${text.length} characters)`;
  return text.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
