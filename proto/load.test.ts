import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { fileURLToPath } from 'node:url';
import { loadProto } from './load.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith('google/') ? target : `${folder}${target}`;
await root.load('prediction.proto', { keepCase: true });

test('a Seldon message of an ndarray has the bytes that a Seldon client sends', () => {
  const message = root.lookupType('seldon.protos.SeldonMessage');
  const bytes = Buffer.from('1a181a160a09119a9999999999f13f0a09110000000000000040', 'hex');
  const decoded = message.toObject(message.decode(bytes), { longs: String, enums: String });
  assert.deepEqual(decoded, {
    data: { ndarray: { values: [{ numberValue: 1.1 }, { numberValue: 2 }] } },
  });
  assert.deepEqual(Buffer.from(message.encode(message.fromObject(decoded)).finish()), bytes);
});

test('a TensorFlow tensor keeps its kind, shape and values', () => {
  const message = root.lookupType('seldon.protos.SeldonMessage');
  const value = {
    data: {
      tftensor: {
        dtype: 'DT_FLOAT',
        tensor_shape: { dim: [{ size: '1' }, { size: '2' }] },
        float_val: [0.5, 1.5],
      },
    },
  };
  const bytes = message.encode(message.fromObject(value)).finish();
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    '1a18221608011208120208011202080' + '22a080000003f0000c03f',
  );
  assert.deepEqual(
    message.toObject(message.decode(bytes), { longs: String, enums: String }),
    value,
  );
});

test('the services have the method paths of the wire contract', () => {
  const definition = loadProto('prediction.proto', 'health.proto');
  const paths = (service: string): string[] =>
    Object.values(definition[service] ?? {})
      .map((method) => (method as { path: string }).path)
      .sort();
  assert.deepEqual(paths('seldon.protos.Seldon'), [
    '/seldon.protos.Seldon/GraphMetadata',
    '/seldon.protos.Seldon/ModelMetadata',
    '/seldon.protos.Seldon/Predict',
    '/seldon.protos.Seldon/SendFeedback',
  ]);
  assert.deepEqual(paths('grpc.health.v1.Health'), [
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
  ]);
});

test('the services of V2 and TensorFlow Serving have the method paths of their wire contracts', () => {
  const definition = loadProto('inference.proto', 'tensorflow_serving.proto');
  const paths = (service: string): string[] =>
    Object.values(definition[service] ?? {})
      .map((method) => (method as { path: string }).path)
      .sort();
  assert.deepEqual(
    paths('inference.GRPCInferenceService'),
    [
      'ModelInfer',
      'ModelMetadata',
      'ModelReady',
      'ModelStreamInfer',
      'ServerLive',
      'ServerMetadata',
      'ServerReady',
    ].map((method) => `/inference.GRPCInferenceService/${method}`),
  );
  assert.deepEqual(paths('tensorflow.serving.PredictionService'), [
    '/tensorflow.serving.PredictionService/GetModelMetadata',
    '/tensorflow.serving.PredictionService/Predict',
  ]);
  assert.deepEqual(paths('tensorflow.serving.ModelService'), [
    '/tensorflow.serving.ModelService/GetModelStatus',
  ]);
});

test('messages of V2 and TensorFlow Serving have the bytes that their clients send', async () => {
  const files = ['inference.proto', 'tensorflow_serving.proto'];
  await root.load(files, { keepCase: true });
  for (const [name, hex] of [
    ['inference.ModelInferRequest', '0a016d2a180a07696e7075742d311205494e5433321a01012a03120101'],
    [
      'inference.ModelInferResponse',
      '0a01612a130a07696e7075742d311205494e5433321a0101320401000000',
    ],
    ['tensorflow.serving.PredictRequest', '0a030a016d12130a0178120e08011204120208012a040000803f'],
    ['tensorflow.serving.PredictResponse', '0a130a0178120e08011204120208012a040000803f12030a016d'],
  ] as const) {
    const message = root.lookupType(name);
    const object = message.toObject(message.decode(Buffer.from(hex, 'hex')));
    const again = Buffer.from(message.encode(message.fromObject(object)).finish());
    assert.equal(again.toString('hex'), hex, name);
  }
});
