// A router may say its branch in any datatype and encoding of V2 and TensorFlow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGrpcRoute as tensorflowRoute } from './tensorflow/route-grpc.ts';
import type { Datatype } from './tensors/datatypes.ts';
import { binary, grpc, rest } from './testing/payloads.ts';
import { TENSORFLOW_SCHEMA, V2_SCHEMA } from './testing/schemas.ts';
import { readGrpcRoute } from './v2/route-grpc.ts';
import { readRestRoute } from './v2/route-rest.ts';

/** Of each datatype: its number in TensorFlow, the number 2 in its bytes, and −1 where it has one. BOOL has 1. */
const DATATYPES: readonly (readonly [Datatype, number, string, string | undefined])[] = [
  ['UINT8', 4, '02', undefined],
  ['UINT16', 17, '0200', undefined],
  ['UINT32', 22, '02000000', undefined],
  ['UINT64', 23, '0200000000000000', undefined],
  ['INT8', 6, '02', 'ff'],
  ['INT16', 5, '0200', 'ffff'],
  ['INT32', 3, '02000000', 'ffffffff'],
  ['INT64', 9, '0200000000000000', 'ffffffffffffffff'],
  ['FP16', 19, '0040', '00bc'],
  ['BF16', 14, '0040', '80bf'],
  ['FP32', 1, '00000040', '000080bf'],
  ['FP64', 2, '0000000000000040', '000000000000f0bf'],
];

function routes(datatype: Datatype, dtype: number, bytes: Buffer, branch: number): unknown[] {
  const json = (member: string): string =>
    `{"outputs":[{"name":"b","datatype":"${datatype}","shape":[1],${member}}]}`;
  const output = { name: 'b', datatype, shape: [1] };
  const raw = V2_SCHEMA.write('Response', { outputs: [output], raw_output_contents: [bytes] });
  const tensor = { dtype, tensor_shape: { dim: [{ size: 1 }] }, tensor_content: bytes };
  const tensorflow = TENSORFLOW_SCHEMA.write('PredictResponse', { outputs: { b: tensor } });
  return [
    readRestRoute(rest(json(`"data":[${branch}]`))),
    readRestRoute(binary(json(`"parameters":{"binary_data_size":${bytes.length}}`), bytes)),
    readGrpcRoute(grpc(raw)),
    tensorflowRoute(grpc(tensorflow)),
  ];
}

test('a branch is read in every datatype, as JSON, binary, raw and in a TensorProto', () => {
  for (const [datatype, dtype, two, minusOne] of DATATYPES) {
    const of = (hex: string, branch: number): void => {
      const found = routes(datatype, dtype, Buffer.from(hex, 'hex'), branch);
      assert.deepEqual(found, [branch, branch, branch, branch], datatype);
    };
    of(two, 2);
    if (minusOne !== undefined) of(minusOne, -1);
  }
});
