import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialectName } from '../../graph/plan/plan.ts';
import { grpc } from '../testing/payloads.ts';
import { SELDON_SCHEMA, TENSORFLOW_SCHEMA, V2_SCHEMA } from '../testing/schemas.ts';
import { createTranscoder } from './transcode.ts';

type Message = Record<string, unknown>;

const TYPES = {
  seldon: [SELDON_SCHEMA, 'Message', 'Message'],
  v2: [V2_SCHEMA, 'Request', 'Response'],
  tensorflow: [TENSORFLOW_SCHEMA, 'PredictRequest', 'PredictResponse'],
} as const;

function write(protocol: keyof typeof TYPES, isResponse: boolean, value: object): Buffer {
  const [schema, request, response] = TYPES[protocol];
  return schema.write(isResponse ? response : request, value);
}

function transcoder(graph: DialectName, unit: DialectName) {
  const found = createTranscoder(graph, unit, 'grpc');
  assert.ok(found !== undefined);
  return found;
}

function requested(graph: keyof typeof TYPES, unit: keyof typeof TYPES, asked: object): Message {
  const made = transcoder(graph, unit).request(grpc(write(graph, false, asked)), 'm');
  assert.ok('body' in made, 'info' in made ? made.info : '');
  const [schema, request] = TYPES[unit];
  return schema.read(request, made.body);
}

function answered(
  graph: keyof typeof TYPES,
  unit: keyof typeof TYPES,
  asked: object,
  said: object,
): Message {
  const made = transcoder(graph, unit).response(
    grpc(write(unit, true, said)),
    grpc(write(graph, false, asked)),
    'm',
  );
  assert.ok('body' in made, 'info' in made ? made.info : '');
  const [schema, , response] = TYPES[graph];
  return schema.read(response, made.body);
}

const base64 = (values: ArrayBufferView): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

const SELDON_ASKED = {
  meta: {
    puid: 'p',
    tags: { a: { number_value: 1.5 }, b: { list_value: {} } },
    requestPath: { x: 'y' },
  },
  data: { names: ['c'], tensor: { shape: [1, 2], values: [0.1, -0] } },
};

test('a V2 unit in a Seldon graph gets doubles raw, and its tensor comes back with the meta of before', () => {
  assert.deepEqual(requested('seldon', 'v2', SELDON_ASKED), {
    model_name: 'm',
    id: 'p',
    parameters: { a: { double_param: 1.5 } },
    inputs: [
      {
        name: 'input-0',
        datatype: 'FP64',
        shape: ['1', '2'],
        parameters: { names: { string_param: '["c"]' } },
      },
    ],
    raw_input_contents: [base64(Float64Array.of(0.1, -0))],
  });
  const response = {
    parameters: { t: { string_param: 'u' } },
    outputs: [
      { name: 'o', datatype: 'INT64', shape: [2, 1], contents: { int64_contents: [7, -8] } },
    ],
  };
  assert.deepEqual(answered('seldon', 'v2', SELDON_ASKED, response), {
    meta: {
      puid: 'p',
      tags: { ...SELDON_ASKED.meta.tags, t: { string_value: 'u' } },
      requestPath: { x: 'y' },
    },
    data: { tensor: { shape: [2, 1], values: [7, -8] } },
  });
});

test('lists, texts and bytes go both ways', () => {
  const list = (values: object[]): object => ({ list_value: { values } });
  const ndarray = { values: [list([{ string_value: 'a,"' }, { string_value: 'é' }])] };
  const strings = requested('seldon', 'v2', { data: { ndarray } });
  const raw = Buffer.concat([
    Buffer.from('03000000', 'hex'),
    Buffer.from('a,"'),
    Buffer.from('02000000', 'hex'),
    Buffer.from('é'),
  ]);
  assert.deepEqual(strings['raw_input_contents'], [raw.toString('base64')]);
  const output = { name: 'o', datatype: 'BYTES', shape: [1, 2] };
  const response = { outputs: [output], raw_output_contents: [raw] };
  assert.deepEqual(answered('seldon', 'v2', { data: { ndarray } }, response), {
    data: { ndarray },
  });
  const text = {
    outputs: [{ ...output, shape: [1], contents: { bytes_contents: [Buffer.from('x')] } }],
  };
  assert.deepEqual(answered('seldon', 'v2', { strData: 'y' }, text), { strData: 'x' });
  const bytes = {
    outputs: [{ ...output, shape: [1], contents: { bytes_contents: [Buffer.from([0xff])] } }],
  };
  assert.deepEqual(answered('seldon', 'v2', { binData: Buffer.from([1]) }, bytes), {
    binData: '/w==',
  });
});

test('a Seldon unit in a V2 graph gets one tensor, and its data come back raw', () => {
  const asked = {
    model_name: 'x',
    id: 'i',
    parameters: { k: { bool_param: true } },
    inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }],
    outputs: [{ name: 'asked' }],
    raw_input_contents: [Buffer.from(Float32Array.of(0.5, Number.NaN).buffer)],
  };
  assert.deepEqual(requested('v2', 'seldon', asked), {
    meta: { puid: 'i', tags: { k: { bool_value: true } } },
    data: { tensor: { shape: [2], values: [0.5, Number.NaN] } },
  });
  const response = { data: { names: ['p'], tensor: { shape: [1, 1], values: [0.25] } } };
  assert.deepEqual(answered('v2', 'seldon', asked, response), {
    model_name: 'm',
    id: 'i',
    outputs: [
      {
        name: 'output-0',
        datatype: 'FP64',
        shape: ['1', '1'],
        parameters: { names: { string_param: '["p"]' } },
      },
    ],
    raw_output_contents: [base64(Float64Array.of(0.25))],
  });
});

test('TensorFlow’s tensors keep their types and every bit', () => {
  const long = {
    dtype: 9,
    tensor_shape: { dim: [{ size: 2 }] },
    int64_val: ['9007199254740993', '-1'],
  };
  const text = { dtype: 7, tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.from('s')] };
  const request = requested('tensorflow', 'v2', { inputs: { a: long, b: text } });
  assert.deepEqual(request['inputs'], [
    { name: 'a', datatype: 'INT64', shape: ['2'] },
    { name: 'b', datatype: 'BYTES', shape: ['1'] },
  ]);
  const words = base64(BigInt64Array.of(9007199254740993n, -1n));
  assert.deepEqual(request['raw_input_contents'], [words, 'AQAAAHM=']);
  const asked = { inputs: { a: long } };
  const half = { name: 'h', datatype: 'FP16', shape: [1] };
  const response = { outputs: [half], raw_output_contents: [Buffer.from('003c', 'hex')] };
  assert.deepEqual(answered('tensorflow', 'v2', asked, response), {
    outputs: { h: { dtype: 19, tensor_shape: { dim: [{ size: '1' }] }, tensor_content: 'ADw=' } },
    model_spec: { name: 'm' },
  });
  assert.deepEqual(
    requested('v2', 'tensorflow', {
      inputs: [
        { name: 'x', datatype: 'BOOL', shape: [2], contents: { bool_contents: [true, false] } },
      ],
    }),
    {
      model_spec: { name: 'm' },
      inputs: { x: { dtype: 10, tensor_shape: { dim: [{ size: '2' }] }, tensor_content: 'AQA=' } },
    },
  );
});

test('what the other protocol cannot say is refused with the reason', () => {
  for (const [graph, unit, asked, reason] of [
    ['seldon', 'v2', { jsonData: { string_value: 'x' } }, /neither array/],
    ['seldon', 'v2', { data: { tensor: { shape: [3], values: [1] } } }, /does not fit/],
    ['seldon', 'v2', {}, /no data/],
    ['v2', 'seldon', { inputs: [] }, /no tensor/],
    [
      'v2',
      'seldon',
      {
        inputs: [
          { datatype: 'INT64', shape: [1], contents: { int64_contents: ['9007199254740993'] } },
        ],
      },
      /above 2\^53/,
    ],
    ['v2', 'tensorflow', { inputs: [{ datatype: 'FP32', shape: [2], contents: {} }] }, /its shape/],
    [
      'v2',
      'tensorflow',
      { inputs: [{ datatype: 'FP32', shape: [-1, -1], contents: { fp32_contents: [1] } }] },
      /its shape/,
    ],
    ['tensorflow', 'v2', { inputs: { a: { dtype: 8 } } }, /dtype 8/],
  ] as const) {
    const made = transcoder(graph, unit).request(grpc(write(graph, false, asked)), 'm');
    assert.ok('code' in made, JSON.stringify(asked));
    assert.equal(made.code, 'MESSAGE_NOT_TRANSLATABLE');
    assert.match(made.info, reason);
  }
});

test('splats of all tensors together say no more than a message may', () => {
  const splat = { dtype: 1, tensor_shape: { dim: [{ size: 40_000 }] }, float_val: [1] };
  const ask = (...names: string[]) =>
    transcoder('tensorflow', 'v2').request(
      grpc(
        write('tensorflow', false, { inputs: Object.fromEntries(names.map((n) => [n, splat])) }),
      ),
      'm',
    );
  assert.ok('body' in ask('a'));
  assert.deepEqual(ask('a', 'b'), {
    code: 'MESSAGE_NOT_TRANSLATABLE',
    info: 'the data of output "b" do not fit its shape',
    position: 0,
  });
});

test('a list of many numbers is written as one', () => {
  const values = Array.from({ length: 200_000 }, () => ({ number_value: 1 }));
  const data = { ndarray: { values } };
  const raw = base64(new Float64Array(200_000).fill(1));
  const said = answered(
    'seldon',
    'v2',
    { data },
    { outputs: [{ name: 'o', datatype: 'FP64', shape: [200_000] }], raw_output_contents: [raw] },
  );
  assert.deepEqual(said, { data });
});
