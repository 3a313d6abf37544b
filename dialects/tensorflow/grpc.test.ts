import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Datatype, readValues } from '../tensors/datatypes.ts';
import { askNumpy, hasNumpy, type MeanCase } from '../tensors/testing/numpy.ts';
import { edited, grpc, textOf } from '../testing/payloads.ts';
import { TENSORFLOW_SCHEMA } from '../testing/schemas.ts';
import type { Payload } from '../payload.ts';
import { averageGrpc } from './average-grpc.ts';
import { answerWithRequest, chainGrpc, modelInRequest, nameRequest } from './chain-grpc.ts';
import { constantGrpc } from './constant.ts';
import { findUnjoinableGrpc, joinGrpc } from './join-grpc.ts';
import { readGrpcRoute } from './route-grpc.ts';

const { read, write } = TENSORFLOW_SCHEMA;

const DTYPES: Readonly<Record<Datatype, number>> = {
  FP32: 1,
  FP64: 2,
  INT32: 3,
  UINT8: 4,
  INT16: 5,
  INT8: 6,
  INT64: 9,
  BOOL: 10,
  BF16: 14,
  UINT16: 17,
  FP16: 19,
  UINT32: 22,
  UINT64: 23,
};
const FIELDS: Readonly<Record<Datatype, string>> = {
  FP32: 'float_val',
  FP64: 'double_val',
  INT32: 'int_val',
  UINT8: 'int_val',
  INT16: 'int_val',
  INT8: 'int_val',
  INT64: 'int64_val',
  BOOL: 'bool_val',
  BF16: 'half_val',
  UINT16: 'int_val',
  FP16: 'half_val',
  UINT32: 'uint32_val',
  UINT64: 'uint64_val',
};

function shapeOf(sizes: readonly number[]): object {
  return { dim: sizes.map((size) => ({ size })) };
}

function response(tensor: object, name = 'o'): Payload {
  return grpc(write('PredictResponse', { outputs: { [name]: tensor }, model_spec: { name: 'm' } }));
}

function tensorOf(payload: Payload, name = 'o'): Record<string, unknown> {
  const outputs = read('PredictResponse', payload.body)['outputs'] as Record<string, object>;
  return outputs[name] as Record<string, unknown>;
}

/** The values of an array for protobufjs: integers as texts, so that none is rounded; sixteen bits as they are. */
function listOf({ datatype }: MeanCase, bytes: Buffer, text: string): unknown[] {
  if (datatype === 'FP16' || datatype === 'BF16') {
    return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
  }
  const parts = text.slice(1, -1).split(', ');
  if (datatype.includes('INT')) return parts;
  return parts.map((part) =>
    part === 'true' || part === 'false' ? part === 'true' : Number(part),
  );
}

function assertMean(given: MeanCase): void {
  const { datatype, shape, meanDatatype, mean } = given;
  const head = { dtype: DTYPES[datatype], tensor_shape: shapeOf(shape) };
  const content = averageGrpc(
    given.raw.map((bytes) => response({ ...head, tensor_content: bytes })),
  );
  assert.ok('body' in content, `${datatype}: ${textOf(content)}`);
  assert.deepEqual(tensorOf(content), {
    dtype: DTYPES[meanDatatype],
    tensor_shape: { dim: [{ size: '2' }, { size: '3' }] },
    tensor_content: mean.toString('base64'),
  });
  const typed = averageGrpc(
    given.raw.map((bytes, i) =>
      response({ ...head, [FIELDS[datatype]]: listOf(given, bytes, given.flat[i] ?? '') }),
    ),
  );
  assert.ok('body' in typed, `${datatype} typed: ${textOf(typed)}`);
  const values = tensorOf(typed)[FIELDS[meanDatatype]] as number[];
  const bytes =
    FIELDS[meanDatatype] === 'half_val'
      ? readValues(meanDatatype, Buffer.from(Uint16Array.from(values).buffer))
      : Float64Array.from(values);
  assert.deepEqual(bytes, readValues(meanDatatype, mean), `${datatype} typed`);
}

test('the mean of every datatype is numpy’s, as content and typed', { skip: !hasNumpy }, () => {
  for (const given of askNumpy().means) assertMean(given);
});

test('a list that is too short goes on with its last number, an empty one with zeros', () => {
  const tensor_shape = shapeOf([3]);
  const mean = averageGrpc([
    response({ dtype: 1, tensor_shape, float_val: [1, 3] }),
    response({ dtype: 1, tensor_shape }),
  ]);
  assert.ok('body' in mean);
  assert.deepEqual(tensorOf(mean)['float_val'], [0.5, 1.5, 1.5]);
});

test('empty tensors and scalars have a mean', () => {
  for (const [shape, content] of [
    [[0, 2], ''],
    [[], '0000803f'],
  ] as const) {
    const tensor = {
      dtype: 1,
      tensor_shape: shapeOf(shape),
      tensor_content: Buffer.from(content, 'hex'),
    };
    const one = response(tensor);
    const mean = averageGrpc([one, one]);
    assert.ok('body' in mean, textOf(mean));
    assert.equal(
      tensorOf(mean)['tensor_content'] ?? '',
      Buffer.from(content, 'hex').toString('base64'),
    );
  }
});

test('what cannot be averaged is said to be', () => {
  for (const [bad, info] of [
    [response({ dtype: 7, tensor_shape: shapeOf([1]), string_val: [Buffer.from('a')] }), /dtype 7/],
    [response({ dtype: 1, tensor_shape: shapeOf([1]), float_val: [1, 2] }), /do not fit its shape/],
    [response({ dtype: 1, tensor_shape: { unknown_rank: true }, float_val: [1] }), /has no shape/],
    [response({ dtype: 1, tensor_shape: shapeOf([-1]), float_val: [1] }), /has no shape/],
    [response({ dtype: 1, tensor_shape: shapeOf([2e9]), float_val: [1] }), /do not fit its shape/],
    [grpc(Buffer.from('0a05', 'hex')), /no PredictResponse/],
    [grpc(Buffer.alloc(0)), /holds no tensor/],
  ] as const) {
    const mean = averageGrpc([bad]);
    assert.ok('code' in mean);
    assert.equal(mean.code, 'MERGE_UNUSABLE');
    assert.match(mean.info, info);
  }
});

function chained(hex: string, model: string): string {
  const payload = grpc(Buffer.from(hex, 'hex'));
  return Buffer.from(textOf(edited(payload, chainGrpc(payload, model))), 'latin1').toString('hex');
}

test('outputs become inputs under the name of the unit', () => {
  assert.equal(
    chained('0a130a0178120e08011204120208012a040000803f12030a0161', 'b'),
    '0a030a016212130a0178120e08011204120208012a040000803f',
  );
  const broken = grpc(Buffer.from('0a05', 'hex'));
  assert.match(
    textOf(edited(broken, chainGrpc(broken, 'b'))),
    /^ANSWER_NOT_CHAINABLE Failed to convert tensorflow response/,
  );
});

test('a request keeps the unit’s name, and none at all; another is written over', () => {
  const none = grpc(Buffer.from('12130a0178120e08011204120208012a040000803f', 'hex'));
  assert.equal(modelInRequest(none), '');
  assert.equal(nameRequest(none, 'a'), undefined);
  const tensor = { dtype: 1, float_val: [1] };
  const request = (spec: object): Payload =>
    grpc(
      write('PredictRequest', { model_spec: spec, inputs: { x: tensor }, output_filter: ['y'] }),
    );
  const named = request({ name: 'a', version: { value: '3' }, signature_name: 's' });
  assert.equal(modelInRequest(named), 'a');
  assert.equal(nameRequest(named, 'a'), undefined);
  const renamed = edited(named, nameRequest(named, 'b'));
  assert.ok(typeof renamed === 'object');
  assert.deepEqual(read('PredictRequest', renamed.body), {
    model_spec: { name: 'b', signature_name: 's' },
    inputs: { x: tensor },
    output_filter: ['y'],
  });
});

test('a client’s request that is the response has its inputs as outputs', () => {
  const inputs = { x: { dtype: 1, float_val: [1] } };
  const payload = grpc(
    write('PredictRequest', { model_spec: { name: 'm' }, inputs, output_filter: ['y'] }),
  );
  const made = edited(payload, answerWithRequest(payload));
  assert.ok(typeof made === 'object');
  assert.deepEqual(read('PredictResponse', made.body), {
    outputs: inputs,
    model_spec: { name: 'm' },
  });
});

test('a branch is the first number of the first output', () => {
  const route = (payload: Payload): number | string => {
    const found = readGrpcRoute(payload);
    return typeof found === 'number' ? found : found.code;
  };
  const tensor_shape = shapeOf([1]);
  assert.equal(route(response({ dtype: 3, tensor_shape, int_val: [-2] })), -2);
  assert.equal(route(response({ dtype: 9, tensor_shape, int64_val: ['-1'] })), -1);
  assert.equal(
    route(response({ dtype: 1, tensor_shape, tensor_content: Buffer.from('0000c03f', 'hex') })),
    1,
  );
  assert.equal(
    route(response({ dtype: 7, tensor_shape, string_val: [Buffer.from('1')] })),
    'ROUTE_UNUSABLE',
  );
  assert.equal(route(grpc(Buffer.alloc(0))), 'ROUTE_UNUSABLE');
  assert.equal(route(grpc(Buffer.from('0a05', 'hex'))), 'ANSWER_MALFORMED');
});

test('a combiner gets the outputs of all responses as inputs, each under a name of its own', () => {
  const tensor = { dtype: 1, float_val: [1] };
  const responses = [response(tensor), response(tensor), response(tensor, 'p')];
  assert.equal(findUnjoinableGrpc(responses), undefined);
  assert.deepEqual(read('PredictRequest', Buffer.concat(joinGrpc(responses, 'c').pieces)), {
    model_spec: { name: 'c' },
    inputs: { o: tensor, o_1: tensor, p: tensor },
  });
  assert.equal(findUnjoinableGrpc([grpc(Buffer.from('0a05', 'hex'))])?.position, 0);
});

test('the constant is a response in the protocol', () => {
  assert.deepEqual(read('PredictResponse', constantGrpc('m').body), {
    outputs: {
      predictions: {
        dtype: 2,
        tensor_shape: { dim: [{ size: '1' }, { size: '3' }] },
        tensor_content: 'mpmZmZmZuT/NzMzMzMzsPwAAAAAAAOA/',
      },
    },
    model_spec: { name: 'm' },
  });
});
