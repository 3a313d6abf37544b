import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadExtProc } from '../testing/reference/wire.ts';
import { PHASE, decodeRequest, newRequestParts } from './decode.ts';

const serialize = loadExtProc().service['Process']?.requestSerialize ?? (() => Buffer.alloc(0));

function decode(bytes: Buffer) {
  const parts = newRequestParts();
  const valid = decodeRequest(bytes, 0, bytes.length, parts);
  const route =
    parts.routeStart < 0 ? undefined : bytes.toString('latin1', parts.routeStart, parts.routeEnd);
  return { valid, ...parts, matter: bytes.subarray(parts.start, parts.end), route };
}

test('each phase is told apart, with its bytes and its end', () => {
  const body = Buffer.from('hello');
  const cases = [
    ['REQUEST_BODY', { request_body: { body, end_of_stream: true } }, true],
    ['REQUEST_BODY', { request_body: { body } }, false],
    ['RESPONSE_BODY', { response_body: { body, end_of_stream: true } }, true],
  ] as const;
  for (const [phase, message, end] of cases) {
    const { valid, phase: read, matter, endOfStream } = decode(serialize(message));
    assert.deepEqual([valid, read, endOfStream], [true, PHASE[phase], end]);
    assert.equal(matter.toString(), 'hello');
  }
  assert.equal(decode(serialize({ response_headers: {} })).phase, PHASE.RESPONSE_HEADERS);
  assert.equal(decode(serialize({ request_trailers: {} })).phase, PHASE.REQUEST_TRAILERS);
  assert.equal(decode(Buffer.alloc(0)).phase, PHASE.NONE);
});

test('the name of the route is found among the attributes, wherever it stands', () => {
  const fields = {
    'request.path': { stringValue: '/x' },
    'xds.route_name': { stringValue: 'hash/predict-rest' },
    'connection.id': { numberValue: 7 },
  };
  const attributes = { 'envoy.filters.http.ext_proc': { fields } };
  const message = { request_headers: { headers: { headers: [] } }, attributes };
  assert.equal(decode(serialize(message)).route, 'hash/predict-rest');
  const number = { 'xds.route_name': { numberValue: 7 } };
  assert.equal(decode(serialize({ attributes: { x: { fields: number } } })).route, undefined);
});

test('unknown fields of every type are passed over, and lengths may be written long', () => {
  // Field 40 as a varint, eight bytes, four bytes and bytes; then field 4 with a length in three bytes.
  const unknown = Buffer.from(
    'c002ff01' + 'c1020102030405060708' + 'c50201020304' + 'c2020161' + '22858000' + '0a01621001',
    'hex',
  );
  const { valid, phase, matter, endOfStream } = decode(unknown);
  assert.deepEqual([valid, phase, endOfStream], [true, PHASE.REQUEST_BODY, true]);
  assert.equal(matter.toString(), 'b');
});

test('broken bytes are refused', () => {
  for (const bytes of [
    [0x22, 0x05, 0x0a],
    [0x22],
    [0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x00, 0x00],
    [0x23],
    [0x20, 0x01],
    [0x0d, 1, 2],
    [0x22, 0x03, 0x0a, 0x09, 0x61],
  ]) {
    assert.equal(decode(Buffer.from(bytes)).valid, false, bytes.join(' '));
  }
});
