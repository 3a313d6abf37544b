import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock } from '../../lib/codecs/http2/hpack.ts';
import { fakeHeaders } from '../walk/testing/fake-units.ts';
import { readTraceContext } from './sampling.ts';
import { renderTraceHeaders } from './trace-headers.ts';

// The first eight bytes, the last of them first, are 0x1300000000000000 + 250_000.
const TRACE = '90d0030000000000'.padEnd(32, 'f');
const SPAN = '00f067aa0ba902b7';
const own = { traceparent: `00-${TRACE}-${SPAN}-00` };

test('without a parent the id of the trace decides, as Envoy reads it', () => {
  assert.equal(readTraceContext(fakeHeaders(own), 250_000), undefined);
  assert.deepEqual(readTraceContext(fakeHeaders(own), 250_001), { traceId: TRACE, spanId: SPAN });
  assert.equal(readTraceContext(fakeHeaders(own), 0), undefined);
});

test("the caller's flag goes before the share", () => {
  const parent = (flags: string) => ({
    ...own,
    'x-sidegraph-traceparent': `00-${TRACE}-b7ad6b7169203331-${flags}`,
  });
  assert.ok(readTraceContext(fakeHeaders(parent('01')), 0));
  assert.ok(readTraceContext(fakeHeaders(parent('03')), 0));
  assert.equal(readTraceContext(fakeHeaders(parent('00')), 1_000_000), undefined);
  const broken = { ...own, 'x-sidegraph-traceparent': 'x' };
  assert.equal(readTraceContext(fakeHeaders(broken), 1_000_000), undefined);
});

test('no context, or none that is valid, is no trace', () => {
  for (const traceparent of [
    '',
    '00---00',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${'x'.repeat(16)}-00`,
  ])
    assert.equal(readTraceContext(fakeHeaders({ traceparent }), 1_000_000), undefined, traceparent);
  assert.equal(readTraceContext(fakeHeaders(), 1_000_000), undefined);
});

test('a unit is told its span in every format that is spoken, in the form of its client', () => {
  const context = { traceId: TRACE, spanId: SPAN };
  assert.equal(
    String(renderTraceHeaders(context, [], 'http1')),
    `traceparent: 00-${TRACE}-${SPAN}-01\r\n`,
  );
  const block = renderTraceHeaders(context, ['b3', 'jaeger'], 'hpack');
  assert.deepEqual(decodeBlock(block, 0, block.length), [
    'traceparent',
    `00-${TRACE}-${SPAN}-01`,
    'b3',
    `${TRACE}-${SPAN}-1`,
    'uber-trace-id',
    `${TRACE}:${SPAN}:0:1`,
  ]);
});
