import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFrame } from './connection-rules.ts';
import { FLAG, FRAME, H2_ERROR } from './frames.ts';

const check = (type: number, streamId: number, bytes: number, flags = 0): number =>
  checkFrame(type, flags, streamId, bytes, true, type === FRAME.CONTINUATION);

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR } = H2_ERROR;

test('a connection begins with SETTINGS', () => {
  for (const type of Object.values(FRAME)) {
    const error = checkFrame(type, 0, 0, 0, false, false);
    assert.equal(error, type === FRAME.SETTINGS ? 0 : PROTOCOL_ERROR);
  }
});

test('nothing comes between the frames of a block, and no CONTINUATION outside of one', () => {
  for (const type of Object.values(FRAME)) {
    const inBlock = checkFrame(type, 0, 1, 4, true, true);
    assert.equal(inBlock, type === FRAME.CONTINUATION ? 0 : PROTOCOL_ERROR);
  }
  assert.equal(checkFrame(FRAME.CONTINUATION, 0, 1, 4, true, false), PROTOCOL_ERROR);
});

test('each type has its stream and its length', () => {
  const rows: [number, number, number, number][] = [
    [FRAME.HEADERS, 1, 10, 0],
    [FRAME.HEADERS, 0, 10, PROTOCOL_ERROR],
    [FRAME.HEADERS, 2, 10, PROTOCOL_ERROR],
    [FRAME.SETTINGS, 0, 6, 0],
    [FRAME.SETTINGS, 1, 6, PROTOCOL_ERROR],
    [FRAME.PING, 0, 8, 0],
    [FRAME.PING, 1, 8, PROTOCOL_ERROR],
    [FRAME.PING, 0, 7, FRAME_SIZE_ERROR],
    [FRAME.GOAWAY, 0, 8, 0],
    [FRAME.GOAWAY, 0, 20, 0],
    [FRAME.GOAWAY, 1, 8, PROTOCOL_ERROR],
    [FRAME.GOAWAY, 0, 7, FRAME_SIZE_ERROR],
    [FRAME.WINDOW_UPDATE, 0, 4, 0],
    [FRAME.WINDOW_UPDATE, 3, 4, 0],
    [FRAME.WINDOW_UPDATE, 3, 5, FRAME_SIZE_ERROR],
    [FRAME.RST_STREAM, 3, 4, 0],
    [FRAME.RST_STREAM, 0, 4, PROTOCOL_ERROR],
    [FRAME.RST_STREAM, 3, 3, FRAME_SIZE_ERROR],
    [FRAME.PRIORITY, 3, 5, 0],
    [FRAME.PRIORITY, 0, 5, PROTOCOL_ERROR],
    [FRAME.PRIORITY, 3, 4, FRAME_SIZE_ERROR],
    [FRAME.PUSH_PROMISE, 3, 10, PROTOCOL_ERROR],
    [0xff, 0, 3, 0],
  ];
  for (const [type, streamId, bytes, error] of rows)
    assert.equal(check(type, streamId, bytes), error, `${type} ${streamId} ${bytes}`);
  assert.equal(check(FRAME.SETTINGS, 0, 6, FLAG.ACK), FRAME_SIZE_ERROR);
  assert.equal(check(FRAME.SETTINGS, 0, 0, FLAG.ACK), 0);
});
