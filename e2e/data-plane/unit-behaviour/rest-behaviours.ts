// What REST units do, in order and out of it, and what the client gets at each place of a graph. The test holds every row;
// the page docs/unit-behaviour.md is made of them.
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Behaviour } from './behaviour.ts';
import type { Script, Step } from './raw-unit.ts';

export type RestBehaviour = Behaviour & Script;

const WAIT_MS = 6000;
const BODY = '{"a":1}';
const JSON_LINE = 'content-type: application/json\r\n';
const LENGTH = `content-length: ${BODY.length}\r\n`;
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}${JSON_LINE}transfer-encoding: chunked\r\n\r\n`;

/** A 200 with the body, and these header lines. */
const ok = (lines: string): string => `${OK}${JSON_LINE}${lines}${LENGTH}\r\n${BODY}`;
const status = (line: string, lines = ''): string =>
  `HTTP/1.1 ${line}\r\n${JSON_LINE}${lines}${LENGTH}\r\n${BODY}`;
const packed = (encoding: string, body: Buffer): readonly Step[] => [
  `${OK}${JSON_LINE}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`,
  body,
];
const many = (count: number): string =>
  Array.from({ length: count }, (_, i) => `x-h${i}: v\r\n`).join('');
const drip = (text: string): readonly Step[] => [...text].flatMap((c) => [c, { waitMs: 1 }]);
const big = (bytes: number): Buffer => Buffer.alloc(bytes, 'a');
/** How long a connection that the unit ends may take to be gone everywhere: a request that meets it before is lost with it. */
const END_MS = 50;
const row = (about: string, ...steps: readonly Step[]): RestBehaviour => {
  const last = steps.at(-1);
  return { about, steps, ...(last === 'CLOSE' || last === 'RESET' ? { settleMs: END_MS } : {}) };
};
/** Then it waits for the other side to go on. */
const waits = (about: string, ...steps: readonly Step[]): RestBehaviour => ({
  ...row(about, ...steps, { waitMs: WAIT_MS }),
  slow: true,
});

export const REST_BEHAVIOURS: Readonly<Record<string, RestBehaviour>> = {
  plain: row('answers with a content-length', ok('')),
  'no-length': row('answers without a length and closes', `${OK}${JSON_LINE}\r\n${BODY}`, 'CLOSE'),
  'close-told': row('answers with `connection: close`', ok('connection: close\r\n'), 'CLOSE'),
  'close-untold': row('closes after each response without saying so', ok(''), 'CLOSE'),
  'reset-after': row('resets the connection after each response', ok(''), { waitMs: 5 }, 'RESET'),
  chunked: row('answers in chunks', `${CHUNKED}3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`),
  'chunk-extensions': row(
    'answers in chunks with extensions and trailers',
    `${CHUNKED}3;a=b\r\n{"a\r\n4;c="d"\r\n":1}\r\n0;e\r\nx-sum: 1\r\n\r\n`,
  ),
  'chunk-digits': row(
    'writes chunk sizes with zeros and capitals',
    `${CHUNKED}0007\r\n${BODY}\r\n0A\r\n          \r\n000\r\n\r\n`,
  ),
  'chunk-drip': row(
    'answers in chunks, byte by byte',
    ...drip(`${CHUNKED}7\r\n${BODY}\r\n0\r\n\r\n`),
  ),
  'http10-length': row(
    'answers in HTTP/1.0 with a length',
    `HTTP/1.0 200 OK\r\n${JSON_LINE}${LENGTH}\r\n${BODY}`,
    'CLOSE',
  ),
  'http10-close': row(
    'answers in HTTP/1.0 and closes',
    `HTTP/1.0 200 OK\r\n${JSON_LINE}\r\n${BODY}`,
    'CLOSE',
  ),
  'http10-keep': row(
    'answers in HTTP/1.0 and keeps the connection',
    `HTTP/1.0 200 OK\r\n${JSON_LINE}connection: keep-alive\r\n${LENGTH}\r\n${BODY}`,
  ),
  'http10-chunked': row(
    'answers in HTTP/1.0 in chunks',
    `HTTP/1.0 200 OK\r\n${JSON_LINE}transfer-encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
    'CLOSE',
  ),
  early: { ...row('answers before it has read the body', ok('')), early: true },
  'early-close': {
    ...row('answers before it has read the body, and closes', ok('connection: close\r\n'), 'CLOSE'),
    early: true,
  },
  'interim-100': row('sends 100 first', 'HTTP/1.1 100 Continue\r\n\r\n', ok('')),
  'interim-103': row('sends 103 first', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', ok('')),
  'interim-length': row(
    'sends 103 with a length',
    'HTTP/1.1 103 Early Hints\r\ncontent-length: 3\r\n\r\n',
    ok(''),
  ),
  'interim-many': row('sends 20 times 102', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20), ok('')),
  'switches-101': row(
    'switches protocols unasked',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  ),
  'status-201': row('answers 201', status('201 Created', 'location: /here\r\n')),
  'status-202': row('answers 202', status('202 Accepted')),
  'status-204': row('answers 204', 'HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n'),
  'status-204-zero': row(
    'answers 204 with a length of 0',
    'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n',
  ),
  'status-204-body': row(
    'answers 204 with a body',
    `HTTP/1.1 204 No Content\r\n${LENGTH}\r\n${BODY}`,
  ),
  'status-204-chunked': row(
    'answers 204 in chunks',
    'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ),
  'status-204-more': row('answers 204 and sends a body', `HTTP/1.1 204 No Content\r\n\r\n${BODY}`),
  'status-205': row('answers 205', 'HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n'),
  'status-206': row('answers 206', status('206 Partial Content', 'content-range: bytes 0-6/7\r\n')),
  'status-301': row('redirects', status('301 Moved', 'location: http://elsewhere.invalid/\r\n')),
  'status-304': row('answers 304', 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n'),
  'status-304-length': row(
    'answers 304 with a length',
    `HTTP/1.1 304 Not Modified\r\netag: "x"\r\n${LENGTH}\r\n`,
  ),
  'status-307': row(
    'redirects by 307',
    status('307 Temporary Redirect', 'location: /predict2\r\n'),
  ),
  'status-400': row('answers 400', status('400 Bad Request')),
  'status-401': row('answers 401', status('401 Unauthorized', 'www-authenticate: Bearer\r\n')),
  'status-407': row('answers 407', status('407 Proxy', 'proxy-authenticate: Basic\r\n')),
  'status-413': row('answers 413', status('413 Payload Too Large')),
  'status-422': row('answers 422', status('422 Unprocessable')),
  'status-429': row('answers 429', status('429 Too Many', 'retry-after: 7\r\n')),
  'status-500': row('answers 500', status('500 Oops')),
  'status-503': row('answers 503', status('503 Busy', 'retry-after: 7\r\n')),
  'status-504': row('answers 504', status('504 Late')),
  'status-599': row('answers 599', status('599 Odd')),
  'status-600': row('answers 600', status('600 Odd')),
  'status-999': row('answers 999', status('999 Odd')),
  'status-099': row('answers 099', status('099 Odd')),
  'status-1000': row('answers 1000', status('1000 Odd')),
  'status-20': row('answers 20', status('20 Odd')),
  'status-text': row('answers a status of letters', status('abc Odd')),
  'reason-none': row('leaves out the reason', status('200')),
  'reason-empty': row('leaves the reason empty', status('200 ')),
  'reason-utf8': row('writes a reason that is not ASCII', status('200 \xc3\xa9t\xe9')),
  'length-zero': row('answers an empty body', `${OK}${JSON_LINE}content-length: 0\r\n\r\n`),
  'length-short': row(
    'sends more than its length',
    `${OK}${JSON_LINE}content-length: 4\r\n\r\n${BODY}`,
  ),
  'length-long-close': row(
    'sends less than its length and closes',
    `${OK}${JSON_LINE}content-length: 10\r\n\r\n${BODY}`,
    'CLOSE',
  ),
  'length-negative': row(
    'says a negative length',
    `${OK}${JSON_LINE}content-length: -1\r\n\r\n${BODY}`,
  ),
  'length-plus': row(
    'says a length with a plus',
    `${OK}${JSON_LINE}content-length: +7\r\n\r\n${BODY}`,
  ),
  'length-blank': row(
    'says a length between blanks',
    `${OK}${JSON_LINE}content-length: \t 7 \r\n\r\n${BODY}`,
  ),
  'length-twice': row('says its length twice, the same', ok(LENGTH)),
  'length-list': row(
    'says its length as a list',
    `${OK}${JSON_LINE}content-length: 7, 7\r\n\r\n${BODY}`,
  ),
  'length-differs': row('says two different lengths', ok('content-length: 4\r\n')),
  'length-and-chunks': row(
    'says a length and answers in chunks',
    `${OK}${JSON_LINE}${LENGTH}transfer-encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'coding-unknown': row(
    'names an unknown transfer coding',
    `${OK}${JSON_LINE}transfer-encoding: gzip, chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'coding-twice': row(
    'names chunked twice',
    `${OK}${JSON_LINE}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'coding-identity': row(
    'names the transfer coding identity',
    `${OK}${JSON_LINE}transfer-encoding: identity\r\n${LENGTH}\r\n${BODY}`,
  ),
  'chunk-size-bad': row('writes a chunk size that is none', `${CHUNKED}zz\r\n${BODY}\r\n0\r\n\r\n`),
  'chunk-size-blank': row(
    'writes a blank after a chunk size',
    `${CHUNKED}7 \r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'chunk-size-words': row(
    'writes words after a chunk size',
    `${CHUNKED}7 x\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'chunk-size-huge': row(
    'writes a chunk size beyond all numbers',
    `${CHUNKED}${'F'.repeat(20)}\r\n${BODY}`,
  ),
  'chunk-no-end': row('writes no line end after a chunk', `${CHUNKED}7\r\n${BODY}0\r\n\r\n`),
  'chunk-bare-lf': row('ends chunk lines with a bare line feed', `${CHUNKED}7\n${BODY}\n0\n\n`),
  'chunk-cut': row('closes in the middle of the chunks', `${CHUNKED}7\r\n${BODY}\r\n`, 'CLOSE'),
  'bare-lf': row('ends lines with a bare line feed', ok('x-a: b\r\n').replaceAll('\r\n', '\n')),
  'mixed-lf': row('ends some lines with a bare line feed', ok('x-a: b\n')),
  'bare-cr': row('has a bare carriage return in a value', ok('x-a: b\rc\r\n')),
  folded: row('folds a header line', ok('x-a: b\r\n c\r\n')),
  'folded-tab': row('folds a header line by a tab', ok('x-a: b\r\n\t c\r\n')),
  'folded-length': row('folds its length', `${OK}${JSON_LINE}content-length:\r\n 7\r\n\r\n${BODY}`),
  'folded-coding': row(
    'folds its transfer coding',
    `${OK}${JSON_LINE}transfer-encoding:\r\n chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'folded-first': row(
    'begins with a folded line',
    `${OK} x-a: b\r\n${JSON_LINE}${LENGTH}\r\n${BODY}`,
  ),
  'name-blank': row('has a blank before a colon', ok('x-a : b\r\n')),
  'name-none': row('has a header line without a name', ok(': b\r\n')),
  'name-bad': row('has a header name with a blank in it', ok('x a: b\r\n')),
  'name-utf8': row('has a header name that is not ASCII', ok('x-\xe9: b\r\n')),
  'name-case': row('writes header names in capitals', ok('X-UPPER-Case: B\r\n')),
  'colon-none': row('has a header line without a colon', ok('x-a b\r\n')),
  'value-empty': row('has an empty header value', ok('x-a:\r\nx-b: \r\n')),
  'value-tab': row('has a tab in a header value', ok('x-a: b\tc\r\n')),
  'value-utf8': row('has a header value that is not ASCII', ok('x-a: \xc3\xa9\xff\r\n')),
  'value-control': row('has a control character in a header value', ok('x-a: b\x01c\r\n')),
  'value-nul': row('has a NUL in a header value', ok('x-a: b\x00c\r\n')),
  'value-del': row('has a DEL in a header value', ok('x-a: b\x7fc\r\n')),
  'header-twice': row('repeats a header', ok('x-a: 1\r\nx-b: 2\r\nx-a: 3\r\n')),
  cookies: row(
    'sets three cookies',
    ok('set-cookie: a=1\r\nset-cookie: b=2\r\nset-cookie: c=3; Path=/\r\n'),
  ),
  'header-30k': row('has a header of 30 KB', ok(`x-big: ${'a'.repeat(30_000)}\r\n`)),
  'header-70k': row('has a header of 70 KB', ok(`x-big: ${'a'.repeat(70_000)}\r\n`)),
  'header-120k': row('has a header of 120 KB', ok(`x-big: ${'a'.repeat(120_000)}\r\n`)),
  'header-140k': row('has a header of 140 KB', ok(`x-big: ${'a'.repeat(140_000)}\r\n`)),
  'headers-90': row('has 90 more headers', ok(many(90))),
  'headers-130': row('has 130 more headers', ok(many(130))),
  'headers-900': row('has 900 more headers', ok(many(900))),
  'headers-1100': row('has 1,100 more headers', ok(many(1100))),
  'line-first': row('begins with an empty line', `\r\n${ok('')}`),
  'version-lower': row('writes http in small letters', ok('').replace('HTTP', 'http')),
  'version-12': row('answers in HTTP/1.2', ok('').replace('HTTP/1.1', 'HTTP/1.2')),
  'version-20': row('answers in HTTP/2.0', ok('').replace('HTTP/1.1', 'HTTP/2.0')),
  'version-09': row(
    'answers in HTTP/0.9 with a head',
    ok('').replace('HTTP/1.1', 'HTTP/0.9'),
    'CLOSE',
  ),
  'version-19': row('answers in HTTP/1.9', ok('').replace('HTTP/1.1', 'HTTP/1.9')),
  'version-long': row('answers in HTTP/1.10', ok('').replace('HTTP/1.1', 'HTTP/1.10')),
  'version-none': row('answers without a head and closes', BODY, 'CLOSE'),
  'type-none': row('answers without a content type', `${OK}${LENGTH}\r\n${BODY}`),
  'type-empty': row(
    'answers with an empty content type',
    `${OK}content-type:\r\n${LENGTH}\r\n${BODY}`,
  ),
  'type-charset': row(
    'names a charset',
    `${OK}content-type: application/json; charset=utf-8\r\n${LENGTH}\r\n${BODY}`,
  ),
  'type-twice': row('names two content types', ok('content-type: text/plain\r\n')),
  'type-text': row(
    'answers plain text',
    `${OK}content-type: text/plain\r\ncontent-length: 2\r\n\r\nno`,
  ),
  'type-bytes': row(
    'answers bytes that are no text',
    `${OK}content-type: application/octet-stream\r\ncontent-length: 4\r\n\r\n\x00\xff\xfe\x80`,
  ),
  gzip: row('answers gzip', ...packed('gzip', gzipSync(BODY))),
  br: row('answers br', ...packed('br', brotliCompressSync(BODY))),
  'coding-odd': row('names an unknown content encoding', ok('content-encoding: odd\r\n')),
  hop: row(
    'names headers of the connection',
    ok(
      'connection: x-hop, keep-alive\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\ntrailer: x-t\r\nproxy-authenticate: Basic\r\nupgrade: h2c\r\n',
    ),
  ),
  'own-date': row(
    'says a date and a server',
    ok('date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: mine\r\nvia: 1.0 x\r\n'),
  ),
  'our-error': row('says an error of ours', ok('sidegraph-error: FAKE\r\n')),
  'our-error-500': row(
    'fails with an error of ours',
    status('500 Oops', 'sidegraph-error: FAKE\r\n'),
  ),
  'our-error-known': row(
    'fails with one of our codes',
    status('500 Oops', 'sidegraph-error: OVERLOADED\r\n'),
  ),
  'our-names': row(
    'says headers that are ours',
    ok(
      'x-sidegraph-unit: u\r\nseldon-routing: {"no":1}\r\nseldon-puid: mine\r\nx-content-type-options: no\r\naccess-control-allow-origin: no\r\n',
    ),
  ),
  'envoy-names': row(
    "says headers that are Envoy's",
    ok(
      'x-envoy-upstream-service-time: 3\r\nx-envoy-x: y\r\ngrpc-status: 3\r\nx-request-id: mine\r\n',
    ),
  ),
  drip: row('answers byte by byte', ...drip(ok('x-a: b\r\n'))),
  'reset-body': row(
    'resets in the middle of the body',
    `${OK}${JSON_LINE}content-length: 10\r\n\r\n${BODY}`,
    { waitMs: 20 },
    'RESET',
  ),
  'reset-head': row(
    'resets in the middle of the head',
    `${OK}${JSON_LINE}`,
    { waitMs: 20 },
    'RESET',
  ),
  'reset-first': row('resets without a response', 'RESET'),
  'close-first': row('closes without a response', 'CLOSE'),
  'close-head': row('closes in the middle of the head', `${OK}${JSON_LINE}`, 'CLOSE'),
  'two-responses': row('answers twice', ok('x-a: 1\r\n') + ok('x-a: 2\r\n')),
  'two-responses-late': {
    ...row(
      'answers twice, the second time later',
      ok('x-a: 1\r\n'),
      { waitMs: 5 },
      ok('x-a: 2\r\n'),
    ),
    settleMs: 100,
  },
  'garbage-text': waits('speaks SSH', 'SSH-2.0-OpenSSH_9\r\n'),
  'garbage-bytes': waits(
    'answers bytes of no protocol',
    Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 73 + 150) & 0xff)),
  ),
  'garbage-tls': waits('speaks TLS', Buffer.from([0x15, 3, 1, 0, 2, 2, 40])),
  'garbage-http2': waits(
    'speaks HTTP/2',
    Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]),
  ),
  'garbage-status': waits('sends a status line that is none and waits', 'HTTP/1.1 OK\r\n'),
  'garbage-line': waits('begins its status line wrong and waits', 'HTTP/1.1 2x'),
  'large-length': row(
    'answers more than the limit',
    `${OK}${JSON_LINE}content-length: 1500000\r\n\r\n`,
    big(1_500_000),
  ),
  'large-chunked': row(
    'answers more than the limit in chunks',
    CHUNKED,
    '16e360\r\n',
    big(1_500_000),
    '\r\n0\r\n\r\n',
  ),
  'large-close': row(
    'answers more than the limit and closes',
    `${OK}${JSON_LINE}\r\n`,
    big(1_500_000),
    'CLOSE',
  ),
  large: row('answers 900 KB', `${OK}${JSON_LINE}content-length: 900000\r\n\r\n`, big(900_000)),
  'wait-first': waits('never answers'),
  'wait-head': waits('begins its head and waits', OK),
  'wait-body': waits('sends its head and waits', `${OK}${JSON_LINE}${LENGTH}\r\n`),
  'wait-half': waits('sends half of its body and waits', `${OK}${JSON_LINE}${LENGTH}\r\n{"a`),
  'wait-chunk': waits('sends a chunk and waits', `${CHUNKED}3\r\n{"a\r\n`),
};
