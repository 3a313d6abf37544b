import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, fuzz, SEEDS } from './testing/fuzz.ts';
import { readOneof } from './oneof.ts';
import { FieldReader, readInt32 } from './reader.ts';
import { bytesField, int32Field, stringField } from './writer.ts';

test('the reader agrees with protobufjs on every seed', () => {
  for (const seed of SEEDS) assert.equal(difference(Buffer.from(seed, 'hex')), undefined, seed);
});

test('the reader agrees with protobufjs on generated and damaged messages', () => {
  assert.equal(fuzz(20_000, 7), undefined);
});

test('an int32 is read as it was written', () => {
  for (const value of [0, 1, 127, 128, 300, -1, -2, 2147483647, -2147483648]) {
    const reader = new FieldReader(int32Field(3, value));
    assert.equal(reader.next(), true);
    assert.equal(readInt32(reader.bytes, reader.start, reader.end), value);
    assert.equal(reader.next(), false);
    assert.equal(reader.broken, false);
  }
});

test('of a oneof the last member counts, and a message that is repeated is joined', () => {
  const isMember = (field: number): boolean => field === 3 || field === 5;
  const parts = [bytesField(3, stringField(1, 'a')), bytesField(3, stringField(1, 'b'))];
  const joined = readOneof(Buffer.concat(parts), isMember);
  assert.ok(joined !== undefined && joined !== 'broken');
  assert.deepEqual(joined.payload, Buffer.concat([stringField(1, 'a'), stringField(1, 'b')]));
  const replaced = readOneof(Buffer.concat([...parts, stringField(5, 'x')]), isMember);
  assert.ok(replaced !== undefined && replaced !== 'broken');
  assert.equal(replaced.field, 5);
});
