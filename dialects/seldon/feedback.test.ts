import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { cpuMs } from '../../testing/cpu-time.ts';
import type { FeedbackReading } from '../dialect.ts';
import { MAX_PUID_BYTES, MAX_ROUTING_BYTES } from '../reading-limits.ts';
import { readFeedbackJson, writeFeedbackJson } from './feedback-json.ts';
import { readFeedbackProto } from './feedback-proto.ts';

const { root } = protobuf.parse(
  `
  syntax = "proto3"; package t;
  message Msg { Meta meta = 2; oneof data { string strData = 5; bytes binData = 4; } }
  message Meta { string puid = 1; map<string, int32> routing = 3; }
  message Feedback { Msg request = 1; Msg response = 2; float reward = 3; Msg truth = 4; }
`,
  { keepCase: true },
);
const FEEDBACK = root.lookupType('t.Feedback');

const encode = (value: object): Buffer =>
  Buffer.from(FEEDBACK.encode(FEEDBACK.fromObject(value)).finish());
const readJson = (text: string): FeedbackReading => readFeedbackJson(Buffer.from(text));
const write = (text: string, routing: Record<string, number> = {}): string =>
  writeFeedbackJson(Buffer.from(text), routing).toString();

/** What a feedback in order says, as a list; its fault otherwise. */
function said(reading: FeedbackReading): unknown {
  if (reading === undefined) return undefined;
  if (reading.kind === 'malformed') return reading.info;
  const { puid, reward, routing, isShort } = reading;
  return [isShort ? 'short' : 'whole', puid, reward, routing];
}

test("Seldon's form says its routing and its reward", () => {
  const response = '{"meta":{"puid":"p","routing":{"r":1,"a":-1}},"data":{"ndarray":[]}}';
  assert.deepEqual(said(readJson(`{"reward":0.5,"response":${response}}`)), [
    'whole',
    undefined,
    0.5,
    { r: 1, a: -1 },
  ]);
  assert.deepEqual(said(readJson('{"request":{}}')), ['whole', undefined, 0, undefined]);
  assert.deepEqual(said(readJson('{"response":{"meta":{"routing":{}}},"reward":-2e1}')), [
    'whole',
    undefined,
    -20,
    undefined,
  ]);
  assert.deepEqual(said(readJson('{"reward":"0.25"}')), ['whole', undefined, 0.25, undefined]);
  for (const reward of ['"NaN"', 'true', '[1]', '{}', '""', '"x"', '1e39', '"-1e39"', '1e999'])
    assert.ok(Number.isNaN((said(readJson(`{"reward":${reward}}`)) as unknown[])[2]), reward);
  const long = JSON.stringify({ r: 'x'.repeat(MAX_ROUTING_BYTES) });
  assert.deepEqual(said(readJson(`{"response":{"meta":{"routing":${long}}}}`)), [
    'whole',
    undefined,
    0,
    'too-long',
  ]);
});

test('the short form says its puid', () => {
  assert.deepEqual(said(readJson('{"puid":"p-1","reward":0.8}')), ['short', 'p-1', 0.8, undefined]);
  assert.deepEqual(said(readJson(' { "truth" : {"strData":"a"} , "puid" : "p" } ')), [
    'short',
    'p',
    0,
    undefined,
  ]);
  assert.deepEqual(said(readJson('{"puid":"p","reward":-1,"request":{},"truth":null}')), [
    'short',
    'p',
    -1,
    undefined,
  ]);
  assert.deepEqual(said(readJson('{"pu\\u0069d":"\\u0070\\u00e9"}')), [
    'short',
    // Two bytes of UTF-8, as a header has them.
    'p\u00c3\u00a9',
    0,
    undefined,
  ]);
});

test('a response that has nothing but its puid names the prediction too', () => {
  const lone = '{"response":{"meta":{"puid":"p"}},"reward":1}';
  assert.deepEqual(said(readJson(lone)), ['whole', 'p', 1, undefined]);
  const whole = ['whole', undefined, 1, undefined];
  for (const response of [
    '{"meta":{"puid":"p"},"data":{"ndarray":[1]}}',
    '{"meta":{"puid":"p"},"strData":""}',
    '{"meta":{"puid":""}}',
    '{"meta":{"puid":null}}',
    '{"meta":{}}',
    '{"puid":"p"}',
    'null',
  ])
    assert.deepEqual(said(readJson(`{"response":${response},"reward":1}`)), whole, response);
  assert.match(String(said(readJson('{"response":{"meta":{"puid":7}}}'))), /^puid is not a text/);
});

test('what is not in order says so', () => {
  const faults: readonly (readonly [string, RegExp])[] = [
    ['{"puid":"","reward":1}', /^puid is not a text of 1 to 256 bytes$/],
    ['{"puid":7}', /^puid is not a text/],
    ['{"puid":null}', /^puid is not a text/],
    ['{"puid":{"puid":"p"}}', /^puid is not a text/],
    [`{"puid":"${'x'.repeat(MAX_PUID_BYTES + 1)}"}`, /^puid is not a text/],
    [`{"puid":"${'é'.repeat(MAX_PUID_BYTES / 2 + 1)}"}`, /^puid is not a text/],
    [`{"puid":"${'x'.repeat(1_000_000)}"}`, /^puid is not a text/],
    ['{"puid":"p","puid":"q"}', /^puid is there twice$/],
    ['{"puid":"p","reward":1,"reward":2}', /^reward is there twice$/],
    ['{"puid":"p","reward":1,"re\\u0077ard":2}', /^reward is there twice$/],
    ['{"puid":"p","reward":"1"}', /^reward is not a number that a float holds$/],
    ['{"puid":"p","reward":1e39}', /^reward is not a number/],
    ['{"puid":"p","reward":-1e999}', /^reward is not a number/],
    ['{"puid":"p","reward":true}', /^reward is not a number/],
    ['{"puid":"p","reward":[1]}', /^reward is not a number/],
    ['{"puid":"p","truth":1}', /^truth is not an object$/],
    ['{"puid":"p","request":[]}', /^request is not an object$/],
    ['{"puid":"p","rewrad":1}', /^"rewrad" is no member of a feedback with a puid$/],
    [`{"puid":"p","${'k'.repeat(100_000)}":1}`, /^"k{39}" is no member/],
    ['{"puid":"p","\\n\\"":1}', /^"\\\\n\\\\\\"" is no member/],
  ];
  for (const [text, fault] of faults)
    assert.match(String(said(readJson(text))), fault, text.slice(0, 60));
});

test('what is no JSON object says nothing', () => {
  const none = [
    '',
    '7',
    '[]',
    '{"puid":"p"',
    '{"puid":"p","reward":NaN}',
    '{"puid":"p","reward":Infinity}',
    '{"puid":"p","reward":.5}',
    '{"puid":"p","reward":1}{}',
    `{"puid":"p","truth":${'['.repeat(2000)}`,
  ];
  for (const text of none) assert.equal(readJson(text), undefined, text.slice(0, 60));
});

test("the short form becomes Seldon's, with the routing, and its values as they were sent", () => {
  assert.equal(
    write('{"puid":"p","reward":0.80,"truth":{"data":{"ndarray":[1.0]}}}', { r: 1 }),
    '{"response":{"meta":{"puid":"p","routing":{"r":1}}},"reward":0.80,"truth":{"data":{"ndarray":[1.0]}}}',
  );
  assert.equal(
    write(' {"truth":null, "request": {} ,"puid":"\\u0070"}'),
    '{"response":{"meta":{"puid":"\\u0070"}},"request":{},"truth":null}',
  );
  assert.equal(
    write('{"response":{"meta":{"puid":"p"}},"reward":1}', { r: 0 }),
    '{"response":{"meta":{"routing":{"r":0},"puid":"p"}},"reward":1}',
  );
});

test('over gRPC a response that has nothing but its puid names the prediction', () => {
  const meta = { puid: 'p' };
  assert.deepEqual(said(readFeedbackProto(encode({ response: { meta }, reward: 0.5 }))), [
    'whole',
    'p',
    0.5,
    undefined,
  ]);
  assert.deepEqual(
    said(readFeedbackProto(encode({ response: { meta, strData: '' }, reward: 1 }))),
    ['whole', undefined, 1, undefined],
  );
  const routing = { r: 1, a: -1, z: 0 };
  assert.deepEqual(said(readFeedbackProto(encode({ response: { meta: { ...meta, routing } } }))), [
    'whole',
    undefined,
    0,
    routing,
  ]);
  assert.deepEqual(said(readFeedbackProto(encode({ request: {} }))), [
    'whole',
    undefined,
    0,
    undefined,
  ]);
  const long = { meta: { puid: 'x'.repeat(MAX_PUID_BYTES + 1) } };
  assert.match(String(said(readFeedbackProto(encode({ response: long })))), /over 256 bytes$/);
  const twice = Buffer.concat([
    encode({ response: { meta: { puid: 'first' } } }),
    encode({ response: { meta: { puid: 'last' } } }),
  ]);
  assert.deepEqual(said(readFeedbackProto(twice)), ['whole', 'last', 0, undefined]);
  for (const reward of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal((said(readFeedbackProto(encode({ reward }))) as unknown[])[2], reward);
  assert.equal(readFeedbackProto(Buffer.from('no protobuf')), undefined);
});

/** JSON texts around the short form: its own names and others, texts and numbers of all sorts, damaged or not. */
const hostile = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(
          {
            weight: 6,
            arbitrary: fc.constantFrom('puid', 'reward', 'truth', 'request', 'response'),
          },
          fc.string(),
        ),
        fc.oneof(
          fc.jsonValue().map((value) => JSON.stringify(value)),
          fc.constantFrom(
            'NaN',
            '1e400',
            '-1e39',
            '-0',
            '1E-400',
            '"p"',
            'null',
            '{}',
            '"\\ud800"',
          ),
          fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
        ),
      ),
      { maxLength: 8 },
    ),
    fc.option(fc.nat(), { nil: undefined, freq: 3 }),
  )
  .map(([members, cut]) => {
    const text = `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
    return cut === undefined ? text : text.slice(0, cut % (text.length + 1));
  });

test('of hostile texts, only a short form in order is taken for one, and units get the same of it', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        parsed = undefined;
      }
      const body = Buffer.from(text);
      const reading = readFeedbackJson(body);
      const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
      assert.equal(reading === undefined, !isObject);
      if (reading === undefined || reading.kind === 'malformed' || !reading.isShort) return;
      const feedback = parsed as Record<string, unknown>;
      assert.equal(Buffer.from(String(feedback['puid'])).toString('latin1'), reading.puid);
      assert.equal(Number(feedback['reward'] ?? 0), reading.reward);
      assert.ok(Number.isFinite(Math.fround(reading.reward)));
      const { puid, ...rest } = feedback;
      assert.deepEqual(JSON.parse(writeFeedbackJson(body, { r: 2 }).toString()), {
        response: { meta: { puid, routing: { r: 2 } } },
        ...rest,
      });
    }),
    { numRuns: 5000 },
  );
});

test('of hostile bytes over gRPC nothing throws, and a puid is never longer than it may be', () => {
  const damaged = fc
    .tuple(
      fc.record({
        response: fc.record({ meta: fc.record({ puid: fc.string({ maxLength: 300 }) }) }),
        reward: fc.float(),
      }),
      fc.uint8Array({ maxLength: 8 }),
      fc.nat(),
    )
    .map(([feedback, noise, at]) => {
      const bytes = encode(feedback);
      const cut = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, cut), noise, bytes.subarray(cut)]);
    });
  fc.assert(
    fc.property(damaged, (bytes) => {
      const reading = readFeedbackProto(bytes);
      if (reading?.kind === 'feedback') assert.ok((reading.puid ?? '').length <= MAX_PUID_BYTES);
    }),
    { numRuns: 3000 },
  );
});

test('a large feedback takes no more than some passes over it', () => {
  const truth = `{"strData":"${'x'.repeat(8_000_000)}"}`;
  const keys = `{"puid":"p"${`,"${'k\\u0061'.repeat(40)}":1`.repeat(20_000)}}`;
  const took = cpuMs(() => {
    assert.equal(readJson(`{"puid":"p","truth":${truth}}`)?.kind, 'feedback');
    assert.equal(readJson(keys)?.kind, 'malformed');
  });
  assert.ok(took < 2000, `${took} ms of the processor`);
});
