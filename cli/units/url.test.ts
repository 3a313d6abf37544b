import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitFlags } from './url.ts';

function address(...flags: string[]) {
  const parsed = parseUnitFlags(flags);
  assert.ok(parsed.kind === 'value', parsed.kind === 'value' ? '' : parsed.message);
  return Object.fromEntries(parsed.value);
}

function message(flag: string): string {
  const parsed = parseUnitFlags([flag]);
  assert.ok(parsed.kind === 'wrong');
  return parsed.message;
}

test('http names the REST port, grpc the gRPC port, both may be given', () => {
  assert.deepEqual(address('a=http://h:1', 'b=grpc://h:2', 'c=http://h:3', 'c=grpc://h:4'), {
    a: { host: 'h', httpPort: 1, grpcPort: undefined },
    b: { host: 'h', httpPort: undefined, grpcPort: 2 },
    c: { host: 'h', httpPort: 3, grpcPort: 4 },
  });
});

test('the scheme and a trailing slash are optional, IPv6 hosts lose their brackets', () => {
  assert.deepEqual(address('a=h:1', 'b=http://[::1]:2/', 'p/c=http://h'), {
    a: { host: 'h', httpPort: 1, grpcPort: undefined },
    b: { host: '::1', httpPort: 2, grpcPort: undefined },
    'p/c': { host: 'h', httpPort: 80, grpcPort: undefined },
  });
});

test('what cannot be an address is refused with the reason', () => {
  assert.match(message('=http://h:1'), /NAME=URL/);
  assert.match(message('a=https://h:1'), /https:\/\/ is not supported/);
  assert.match(message('a=http://h:1/predict'), /path \/predict/);
  assert.match(message('a=grpc://h'), /names no port/);
  assert.match(message('a=http://h:99999'), /not a URL/);
  assert.match(message('a=http://u:p@h:1'), /has a user/);
  assert.match(message('a=http://h:1?x'), /has a query/);
  for (const host of ['-x', '*', 'a..b', '1.2.3.999', `${'x'.repeat(64)}.test`])
    assert.match(message(`a=grpc://${host}:1`), /is no host|not a URL/, host);
  assert.match(message('a=http://*:1'), /is no host/);
  const twice = parseUnitFlags(['a=http://h:1', 'a=grpc://g:2']);
  assert.ok(twice.kind === 'wrong' && /different hosts/.test(twice.message));
});
