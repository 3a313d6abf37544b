import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawRequestHeaders } from './headers.ts';

function headersOf(...list: readonly (readonly [string, string])[]): RawRequestHeaders {
  const entries = list.map(([name, value]) => {
    const key = Buffer.from(name, 'latin1');
    const raw = Buffer.from(value, 'latin1');
    return field(1, Buffer.concat([field(1, key), field(3, raw)]));
  });
  const bytes = Buffer.concat(entries);
  return new RawRequestHeaders(bytes, 0, bytes.length);
}

/** A field of bytes shorter than 128. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

test('what belongs to the hop, the message or Sidegraph is not given to units', () => {
  const headers = headersOf(
    [':path', '/x'],
    ['host', 'h'],
    ['accept', '*/*'],
    ['content-length', '3'],
    ['content-type', 'a/b'],
    ['content-encoding', 'br'],
    ['connection', 'close'],
    ['te', 'trailers'],
    ['expect', '100-continue'],
    ['x-envoy-internal', 'true'],
    ['x-sidegraph-unit', 'spoofed'],
    ['seldon-routing', '{}'],
    ['seldon-puid', 'p'],
    ['accept-encoding', 'gzip'],
  );
  const kept = 'accept: */*\r\nseldon-puid: p\r\n';
  assert.equal(headers.http1Block(true).toString(), kept);
  assert.equal(headers.http1Block(false).toString(), `${kept}accept-encoding: gzip\r\n`);
  assert.equal(headers.http1Block(false), headers.http1Block(false), 'made once');
});

test('repeated headers stay repeated, in their order', () => {
  const headers = headersOf(['cookie', 'a'], ['x', '1'], ['cookie', 'b']);
  assert.equal(headers.http1Block(false).toString(), 'cookie: a\r\nx: 1\r\ncookie: b\r\n');
  assert.equal(headers.find('cookie'), 'a');
});

test('requests that are asked in turn keep their headers apart', () => {
  // More headers than the first list of offsets has room for.
  const names = Array.from({ length: 100 }, (_, at) => `n${at}`);
  const many = headersOf(...names.map((name) => [name, `many ${name}`] as const));
  const few = headersOf(['n0', 'few n0'], ['n1', 'few n1']);
  for (const name of names) {
    assert.equal(many.find(name), `many ${name}`);
    assert.equal(few.find(name), name === 'n0' || name === 'n1' ? `few ${name}` : undefined);
  }
  assert.equal(few.http1Block(false).toString(), 'n0: few n0\r\nn1: few n1\r\n');
  assert.equal(
    many.http1Block(false).toString(),
    names.map((name) => `${name}: many ${name}\r\n`).join(''),
  );
});

test('a value or name that could end its line gets nowhere', () => {
  const headers = headersOf(
    ['a', 'x\r\nb: c'],
    ['d', 'x\ny'],
    ['e', 'x\0'],
    ['f\r\ng', 'x'],
    ['h:i', 'x'],
    ['ok', 'x\ty'],
  );
  assert.equal(headers.http1Block(false).toString(), 'ok: x\ty\r\n');
  assert.equal(headers.hpackBlock().toString('latin1'), '\0\x02ok\x03x\ty');
  assert.equal(headers.find('a'), undefined);
  assert.equal(headers.find('ok'), 'x\ty');
});

test('gRPC units get no user-agent and nothing of gRPC itself', () => {
  const headers = headersOf(['user-agent', 'u'], ['grpc-timeout', '1S'], ['x-a', '1']);
  assert.equal(headers.hpackBlock().toString('latin1'), '\0\x03x-a\x011');
  assert.equal(
    headers.http1Block(false).toString(),
    'user-agent: u\r\ngrpc-timeout: 1S\r\nx-a: 1\r\n',
  );
});

test('absent headers are undefined, empty ones are empty', () => {
  const headers = headersOf(['x-empty', '']);
  assert.equal(headers.find('x-empty'), '');
  assert.equal(headers.find('x-other'), undefined);
});

test('a value is copied as its bytes where there is room for it', () => {
  const headers = headersOf(['x-a', 'one'], ['x-b', 'caf\xe9'], ['x-a', 'two'], ['x-c', 'a\nb']);
  const into = new Uint8Array(4);
  assert.equal(headers.copy('x-b', into), 4);
  assert.deepEqual([...into], [0x63, 0x61, 0x66, 0xe9]);
  assert.equal(headers.copy('x-a', into), 3);
  assert.equal(Buffer.from(into.subarray(0, 3)).toString(), 'one');
  assert.equal(headers.copy('x-b', into.subarray(1)), -1);
  assert.equal(headers.copy('x-c', into), -1);
  assert.equal(headers.copy('x-d', into), -1);
});

test("a client's trace is given to units, unless each call brings its own", () => {
  const list = [
    ['traceparent', '00-a'],
    ['tracestate', 's'],
    ['b3', 'b'],
    ['x-b3-traceid', 't'],
    ['uber-trace-id', 'u'],
    ['x-b3', 'v'],
  ] as const;
  const passed = headersOf(...list)
    .http1Block(false)
    .toString();
  assert.equal(passed, list.map(([name, value]) => `${name}: ${value}\r\n`).join(''));
  const headers = headersOf(...list);
  headers.replaceTrace();
  assert.equal(headers.http1Block(true).toString(), 'tracestate: s\r\nx-b3: v\r\n');
  assert.equal(headers.hpackBlock().toString('latin1'), '\0\x0atracestate\x01s\0\x04x-b3\x01v');
});
