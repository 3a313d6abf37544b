import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { readFixed, readVarints, readVarintWords } from './numbers.ts';
import { FIXED32, FIXED64 } from './reader.ts';

const { root } = protobuf.parse(`
  syntax = "proto3"; package t;
  message Packed { repeated int64 a = 1; repeated uint64 b = 2; repeated int32 c = 3; repeated double d = 4; repeated float e = 5; }
  message Loose { repeated int64 a = 1 [packed=false]; repeated uint64 b = 2 [packed=false]; repeated int32 c = 3 [packed=false];
    repeated double d = 4 [packed=false]; repeated float e = 5 [packed=false]; }
`);
const VALUE = {
  a: ['0', '-1', '9007199254740993', '-9223372036854775808', '268435456', '34359738368'],
  b: ['18446744073709551615', '127', '128', '4294967296'],
  c: [0, -1, 2147483647, -2147483648],
  d: [0.1, -0, Number.NaN],
  e: [0.5, Number.POSITIVE_INFINITY],
};

test('repeated numbers are read, packed or not', () => {
  for (const name of ['Packed', 'Loose']) {
    const type = root.lookupType(`t.${name}`);
    const bytes = Buffer.from(type.encode(type.fromObject(VALUE)).finish());
    const integers = VALUE.a.map(Number);
    assert.deepEqual(Array.from(readVarints(bytes, 1, 'int64') ?? []), integers);
    assert.deepEqual(Array.from(readVarints(bytes, 2, 'uint64') ?? []), VALUE.b.map(Number));
    assert.deepEqual(Array.from(readVarints(bytes, 3, 'int32') ?? []), VALUE.c);
    assert.deepEqual(Array.from(readFixed(bytes, 4, FIXED64) ?? []), VALUE.d);
    assert.deepEqual(Array.from(readFixed(bytes, 5, FIXED32) ?? []), VALUE.e);
    const words = readVarintWords(bytes, 1);
    assert.deepEqual(
      VALUE.a.map((_, i) => String(words?.readBigInt64LE(8 * i))),
      VALUE.a,
    );
  }
});

test('broken fields are told from fields that are not there', () => {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  assert.equal(readVarints(hex('0a0180'), 1, 'int64'), undefined);
  assert.equal(readVarints(hex('0d00000000'), 1, 'int64'), undefined);
  assert.equal(readFixed(hex('2203000000'), 4, FIXED64), undefined);
  assert.equal(readFixed(hex('2000'), 4, FIXED64), undefined);
  assert.equal(readVarints(hex('0a05'), 2, 'int64'), undefined);
  assert.equal(readVarints(hex('0801'), 2, 'int64')?.length, 0);
});
