import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Datatype, readValues } from '../tensors/datatypes.ts';
import { askNumpy, hasNumpy, type MeanCase } from '../tensors/testing/numpy.ts';
import { grpc, textOf } from '../testing/payloads.ts';
import { V2_SCHEMA } from '../testing/schemas.ts';
import type { Payload } from '../payload.ts';
import { averageGrpc } from './average-grpc.ts';
import { constantGrpc } from './constant.ts';
import { findUnjoinableGrpc, joinGrpc } from './join-grpc.ts';
import { readGrpcRoute } from './route-grpc.ts';

const { read, write } = V2_SCHEMA;
const FIELDS: Partial<Record<Datatype | 'BYTES', string>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
};

interface Output {
  readonly datatype?: string;
  readonly shape?: readonly number[];
  readonly name?: string;
}

function raw(bytes: Buffer, output: Output): Payload {
  const value = { outputs: [{ name: 'o', ...output }], raw_output_contents: [bytes] };
  return grpc(write('Response', { model_name: 'm', id: 'i', ...value }));
}

function typed(values: readonly unknown[], output: Output): Payload {
  const field = FIELDS[output.datatype as Datatype] ?? 'bytes_contents';
  const contents = { [field]: values };
  return grpc(write('Response', { outputs: [{ name: 'o', ...output, contents }] }));
}

/** Python's text of numbers as protobufjs takes them: integers as texts, so that none is rounded. */
function parse(text: string, datatype: Datatype): unknown[] {
  const parts = text.slice(1, -1).split(', ');
  if (datatype.includes('INT')) return parts;
  return parts.map((part) =>
    part === 'true' || part === 'false' ? part === 'true' : Number(part),
  );
}

function tensorOf(payload: Payload): Record<string, unknown> {
  const [tensor] = read('Response', payload.body)['outputs'] as Record<string, unknown>[];
  assert.ok(tensor);
  return tensor;
}

function assertMean({ datatype, shape, meanDatatype, mean, raw: arrays, flat }: MeanCase): void {
  const averaged = averageGrpc(arrays.map((bytes) => raw(bytes, { datatype, shape })));
  assert.ok('body' in averaged, `${datatype}: ${textOf(averaged)}`);
  assert.deepEqual(read('Response', averaged.body), {
    model_name: 'm',
    id: 'i',
    outputs: [{ name: 'o', datatype: meanDatatype, shape: ['2', '3'] }],
    raw_output_contents: [mean.toString('base64')],
  });
  if (datatype === 'FP16' || datatype === 'BF16') return;
  const typedMean = averageGrpc(
    flat.map((text) => typed(parse(text, datatype), { datatype, shape })),
  );
  assert.ok('body' in typedMean, `${datatype} typed: ${textOf(typedMean)}`);
  const contents = tensorOf(typedMean)['contents'] as Record<string, number[]>;
  const field = meanDatatype === 'FP32' ? 'fp32_contents' : 'fp64_contents';
  assert.deepEqual(
    Float64Array.from(contents[field] ?? []),
    readValues(meanDatatype, mean),
    datatype,
  );
}

test('the mean of every datatype is numpy’s, raw and typed', { skip: !hasNumpy }, () => {
  for (const given of askNumpy().means) assertMean(given);
});

test('raw and typed responses have a mean in the form of the first', () => {
  const one = raw(Buffer.from('0000803f', 'hex'), { datatype: 'FP32', shape: [1] });
  const two = typed([2], { datatype: 'FP32', shape: [1] });
  for (const [responses, expected] of [
    [[one, two], { raw_output_contents: ['AADAPw=='] }],
    [[two, one], {}],
  ] as const) {
    const mean = averageGrpc(responses);
    assert.ok('body' in mean);
    assert.deepEqual(
      read('Response', mean.body)['raw_output_contents'],
      expected.raw_output_contents,
    );
  }
});

test('what cannot be averaged is said to be', () => {
  for (const [bad, info] of [
    [typed([Buffer.from('a')], { datatype: 'BYTES', shape: [1] }), /output "o" is BYTES/],
    [typed([1, 2], { datatype: 'FP32', shape: [3] }), /do not fit its shape/],
    [
      typed([Buffer.from('a')], { datatype: 'FP16', shape: [1] }),
      /holds no numbers of its datatype/,
    ],
    [raw(Buffer.alloc(3), { datatype: 'FP32', shape: [1] }), /holds no numbers of its datatype/],
    [grpc(Buffer.from('2a05', 'hex')), /no ModelInferResponse/],
    [grpc(Buffer.alloc(0)), /holds no tensor/],
  ] as const) {
    const mean = averageGrpc([bad]);
    assert.ok('code' in mean);
    assert.equal(mean.code, 'MERGE_UNUSABLE');
    assert.match(mean.info, info);
  }
});

test('a branch is the first number of the first output', () => {
  const route = (payload: Payload): number | string => {
    const found = readGrpcRoute(payload);
    return typeof found === 'number' ? found : found.code;
  };
  assert.equal(route(typed(['-2'], { datatype: 'INT64', shape: [1] })), -2);
  assert.equal(route(raw(Buffer.from('ffffffff', 'hex'), { datatype: 'INT32', shape: [1] })), -1);
  assert.equal(route(typed([1.9, 0], { datatype: 'FP32', shape: [2] })), 1);
  assert.equal(route(typed([Number.NaN], { datatype: 'FP32', shape: [1] })), 'ROUTE_UNUSABLE');
  assert.equal(
    route(typed([Buffer.from('1')], { datatype: 'BYTES', shape: [1] })),
    'ROUTE_UNUSABLE',
  );
  assert.equal(route(grpc(Buffer.alloc(0))), 'ROUTE_UNUSABLE');
  assert.equal(route(grpc(Buffer.from('2a05', 'hex'))), 'ANSWER_MALFORMED');
});

function joined(...payloads: Payload[]): Record<string, unknown> {
  assert.equal(findUnjoinableGrpc(payloads), undefined);
  return read('Request', Buffer.concat(joinGrpc(payloads, 'c').pieces));
}

test('a combiner gets the outputs of all responses as inputs, each under a name of its own', () => {
  const response = typed(['9007199254740993'], { datatype: 'INT64', shape: [1] });
  const contents = { int64_contents: ['9007199254740993'] };
  const tensor = { datatype: 'INT64', shape: ['1'], contents };
  assert.deepEqual(
    joined(
      response,
      response,
      typed(['9007199254740993'], { datatype: 'INT64', shape: [1], name: 'p' }),
    ),
    {
      model_name: 'c',
      inputs: [
        { name: 'o', ...tensor },
        { name: 'o_1', ...tensor },
        { name: 'p', ...tensor },
      ],
    },
  );
});

test('where some responses are raw, the others’ numbers are made raw, each bit of them', () => {
  const of = (datatype: string, values: unknown[], name: string): Payload =>
    typed(values, { datatype, shape: [values.length], name });
  const request = joined(
    raw(Buffer.from('0000803f', 'hex'), { datatype: 'FP32', shape: [1] }),
    of('INT64', ['9007199254740993', '-1'], 'a'),
    of('UINT64', ['18446744073709551615'], 'b'),
    of('INT8', ['-2'], 'c'),
    of('UINT16', [65535], 'd'),
    of('BOOL', [true], 'e'),
    of('FP64', [0.1], 'f'),
    of('BYTES', [Buffer.from('xyz')], 'g'),
  );
  const raws = (request['raw_input_contents'] as string[]).map((each) =>
    Buffer.from(each, 'base64').toString('hex'),
  );
  assert.deepEqual(raws, [
    '0000803f',
    '0100000000002000ffffffffffffffff',
    'ffffffffffffffff',
    'fe',
    'ffff',
    '01',
    '9a9999999999b93f',
    '0300000078797a',
  ]);
  const inputs = request['inputs'] as Record<string, unknown>[];
  assert.ok(inputs.every((input) => !('contents' in input)));
});

test('a response that cannot be joined is found', () => {
  const good = raw(Buffer.alloc(4), { datatype: 'FP32', shape: [1] });
  assert.equal(findUnjoinableGrpc([good, grpc(Buffer.from('2a05', 'hex'))])?.position, 1);
  const odd = typed([Buffer.from('a')], { datatype: 'FP16', shape: [1] });
  assert.equal(findUnjoinableGrpc([good, odd])?.position, 1);
});

test('the constant is a response in the protocol', () => {
  assert.deepEqual(read('Response', constantGrpc('m').body), {
    model_name: 'm',
    outputs: [{ name: 'output-0', datatype: 'FP64', shape: ['1', '3'] }],
    raw_output_contents: ['mpmZmZmZuT/NzMzMzMzsPwAAAAAAAOA/'],
  });
});
