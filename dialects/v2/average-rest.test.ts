import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../testing/cpu-time.ts';
import { type Datatype, isDatatype, readValues, writeValues } from '../tensors/datatypes.ts';
import { askNumpy, hasNumpy, type MeanCase } from '../tensors/testing/numpy.ts';
import { binary, rest, textOf } from '../testing/payloads.ts';
import type { Payload } from '../payload.ts';
import { averageRest } from './average-rest.ts';
import { readLayout } from './layout.ts';
import { readTensors } from './tensors-rest.ts';

function output(datatype: string, shape: readonly number[], data: string, name = 'o'): string {
  return `{"name":"${name}","datatype":"${datatype}","shape":${JSON.stringify(shape)},"data":${data}}`;
}

function response(...outputs: string[]): Payload {
  return rest(`{"model_name":"m","outputs":[${outputs.join(',')}],"x":1}`);
}

/** The numbers of a response's first output, in the type that it names. */
function numbersOf(payload: Payload): { type: Datatype; values: Float64Array } {
  const layout = readLayout(payload);
  assert.ok(layout);
  const tensors = readTensors(payload, layout);
  assert.ok(typeof tensors === 'object', String(tensors));
  const [tensor] = tensors;
  assert.ok(tensor && isDatatype(tensor.datatype));
  return { type: tensor.datatype, values: tensor.values };
}

function assertMean(given: MeanCase, payloads: Payload[], how: string): void {
  const mean = averageRest(payloads);
  assert.ok('body' in mean, `${given.datatype} ${how}: ${textOf(mean)}`);
  const { type, values } = numbersOf(mean);
  assert.equal(type, given.meanDatatype);
  // In its own type, as JSON may say more digits than that has.
  const bytes = writeValues(given.meanDatatype, values);
  const inType = readValues(given.meanDatatype, bytes);
  const expected = readValues(given.meanDatatype, given.mean);
  assert.deepEqual(inType, expected, `${given.datatype} ${how}`);
}

test('the mean of every datatype is numpy’s, flat, nested and binary', { skip: !hasNumpy }, () => {
  for (const given of askNumpy().means) {
    const { datatype, shape } = given;
    const of = (texts: readonly string[]): Payload[] =>
      texts.map((text) => response(output(datatype, shape, text)));
    assertMean(given, of(given.flat), 'flat');
    assertMean(given, of(given.nested), 'nested');
    const payloads = given.raw.map((bytes) =>
      binary(
        `{"outputs":[{"name":"o","datatype":"${datatype}","shape":[2,3],"parameters":{"binary_data_size":${bytes.length}}}]}`,
        bytes,
      ),
    );
    assertMean(given, payloads, 'binary');
    const mean = averageRest(payloads);
    assert.ok('body' in mean);
    assert.deepEqual(mean.body.subarray(Number(mean.layout)), given.mean, datatype);
  }
});

test('the mean takes the place of the data, and nothing else changes', () => {
  const mean = averageRest([
    response(output('INT64', [1, 2], '[[1,2]]'), output('FP32', [1], '[0.5]', 'p')),
    response(output('FP32', [1], '[1.5]', 'p'), output('INT64', [1, 2], '[2,2]')),
  ]);
  assert.equal(
    textOf(mean),
    `{"model_name":"m","outputs":[${output('FP64', [1, 2], '[[1.5,2]]')},${output('FP32', [1], '[1]', 'p')}],"x":1}`,
  );
});

test('some outputs may be binary and others not', () => {
  const bytes = (value: number): Buffer => writeValues('FP32', Float64Array.of(value));
  const of = (value: number): Payload =>
    binary(
      `{"outputs":[${output('FP64', [1], `[${value}]`, 'a')},{"parameters":{"binary_data_size":4},"name":"b","datatype":"FP32","shape":[1]}]}`,
      bytes(value),
    );
  const mean = averageRest([of(1), of(4)]);
  assert.deepEqual(mean, of(2.5));
});

test('outputs of one tensor each may have different names and types', () => {
  const mean = averageRest([
    response(output('FP32', [1], '[1]', 'predict')),
    response(output('FP64', [1], '[2]', 'probability')),
  ]);
  assert.equal(textOf(mean), textOf(response(output('FP64', [1], '[1.5]', 'predict'))));
});

test('empty tensors have an empty mean', () => {
  const empty = response(output('FP32', [0, 3], '[]'));
  assert.equal(textOf(averageRest([empty, empty])), textOf(empty));
});

test('what cannot be averaged is said to be, with the response that it is in', () => {
  const good = response(output('FP32', [2], '[1,2]'));
  for (const [bad, info] of [
    [response(output('FP32', [2], '[[1],[2,3]]')), /no regular array/],
    [response(output('FP32', [2], '[1]')), /do not fit its shape/],
    [response(output('FP32', [1, 2], '[1,2]')), /the shape of "o" is \[1,2\]/],
    [response(output('BYTES', [2], '["a","b"]')), /output "o" is BYTES/],
    [response(output('FP32', [2], '["1","2"]')), /no regular array/],
    [rest('{"outputs":[{"name":"o","datatype":"FP32","shape":[2]}]}'), /holds no data/],
    [rest('{"outputs":[{"name":"o","datatype":"FP32","data":[1,2]}]}'), /has no shape/],
    [rest('{"outputs":[{"name":"o","shape":[2],"data":[1,2]}]}'), /of no datatype/],
    [rest('{"outputs":[]}'), /the response holds/],
    [rest('{"outputs":{}}'), /no outputs/],
    [rest('{"error":"x"}'), /no outputs/],
    [rest('{"outputs":'), /not valid JSON/],
    [response(output('FP32', [-2], '[1,2]')), /has no shape/],
  ] as const) {
    const mean = averageRest([good, bad]);
    assert.ok('code' in mean, textOf(bad));
    assert.equal(mean.code, 'MERGE_UNUSABLE');
    assert.equal(mean.position, 1);
    assert.match(mean.info, info);
  }
  const short = binary(
    '{"outputs":[{"name":"o","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}]}',
    Buffer.alloc(7),
  );
  assert.match(textOf(averageRest([short])), /shorter than the response says/);
});

test('responses of many tensors are averaged in about the time of their bytes', () => {
  const outputs = Array.from(
    { length: 30_000 },
    (_, index) => `{"name":"n${index}","datatype":"FP32","shape":[1],"data":[1]}`,
  );
  const response = `{"outputs":[${outputs.join(',')}]}`;
  const took = cpuMs(() => {
    assert.ok('body' in averageRest([rest(response), rest(response)]));
  });
  assert.ok(took < 5000, `${took} ms of the processor`);
});
