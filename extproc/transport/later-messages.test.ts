import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaterMessages } from './later-messages.ts';

function frame(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

function open(maxBytes = 100, room = 100) {
  const said: string[] = [];
  let held = 0;
  const later = new LaterMessages(
    {
      hold: (bytes) => {
        if (held + bytes > room) return false;
        held += bytes;
        return true;
      },
      release: (bytes) => {
        held -= bytes;
      },
      passLater: (body) => said.push(body.toString()),
      passEnd: () => said.push('end'),
    },
    maxBytes,
  );
  const push = (bytes: Buffer): boolean => later.push(bytes, 0, bytes.length);
  return { later, push, said, held: () => held };
}

const shout = (body: Buffer): Buffer => Buffer.from(body.toString().toUpperCase());

test('what comes before the unit is known waits, what came with the first message goes first', () => {
  const { later, push, said, held } = open();
  assert.ok(push(frame('b').subarray(0, 3)));
  assert.ok(push(Buffer.concat([frame('b').subarray(3), frame('c')])));
  later.end();
  assert.deepEqual(said, []);
  assert.equal(held(), 12);
  assert.ok(later.start(shout, frame('a')));
  assert.deepEqual(said, ['A', 'B', 'C', 'end']);
  assert.equal(held(), 0);
});

test('afterwards each message goes when it is whole', () => {
  const { later, push, said } = open();
  assert.ok(later.start(shout, Buffer.alloc(0)));
  for (const byte of frame('word')) assert.ok(push(Buffer.from([byte])));
  assert.deepEqual(said, ['WORD']);
  later.end();
  assert.deepEqual(said, ['WORD', 'end']);
});

test('a message over the limit, one that is compressed, and too much that waits are refused', () => {
  const large = open(3);
  assert.ok(large.later.start(shout, Buffer.alloc(0)));
  assert.ok(large.push(frame('abc')));
  assert.equal(large.push(frame('abcd')), false);
  const packed = open();
  assert.ok(packed.later.start(shout, Buffer.alloc(0)));
  assert.equal(packed.push(Buffer.from([1, 0, 0, 0, 0])), false);
  const full = open(100, 8);
  assert.ok(full.push(frame('a')));
  assert.equal(full.push(frame('b')), false);
});
