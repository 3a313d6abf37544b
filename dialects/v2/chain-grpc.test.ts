import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edited, grpc, textOf } from '../testing/payloads.ts';
import { V2_SCHEMA } from '../testing/schemas.ts';
import { answerWithRequest, chainGrpc, modelInRequest, nameRequest } from './chain-grpc.ts';

const { read, write } = V2_SCHEMA;

function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

function named(hex: string, model: string): string {
  const payload = grpc(Buffer.from(hex, 'hex'));
  return hexOf(textOf(edited(payload, nameRequest(payload, model))));
}

function chained(hex: string, model: string): string {
  const payload = grpc(Buffer.from(hex, 'hex'));
  return hexOf(textOf(edited(payload, chainGrpc(payload, model))));
}

const INPUT = '2a180a07696e7075742d311205494e5433321a01012a03120101';

test('a request without a name gets the unit’s, as the executor writes it', () => {
  assert.equal(named(INPUT, 'm'), `0a016d${INPUT}`);
});

test('a request under the unit’s name stays, with its version', () => {
  const payload = grpc(Buffer.from(`0a016d120131${INPUT}`, 'hex'));
  assert.equal(modelInRequest(payload), 'm');
  assert.equal(nameRequest(payload, 'm'), undefined);
});

test('another name is written over, and the version, which was that one’s, goes', () => {
  assert.equal(named(`0a0161120131${INPUT}`, 'b'), `0a0162${INPUT}`);
  assert.equal(named(`${INPUT}0a0161`, 'b'), `0a0162${INPUT}`);
});

test('raw contents of a response become those of the next request', () => {
  assert.equal(
    chained('0a01612a130a07696e7075742d311205494e5433321a0101320401000000', 'b'),
    '0a01622a130a07696e7075742d311205494e5433321a01013a0401000000',
  );
});

test('id and parameters of a response go on, name and version do not, and typed contents stay', () => {
  const tensor = {
    name: 'o',
    datatype: 'INT64',
    shape: [1],
    parameters: { content_type: { string_param: 'np' } },
    contents: { int64_contents: ['9007199254740993'] },
  };
  const response = write('Response', {
    model_name: 'a',
    model_version: '3',
    id: 'i',
    parameters: { key: { bool_param: true } },
    outputs: [tensor],
  });
  const request = Buffer.from(chained(response.toString('hex'), 'b'), 'hex');
  assert.deepEqual(read('Request', request), {
    model_name: 'b',
    id: 'i',
    parameters: { key: { bool_param: true } },
    inputs: [{ ...tensor, shape: ['1'] }],
  });
});

test('empty contents beside raw ones, which some servers write and others refuse, go', () => {
  const response = write('Response', {
    outputs: [{ name: 'o', datatype: 'INT64', shape: [1], contents: {} }],
    raw_output_contents: [Buffer.alloc(8)],
  });
  const request = read('Request', Buffer.from(chained(response.toString('hex'), 'b'), 'hex'));
  assert.deepEqual(request['inputs'], [{ name: 'o', datatype: 'INT64', shape: ['1'] }]);
  assert.deepEqual(request['raw_input_contents'], ['AAAAAAAAAAA=']);
});

test('a tag that is written longer than it has to be is understood', () => {
  assert.equal(chained('b2000401000000', 'b'), '0a01623a0401000000');
});

test('broken responses are refused, broken requests left to the unit', () => {
  const broken = grpc(Buffer.from('2a05', 'hex'));
  assert.match(
    textOf(edited(broken, chainGrpc(broken, 'b'))),
    /^ANSWER_NOT_CHAINABLE Failed to convert/,
  );
  assert.equal(nameRequest(broken, 'b'), undefined);
});

test('a client’s request that is the response has its inputs as outputs', () => {
  const payload = grpc(
    write('Request', {
      model_name: 'm',
      id: 'i',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      outputs: [{ name: 'asked' }],
      raw_input_contents: [Buffer.from('0000803f', 'hex')],
    }),
  );
  const response = edited(payload, answerWithRequest(payload));
  assert.ok(typeof response === 'object');
  assert.deepEqual(read('Response', response.body), {
    model_name: 'm',
    id: 'i',
    outputs: [{ name: 'x', datatype: 'FP32', shape: ['1'] }],
    raw_output_contents: ['AACAPw=='],
  });
});
