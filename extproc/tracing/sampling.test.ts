import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock } from '../../lib/codecs/http2/hpack.ts';
import { fakeHeaders } from '../walk/testing/fake-units.ts';
import { readTraceContext } from './sampling.ts';
import { renderTraceHeaders } from './trace-headers.ts';

const TRACE = '90d0030000000000'.padEnd(32, 'f');
const SPAN = '00f067aa0ba902b7';

test("what Envoy's context says is sampled is traced, and nothing else", () => {
  const read = (traceparent: string) => readTraceContext(fakeHeaders({ traceparent }));
  assert.deepEqual(read(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN });
  for (const traceparent of [
    '',
    '00---01',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-00`,
    `00-${TRACE}-${'x'.repeat(16)}-01`,
  ])
    assert.equal(read(traceparent), undefined, traceparent);
  assert.equal(readTraceContext(fakeHeaders()), undefined);
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
