import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanDatatype, readValues, writeValues } from './datatypes.ts';
import { readBf16, readFp16, writeBf16, writeFp16 } from './halves.ts';
import { askNumpy, hasNumpy } from './testing/numpy.ts';

function doubles(bytes: Buffer): Float64Array {
  return readValues('FP64', bytes) as Float64Array;
}

function halves(bytes: Buffer): Uint16Array {
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

test('every number of sixteen bits is what numpy says, and is written as it was read', {
  skip: !hasNumpy,
}, () => {
  const numpy = askNumpy();
  for (const [read, write, expected] of [
    [readFp16, writeFp16, doubles(numpy.fp16)],
    [readBf16, writeBf16, doubles(numpy.bf16)],
  ] as const) {
    for (let bits = 0; bits < 65536; bits++) {
      assert.ok(Object.is(read(bits), expected[bits]), `${bits}`);
      if (!Number.isNaN(expected[bits])) assert.equal(write(read(bits)), bits);
    }
  }
  for (const [write, values, expected] of [
    [writeFp16, doubles(numpy.doubles), halves(numpy.asFp16)],
    [writeBf16, doubles(numpy.wide), halves(numpy.asBf16)],
  ] as const) {
    for (const [i, value] of values.entries()) {
      assert.equal(write(value), expected[i], `${value}`);
    }
  }
});

test('integers above 2^53 become the nearest double', () => {
  const bytes = Buffer.alloc(24);
  bytes.writeBigInt64LE(2n ** 53n + 1n, 0);
  bytes.writeBigInt64LE(-(2n ** 53n) - 3n, 8);
  bytes.writeBigInt64LE(-1n, 16);
  assert.deepEqual(Array.from(readValues('INT64', bytes) ?? []), [2 ** 53, -(2 ** 53) - 4, -1]);
  assert.deepEqual(readValues('UINT64', bytes)?.[2], 2 ** 64);
});

test('bytes that are no whole number of numbers are refused, and none at all are none', () => {
  assert.equal(readValues('FP32', Buffer.alloc(6)), undefined);
  assert.equal(readValues('INT64', Buffer.alloc(0))?.length, 0);
});

test('a mean has the one floating-point type of its numbers, or the wider one, or FP64', () => {
  assert.equal(meanDatatype(['FP16', 'FP16']), 'FP16');
  assert.equal(meanDatatype(['BF16', 'FP16']), 'FP32');
  assert.equal(meanDatatype(['FP32', 'FP64']), 'FP64');
  assert.equal(meanDatatype(['INT8', 'INT8']), 'FP64');
  assert.equal(meanDatatype(['FP32', 'INT8']), 'FP64');
});

test('numbers are written little-endian', () => {
  assert.equal(writeValues('FP32', Float64Array.of(1, -0)).toString('hex'), '0000803f00000080');
  assert.equal(writeValues('BF16', Float64Array.of(1, -0)).toString('hex'), '803f0080');
});
