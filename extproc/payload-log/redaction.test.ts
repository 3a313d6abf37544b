// What is left out of payloads never reaches a real sink: small and large, compressed and not, of every shape that cannot be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { cpuMs, longestTurnMs } from '../../testing/cpu-time.ts';
import { FakeExchange, fakeHeaders } from '../walk/testing/fake-units.ts';
import type { PayloadKind } from '../contract/payload-sink.ts';
import { EventSender } from './event-sender.ts';
import { preparePayloads } from './events.ts';
import { MAX_REDACTED_EVENT_BYTES, REDACT_NOW_BYTES } from './limits.ts';
import { prepareRedaction, redactPayload } from './redaction.ts';
import { loggedPlan, message, settled, type Sink, startSink } from './testing/sink.ts';

const SECRET = 'a@example.com';
const BODY = `{ "data":{"n":12345678901234567890.0},"jsonData":{"user":{"e\\u006dail":"${SECRET}","id":1}}}`;
const REDACTED = BODY.replace(`"${SECRET}"`, '"[redacted]"');
const REDACT = ['jsonData.user.email'];

interface Logging {
  readonly sink: Sink;
  readonly sender: EventSender;
  log(body: Buffer | string, encoding?: string, kind?: PayloadKind): void;
}

async function startLogging(redact: readonly string[] = REDACT): Promise<Logging> {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const payloads = preparePayloads(loggedPlan(sink.url, { redact }), sender, '');
  const exchange = new FakeExchange(message('{}'));
  return {
    sink,
    sender,
    log: (body, encoding, kind = 'request') =>
      payloads?.log(0, kind, message(body, encoding), exchange),
  };
}

const bodies = (sink: Sink): string[] => sink.got.map(({ body }) => body);

test('a field that is left out is not sent, and all else is, to the byte', async () => {
  const { sink, sender, log } = await startLogging();
  log(BODY);
  log('{"data":1}', undefined, 'response');
  await settled(sender);
  assert.deepEqual(bodies(sink).sort(), ['{"data":1}', REDACTED].sort());
  assert.equal(sink.got[0]?.headers['content-length'], String(sink.got[0]?.body.length));
});

test('a large payload is redacted too', async () => {
  const { sink, sender, log } = await startLogging(['jsonData.user.email', '**.tail']);
  const filler = `"filler":[${'1.5,'.repeat(100_000)}1],"tail":"${SECRET}",`;
  const large = (text: string): string => text.replace('{ ', `{ ${filler}`);
  log(large(BODY));
  log(gzipSync(large(BODY)), 'gzip');
  log(large(BODY));
  await settled(sender);
  const expected = large(REDACTED).replace(`"tail":"${SECRET}"`, '"tail":"[redacted]"');
  assert.ok(expected.length > REDACT_NOW_BYTES * 10);
  assert.deepEqual(bodies(sink), [expected, expected, expected]);
});

test('compression is taken off first, whatever it is called', async () => {
  const { sink, sender, log } = await startLogging();
  const bytes = Buffer.from(BODY);
  log(gzipSync(bytes), 'gzip');
  log(gzipSync(bytes), ' X-GZIP');
  log(deflateSync(bytes), 'deflate');
  log(deflateRawSync(bytes), 'Deflate');
  log(brotliCompressSync(bytes), 'br');
  log(bytes, 'identity');
  await settled(sender);
  assert.deepEqual(bodies(sink), Array(6).fill(REDACTED));
  assert.ok(sink.got.every(({ headers }) => headers['content-encoding'] === undefined));
});

test('what cannot be read is not sent, and counted', async () => {
  const { sink, sender, log } = await startLogging();
  const bytes = Buffer.from(BODY);
  log(BODY.slice(0, -1));
  log(`${BODY}{}`);
  log('');
  log(Buffer.from(BODY, 'utf16le'));
  log(Buffer.concat([bytes.subarray(0, 20), Buffer.from([0xff]), bytes.subarray(20)]));
  log(`json=${encodeURIComponent(BODY)}`);
  log(`data: ${BODY}\n\n`);
  log(zstdCompressSync(bytes), 'zstd');
  log(gzipSync(gzipSync(bytes)), 'gzip, gzip');
  log(bytes, 'gzip');
  log(gzipSync(bytes).subarray(0, 60), 'gzip');
  log(gzipSync(bytes));
  await settled(sender);
  assert.deepEqual(bodies(sink), []);
  assert.deepEqual(sender.counts(), { sent: 0, dropped: 0, failed: 0, withheld: 12, waiting: 0 });
});

test('a large payload that cannot be read is not sent either', async () => {
  const { sink, sender, log } = await startLogging();
  const large = `[${'1,'.repeat(20_000)}${BODY}`;
  log(large);
  log(gzipSync(large), 'gzip');
  log('['.repeat(100_000));
  await settled(sender);
  assert.deepEqual(bodies(sink), []);
  assert.equal(sender.counts().withheld, 3);
});

test('what is longer than is read is not sent: as it comes, decompressed or redacted', async () => {
  const { sink, sender, log } = await startLogging(['*']);
  log(`{"a":"${'x'.repeat(MAX_REDACTED_EVENT_BYTES)}"}`);
  log(gzipSync(`[${' '.repeat(MAX_REDACTED_EVENT_BYTES)}]`), 'gzip');
  log(`[${'1,'.repeat(500_000)}1]`);
  await settled(sender);
  assert.deepEqual(sender.counts(), { sent: 0, dropped: 0, failed: 0, withheld: 3, waiting: 0 });
  log(`{"a":"${'x'.repeat(MAX_REDACTED_EVENT_BYTES - 10)}"}`);
  await settled(sender);
  assert.deepEqual(bodies(sink), ['{"a":"[redacted]"}']);
});

test('gRPC and binary tensors are not sent, even where they look like JSON', async () => {
  const sink = await startSink();
  const sender = new EventSender(SILENT_LOG);
  const payloads = preparePayloads(loggedPlan(sink.url, { redact: REDACT }), sender, '');
  const grpc = new FakeExchange(message('1'), fakeHeaders({ 'content-type': 'application/grpc' }));
  payloads?.log(0, 'request', { ...message('1'), contentType: undefined }, grpc);
  payloads?.log(0, 'request', { ...message('{}'), layout: '2' }, new FakeExchange(message('{}')));
  await settled(sender);
  assert.deepEqual(bodies(sink), []);
  assert.equal(sender.counts().withheld, 2);
});

test('a feedback is a request, a response and the truth, and paths are for each', async () => {
  const { sink, sender, log } = await startLogging();
  const feedback = `{"request":${BODY},"response":${BODY},"truth":${BODY},"reward":1.0}`;
  log(feedback, undefined, 'feedback');
  await settled(sender);
  assert.deepEqual(bodies(sink), [feedback.replaceAll(`"${SECRET}"`, '"[redacted]"')]);
});

test('a plan with a path that is none is not loaded', () => {
  const plan = loggedPlan('http://sink/', { redact: ['a..b'] });
  assert.throws(() => preparePayloads(plan, new EventSender(SILENT_LOG), ''), /a\.\.b/);
});

test('the event loop goes on while large payloads are redacted', async () => {
  const paths = Array.from({ length: 32 }, (_, at) => `**.user.key${at}`);
  const { sender, log } = await startLogging(paths);
  const body = Buffer.from(`{"a":[${'{"user":{"email":"x"}},'.repeat(100_000)}0]}`);
  const { tree } = prepareRedaction(paths).request;
  const onLoopMs = cpuMs(() => {
    redactPayload(body, 'identity', tree, MAX_REDACTED_EVENT_BYTES);
  });
  const longestMs = await longestTurnMs(() => {
    log(body);
    return settled(sender);
  });
  assert.equal(sender.counts().sent, 1);
  assert.ok(longestMs < onLoopMs / 2, `${longestMs.toFixed(1)} of ${onLoopMs.toFixed(1)} ms`);
});
