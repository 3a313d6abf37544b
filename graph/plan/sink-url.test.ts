import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSinkUrl } from './sink-url.ts';

test('a sink is an address over HTTP, or brokers and a topic of Kafka', () => {
  assert.equal(readSinkUrl('http://sink/path?x=1')?.kind, 'http');
  assert.equal(readSinkUrl('https://sink')?.kind, 'http');
  assert.deepEqual(readSinkUrl('kafka://broker/payloads'), {
    kind: 'kafka',
    brokers: [{ host: 'broker', port: 9092 }],
    topic: 'payloads',
  });
  assert.deepEqual(readSinkUrl('kafka://a.kafka.svc:9093,[fd00::1]:9094,10.0.0.1/a.b_c-D'), {
    kind: 'kafka',
    brokers: [
      { host: 'a.kafka.svc', port: 9093 },
      { host: 'fd00::1', port: 9094 },
      { host: '10.0.0.1', port: 9092 },
    ],
    topic: 'a.b_c-D',
  });
});

test('what is neither is none', () => {
  for (const text of [
    '',
    'sink',
    'ftp://sink/',
    'kafka://broker',
    'kafka://broker/',
    'kafka:///topic',
    'kafka://broker:0/topic',
    'kafka://broker:65536/topic',
    'kafka://broker:9092,/topic',
    'kafka://user:secret@broker:9092/topic',
    'kafka://broker/topic/more',
    'kafka://broker/topic?acks=0',
    'kafka://broker/..',
    'kafka://broker/a topic',
    `kafka://broker/${'x'.repeat(250)}`,
  ])
    assert.equal(readSinkUrl(text), undefined, text);
});
