import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRPC_FRAME_BYTES, GRPC_PACKED, GrpcFrameHead, grpcFrameHead } from './frame.ts';

test('a head says that the message is plain, and its length', () => {
  assert.deepEqual([...grpcFrameHead(0x01020304)], [0, 1, 2, 3, 4]);
});

test('a head is read whole or in any two pieces, and leaves what follows', () => {
  const chunk = Buffer.from([GRPC_PACKED, 0xff, 0, 0, 9, 7, 7]);
  for (let cut = 0; cut <= GRPC_FRAME_BYTES; cut++) {
    const head = new GrpcFrameHead();
    assert.equal(head.push(chunk, 0, cut), cut);
    assert.equal(head.started, cut > 0);
    assert.equal(head.whole, cut === GRPC_FRAME_BYTES);
    assert.equal(head.push(chunk, cut, chunk.length), GRPC_FRAME_BYTES);
    assert.deepEqual([head.whole, head.flag, head.length], [true, GRPC_PACKED, 0xff000009]);
  }
});
