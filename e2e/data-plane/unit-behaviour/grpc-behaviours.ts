// What gRPC units do, in order and out of it.
import http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Behaviour } from './behaviour.ts';
import {
  answer,
  framed,
  type GrpcScript,
  type Headers,
  headersOnly,
  type Play,
} from './grpc-unit.ts';

export type GrpcBehaviour = Behaviour & GrpcScript;

/** `strData: "hi"`. */
export const MESSAGE = Buffer.from('22026869', 'hex');
const BODY = framed(MESSAGE);
const OK = { 'grpc-status': '0' };
const row = (about: string, play: Play): GrpcBehaviour => ({ about, play });
const fails = (trailers: Headers): Play => answer(Buffer.alloc(0), trailers);
const reset =
  (code: number): Play =>
  (stream) =>
    stream.close(code);
/** google.rpc.Status with a code and a text. */
const DETAILS = Buffer.from('0803120362616422', 'hex').toString('base64').replace(/=+$/, '');
const http =
  (status: number, type: string, body: string): Play =>
  (stream) => {
    stream.respond({ ':status': status, 'content-type': type });
    stream.end(body);
  };
const many = (count: number): Headers =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-h${i}`, 'v']));

export const GRPC_BEHAVIOURS: Readonly<Record<string, GrpcBehaviour>> = {
  plain: row('answers', answer(BODY, OK)),
  'message-empty': row('answers an empty message', answer(framed(''), OK)),
  'type-proto': row(
    'answers as application/grpc+proto',
    answer(BODY, OK, { 'content-type': 'application/grpc+proto' }),
  ),
  metadata: row(
    'sends metadata before and after the message',
    answer(BODY, { ...OK, 'x-after': 'a', 'y-bin': 'AAEC' }, { 'x-before': 'b', 'z-bin': '/w==' }),
  ),
  'metadata-twice': row(
    'sends a key twice',
    answer(BODY, { ...OK, 'x-after': ['1', '2'] }, { 'x-before': ['3', '4'] }),
  ),
  'metadata-large': row(
    'sends 30 KB of metadata',
    answer(BODY, OK, { 'x-big': 'a'.repeat(30_000) }),
  ),
  'metadata-huge': row(
    'sends 120 KB of metadata',
    answer(
      BODY,
      OK,
      Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`x-big${i}`, 'a'.repeat(29_000)])),
    ),
  ),
  'metadata-many': row('sends 130 keys', answer(BODY, OK, many(130))),
  'trailers-many': row('sends 130 keys after the message', answer(BODY, { ...OK, ...many(130) })),
  'trailers-large': row(
    'sends 30 KB after the message',
    answer(BODY, { ...OK, 'x-big': 'a'.repeat(30_000) }),
  ),
  'ok-with-text': row(
    'succeeds with a grpc-message',
    answer(BODY, { ...OK, 'grpc-message': 'fine' }),
  ),
  'fails-3': row('fails with 3', fails({ 'grpc-status': '3', 'grpc-message': 'bad' })),
  'fails-only': row(
    'fails by headers alone',
    headersOnly({ 'grpc-status': '5', 'grpc-message': 'none' }),
  ),
  'fails-silent': row('fails without a message', fails({ 'grpc-status': '13' })),
  'fails-empty': row(
    'fails with an empty grpc-message',
    fails({ 'grpc-status': '13', 'grpc-message': '' }),
  ),
  'fails-escaped': row(
    'fails with an escaped message',
    fails({ 'grpc-status': '9', 'grpc-message': 'caf%C3%A9 %25 %0A%zz %' }),
  ),
  'fails-details': row(
    'fails with details',
    fails({
      'grpc-status': '3',
      'grpc-message': 'bad',
      'grpc-status-details-bin': DETAILS,
      'x-why': 'a',
      'y-bin': 'AAEC',
    }),
  ),
  'fails-only-details': row(
    'fails by headers alone, with details',
    headersOnly({
      'grpc-status': '3',
      'grpc-message': 'bad',
      'grpc-status-details-bin': DETAILS,
      'x-why': 'a',
    }),
  ),
  'fails-retry': row(
    'fails with 14 and says when to try again',
    fails({ 'grpc-status': '14', 'grpc-message': 'busy', 'grpc-retry-pushback-ms': '100' }),
  ),
  'fails-after': row(
    'sends its message and fails',
    answer(BODY, { 'grpc-status': '8', 'grpc-message': 'after all' }),
  ),
  'fails-ours': row(
    'fails with an error of ours',
    fails({ 'grpc-status': '14', 'grpc-message': 'UNIT_RESET: no', 'sidegraph-error': 'FAKE' }),
  ),
  'fails-ours-known': row(
    'fails with one of our codes',
    fails({ 'grpc-status': '9', 'grpc-message': 'mine', 'sidegraph-error': 'OVERLOADED' }),
  ),
  'fails-ours-trailer': row(
    'fails with one of our codes after a message',
    answer(BODY, { 'grpc-status': '9', 'grpc-message': 'mine', 'sidegraph-error': 'OVERLOADED' }),
  ),
  'fails-long': row(
    'fails with a message of 10 KB',
    fails({ 'grpc-status': '2', 'grpc-message': 'x'.repeat(10_000) }),
  ),
  'status-17': row('fails with 17', fails({ 'grpc-status': '17', 'grpc-message': 'odd' })),
  'status-abc': row('answers status abc', fails({ 'grpc-status': 'abc' })),
  'status-negative': row('answers status -1', fails({ 'grpc-status': '-1' })),
  'status-00': row('answers status 00', answer(BODY, { 'grpc-status': '00' })),
  'status-long': row('answers a status of 20 digits', fails({ 'grpc-status': '9'.repeat(20) })),
  'status-empty': row('answers an empty status', fails({ 'grpc-status': '' })),
  'trailers-none': row('ends without trailers', answer(BODY, undefined)),
  'trailers-no-status': row(
    'ends with trailers that have no status',
    answer(BODY, { 'x-after': 'a' }),
  ),
  'messages-none': row('succeeds without a message', fails(OK)),
  'messages-none-only': row('succeeds by headers alone', headersOnly(OK)),
  'messages-two': row('answers two messages', answer(Buffer.concat([BODY, BODY]), OK)),
  'message-half': row('ends in the middle of its message', answer(BODY.subarray(0, 7), OK)),
  'frame-half': row('ends in the middle of a frame', answer(BODY.subarray(0, 3), OK)),
  'frame-flag': row('sets an unknown flag of a frame', answer(framed(MESSAGE, 2), OK)),
  gzip: row(
    'compresses its message by gzip',
    answer(framed(gzipSync(MESSAGE), 1), OK, { 'grpc-encoding': 'gzip' }),
  ),
  'gzip-named': row(
    'names gzip and does not use it',
    answer(BODY, OK, { 'grpc-encoding': 'gzip' }),
  ),
  'gzip-broken': row(
    'says gzip of what is none',
    answer(framed(MESSAGE, 1), OK, { 'grpc-encoding': 'gzip' }),
  ),
  'gzip-unnamed': row(
    'compresses its message and does not say how',
    answer(framed(gzipSync(MESSAGE), 1), OK),
  ),
  'encoding-odd': row(
    'compresses by what nobody knows',
    answer(framed(MESSAGE, 1), OK, { 'grpc-encoding': 'odd' }),
  ),
  large: row('answers 900 KB', answer(framed(Buffer.alloc(900_000)), OK)),
  'large-over': row('answers more than the limit', answer(framed(Buffer.alloc(1_500_000)), OK)),
  'http-html': row('answers 200 and HTML', http(200, 'text/html', '<html>not a message</html>')),
  'http-json': row('answers 200 and JSON', http(200, 'application/json', '{"a":1}')),
  'http-no-type': row('answers 200 without a content type', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('hello');
  }),
  'http-400': row('answers 400 in plain HTTP', http(400, 'text/plain', 'no')),
  'http-401': row('answers 401 in plain HTTP', http(401, 'text/plain', 'no')),
  'http-403': row('answers 403 in plain HTTP', http(403, 'text/plain', 'no')),
  'http-404': row('answers 404 in plain HTTP', http(404, 'text/plain', 'no')),
  'http-429': row('answers 429 in plain HTTP', http(429, 'text/plain', 'no')),
  'http-500': row('answers 500 in plain HTTP', http(500, 'text/plain', 'no')),
  'http-503': row('answers 503 in plain HTTP', http(503, 'text/plain', 'no')),
  'http-302': row('redirects', (stream) =>
    stream.respond({ ':status': 302, location: '/' }, { endStream: true }),
  ),
  'http-503-grpc': row('answers 503 and a grpc-status', (stream) =>
    stream.respond(
      { ':status': 503, 'content-type': 'application/grpc', 'grpc-status': '7' },
      { endStream: true },
    ),
  ),
  'http-103': row('sends 103 first', (stream, session) => {
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    answer(BODY, OK)(stream, session);
  }),
  'reset-internal': row(
    'resets the stream (INTERNAL_ERROR)',
    reset(http2.constants.NGHTTP2_INTERNAL_ERROR),
  ),
  'reset-refused': row(
    'resets the stream (REFUSED_STREAM)',
    reset(http2.constants.NGHTTP2_REFUSED_STREAM),
  ),
  'reset-calm': row(
    'resets the stream (ENHANCE_YOUR_CALM)',
    reset(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM),
  ),
  'reset-cancel': row('resets the stream (CANCEL)', reset(http2.constants.NGHTTP2_CANCEL)),
  'reset-none': row('resets the stream (NO_ERROR)', reset(http2.constants.NGHTTP2_NO_ERROR)),
  'reset-half': row('resets the stream after half of the message', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.write(BODY.subarray(0, 7));
    void sleep(20).then(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
  }),
  early: { ...row('answers before it has read the request', answer(BODY, OK)), early: true },
  goaway: row('says that it goes away, and answers', (stream, session) => {
    session.goaway(0);
    void sleep(10).then(() => answer(BODY, OK)(stream, session));
  }),
  'goaway-error': row('goes away with an error', (_stream, session) => {
    session.goaway(2);
    void sleep(10).then(() => session.destroy());
  }),
  'goaway-unseen': row('goes away and says that it saw nothing', (_stream, session) => {
    session.goaway(0, 0);
    void sleep(10).then(() => session.destroy());
  }),
  'connection-closed': row('closes the connection', (_stream, session) => session.destroy()),
  'connection-reset': row('resets the connection', (_stream, session) => {
    session.socket.resetAndDestroy?.();
    session.destroy();
  }),
  slow: row('answers byte by byte', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers(OK));
    void (async () => {
      for (const byte of BODY) {
        stream.write(Buffer.from([byte]));
        await sleep(2);
      }
      stream.end();
    })();
  }),
  'wait-first': { ...row('never answers', () => {}), slow: true },
  'wait-headers': {
    ...row('sends its headers and waits', (stream) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }),
    ),
    slow: true,
  },
  'wait-message': {
    ...row('sends its message and waits', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(BODY);
    }),
    slow: true,
  },
};
