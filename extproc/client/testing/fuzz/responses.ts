// Random HTTP/1.1 responses, whole and damaged, read by our parser and by the runtime's. What both must hold: however
// the bytes are cut, our parser says the same; a whole response is read alike by both; and what ours accepts, the
// other one accepts too and understands in the same way (ours may refuse more).
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { COLLECTED } from '../../../contract/bodies.ts';
import { ResponseParser } from '../../http1/response-parser.ts';
import { cut, mutate, type Random } from './random.ts';

const MAX_BYTES = 100_000;

/** Runs one case; throws when it finds a difference. */
export async function fuzzResponse(random: Random): Promise<void> {
  const whole = buildResponse(random);
  const damaged = random.chance(0.6);
  const bytes = damaged ? mutate(random, whole) : whole;
  const said = readWithOurs([bytes]);
  const shown = JSON.stringify(bytes.toString('latin1'));
  assert.equal(readWithOurs(cut(random, bytes)), said, `cut differently: ${shown}`);
  if (!damaged) {
    const rough = roughen(random, whole);
    const roughShown = JSON.stringify(rough.toString('latin1'));
    assert.equal(readWithOurs(cut(random, rough)), said, `not straightened: ${roughShown}`);
  }
  if (damaged && said.startsWith('refused')) return;
  // Bytes behind a response end the connection here, and the whole response there.
  const other = await readWithNode(bytes.subarray(0, responseLength(bytes)));
  if (damaged && other !== said && isOursToAccept(bytes)) return;
  assert.equal(said, other, `ours and the runtime's differ: ${shown}`);
}

function buildResponse(random: Random): Buffer {
  const body = Buffer.from(Array.from({ length: random.int(40) }, () => 97 + random.int(26)));
  const interim = random.chance(0.1) ? 'HTTP/1.1 103 Early\r\nlink: <a>\r\n\r\n' : '';
  const status = random.pick([
    '200 OK',
    '201',
    '204 No Content',
    '404 Not Found',
    '500 Oh no \xe9',
  ]);
  const minor = random.chance(0.1) ? 0 : 1;
  const lines = [`HTTP/1.${minor} ${status}`];
  for (let i = random.int(4); i > 0; i--) {
    lines.push(
      `${random.pick(['x-a', 'Set-Cookie', 'VARY', 'x_b'])}:${random.pick(['', ' ', '\t'])}${random.pick(['', '1', 'a b', 'é\x80', 'x'.repeat(50)])} `,
    );
  }
  if (random.chance(0.2))
    lines.push(`Connection: ${random.pick(['close', 'Keep-Alive', 'x, close'])}`);
  const framing = status.startsWith('204')
    ? 'none'
    : random.pick(['length', 'length', 'chunked', 'close']);
  if (framing === 'length') lines.push(`Content-Length: ${body.length}`);
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked');
  const head = Buffer.from(`${interim}${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (framing === 'none') return head;
  return Buffer.concat([head, framing === 'chunked' ? chunksOf(random, body) : body]);
}

/** The same response with bare line feeds in its heads. */
function roughen(random: Random, whole: Buffer): Buffer {
  const text = whole.toString('latin1');
  const last = text.lastIndexOf('HTTP/1.');
  const headEnd = text.indexOf('\r\n\r\n', last) + 4;
  const head = text
    .slice(0, headEnd)
    .replaceAll('\r\n', () => (random.chance(0.5) ? '\n' : '\r\n'));
  return Buffer.from(head + text.slice(headEnd), 'latin1');
}

function chunksOf(random: Random, body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (const piece of cut(random, body)) {
    const size = `${random.pick(['', '0'])}${piece.length.toString(16)}`;
    pieces.push(
      Buffer.from(`${size}${random.pick(['', ';a=b', ';c'])}\r\n`),
      piece,
      Buffer.from('\r\n'),
    );
  }
  pieces.push(Buffer.from(`0\r\n${random.pick(['', 'x-sum: 1\r\n'])}\r\n`));
  return Buffer.concat(pieces);
}

function readWithOurs(pieces: readonly Buffer[]): string {
  const parser = new ResponseParser();
  parser.begin(MAX_BYTES, COLLECTED);
  let result = 'more';
  for (const piece of pieces) {
    let at = 0;
    while (result === 'more' && at < piece.length) {
      const target = parser.target();
      if (target === undefined) {
        result = parser.push(piece, at, piece.length);
        at = piece.length;
      } else {
        const taken = piece.copy(target, 0, at);
        result = parser.advance(taken);
        at += taken;
      }
    }
  }
  if (result === 'more') result = parser.end();
  if (result !== 'done' || parser.head === undefined) return 'refused';
  return describe(parser.head.status, parser.head.entries(), parser.body);
}

/**
 * What only we accept: the runtime parses the extensions of chunks, which we only look at for bytes that no line may
 * hold, does not know `chunked` with a tab behind it nor a blank behind a chunk's size, and takes no lines that end with a
 * bare line feed, no folded ones, and no version of HTTP that does not exist.
 */
function isOursToAccept(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return /;|chunked *\t|[0-9a-f][ \t]+\r|[^\r]\n|\n[ \t]|^HTTP\/(?!1\.[01])|\nHTTP\/(?!1\.[01])/is.test(
    text,
  );
}

/** Where the response ends, as our parser sees it. */
function responseLength(bytes: Buffer): number {
  const parser = new ResponseParser();
  parser.begin(MAX_BYTES, COLLECTED);
  for (let at = 0; at < bytes.length; at++) {
    const target = parser.target();
    target?.set(bytes.subarray(at, at + 1));
    const result = target === undefined ? parser.push(bytes, at, at + 1) : parser.advance(1);
    if (result !== 'more') return at + 1;
  }
  return bytes.length;
}

/** The runtime's own client, on a connection in memory. */
function readWithNode(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const connection = new Duplex({
      read: () => {},
      write: (_chunk, _encoding, done) => done(),
    });
    const asked = request({ method: 'POST', createConnection: () => connection }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => resolve('refused'));
      response.on('end', () => {
        const names = response.rawHeaders.map((part, i) =>
          i % 2 === 0 ? part.toLowerCase() : part,
        );
        resolve(describe(response.statusCode ?? 0, names, Buffer.concat(pieces)));
      });
      response.on('close', () => resolve('refused'));
    });
    asked.on('error', () => resolve('refused'));
    asked.on('upgrade', () => resolve('refused'));
    asked.end();
    setImmediate(() => {
      connection.push(bytes);
      connection.push(null);
    });
  });
}

function describe(status: number, fields: readonly string[], body: Buffer): string {
  const compared: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (['x-a', 'set-cookie', 'vary', 'x_b'].includes(name))
      compared.push(`${name}=${fields[i + 1]}`);
  }
  return `${status} ${body.toString('latin1')} ${compared.join('&')}`;
}
