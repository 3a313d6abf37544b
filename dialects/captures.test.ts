// What real servers answered, byte for byte, goes through the conversions: MLServer, KServe and Triton for V2, a stand-in of TensorFlow
// Serving on its real messages. Skipped where the recordings are not at hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Payload } from './payload.ts';
import { averageGrpc as averageTensorflow } from './tensorflow/average-grpc.ts';
import { chainGrpc as chainTensorflowGrpc } from './tensorflow/chain-grpc.ts';
import { chainRest as chainTensorflowRest } from './tensorflow/chain-rest.ts';
import { edited, grpc, textOf } from './testing/payloads.ts';
import { TENSORFLOW_SCHEMA, V2_SCHEMA } from './testing/schemas.ts';
import { averageGrpc } from './v2/average-grpc.ts';
import { averageRest } from './v2/average-rest.ts';
import { chainGrpc } from './v2/chain-grpc.ts';
import { chainRest } from './v2/chain-rest.ts';
import { readGrpcRoute } from './v2/route-grpc.ts';
import { readRestRoute } from './v2/route-rest.ts';

const CAPTURES = fileURLToPath(new URL('../../shared/captures/', import.meta.url));
const options = { skip: !existsSync(CAPTURES) };

interface Recorded {
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly body_base64?: string;
  readonly message_base64?: string;
}

function responseOf(path: string): Payload {
  const text = readFileSync(`${CAPTURES}${path}.json`, 'utf8');
  const { response } = JSON.parse(text) as { response: Recorded };
  if (response.message_base64 !== undefined) {
    return grpc(Buffer.from(response.message_base64, 'base64'));
  }
  const headers = new Map(
    (response.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    body:
      response.body_base64 === undefined
        ? Buffer.from(response.body ?? '')
        : Buffer.from(response.body_base64, 'base64'),
    contentType: headers.get('content-type'),
    layout: headers.get('inference-header-content-length'),
  };
}

test('V2 responses over REST become requests whose JSON and tensors are theirs', options, () => {
  for (const path of [
    'mlserver/infer',
    'mlserver/infer-custom-bytes',
    'mlserver/infer-predict-proba',
    'mlserver/infer-batch',
    'kserve/v2-infer',
    'kserve/v2-infer-binary-out',
    'triton/infer',
    'triton/infer-binary',
    'triton/infer-binary-mixed-bytes',
    'triton/infer-raw-binary',
    'triton/infer-classification',
  ]) {
    const response = responseOf(path);
    const request = edited(response, chainRest(response));
    assert.ok(typeof request === 'object', `${path}: ${textOf(request)}`);
    const split = ({ body, layout }: Payload): [string, string] => {
      const bytes = layout === undefined ? body.length : Number(layout);
      return [body.toString('utf8', 0, bytes), body.toString('hex', bytes)];
    };
    const [before, tensors] = split(response);
    const [after, sameTensors] = split(request);
    const { outputs, ...rest } = JSON.parse(before) as Record<string, unknown>;
    const { inputs, ...sameRest } = JSON.parse(after) as Record<string, unknown>;
    assert.deepEqual(inputs, outputs, path);
    assert.equal(sameTensors, tensors, path);
    const asked = response.layout === undefined ? {} : { parameters: { binary_data_output: true } };
    assert.deepEqual(sameRest, { ...rest, ...asked }, path);
  }
});

test('V2 responses over gRPC become requests with their tensors', options, () => {
  for (const path of [
    'mlserver/grpc-infer',
    'mlserver/grpc-infer-raw',
    'mlserver/grpc-infer-params',
    'mlserver/grpc-infer-custom-bytes',
    'kserve/grpc-infer',
    'kserve/grpc-infer-raw',
    'triton/grpc-infer',
    'triton/grpc-infer-raw',
  ]) {
    const response = responseOf(path);
    const made = edited(response, chainGrpc(response, 'next'));
    assert.ok(typeof made === 'object', `${path}: ${textOf(made)}`);
    const before = V2_SCHEMA.read('Response', response.body);
    const after = V2_SCHEMA.read('Request', made.body);
    assert.equal(after['model_name'], 'next');
    assert.equal(after['id'], before['id']);
    assert.deepEqual(after['raw_input_contents'], before['raw_output_contents']);
    const tensors = before['outputs'] as Record<string, unknown>[];
    if (before['raw_output_contents'] !== undefined) {
      for (const tensor of tensors) delete tensor['contents'];
    }
    assert.deepEqual(after['inputs'], tensors, path);
  }
});

test('the same response twice has itself as mean, as floating point', options, () => {
  for (const path of ['mlserver/infer', 'kserve/v2-infer', 'triton/infer']) {
    const response = responseOf(path);
    const text = response.body.toString().replace('INT64', 'FP64');
    assert.equal(textOf(averageRest([response, response])), text);
    assert.equal(readRestRoute(response), 2);
  }
  const binary = responseOf('triton/infer-binary');
  const mean = averageRest([binary, binary]);
  assert.ok('body' in mean);
  assert.equal(mean.body.readDoubleLE(Number(mean.layout)), 2);
  for (const path of ['mlserver/grpc-infer', 'mlserver/grpc-infer-raw', 'triton/grpc-infer']) {
    const response = responseOf(path);
    assert.equal(readGrpcRoute(response), 2, path);
    assert.ok('body' in averageGrpc([response, response]), path);
  }
  const strings = responseOf('mlserver/infer-custom-bytes');
  assert.match(textOf(averageRest([strings])), /output "echo" is BYTES/);
});

test('MLServer’s and KServe’s responses, of other names and types, have a mean', options, () => {
  const mean = averageRest([responseOf('mlserver/infer'), responseOf('kserve/v2-infer')]);
  // The one says [1,1], the other [1].
  assert.match(textOf(mean), /^MERGE_UNUSABLE the shape of "output-0" is \[1\]/);
});

test('TensorFlow Serving’s responses become requests', options, () => {
  for (const path of ['tfs-standin/predict', 'tfs-standin/predict-columnar', 'kserve/v1-predict']) {
    const response = responseOf(path);
    const request = textOf(edited(response, chainTensorflowRest(response)));
    const expected = response.body
      .toString()
      .replace('predictions', 'instances')
      .replace('outputs', 'inputs');
    assert.equal(request, expected);
  }
  const response = responseOf('tfs-standin/grpc-predict');
  const made = edited(response, chainTensorflowGrpc(response, 'next'));
  assert.ok(typeof made === 'object');
  const before = TENSORFLOW_SCHEMA.read('PredictResponse', response.body);
  assert.deepEqual(TENSORFLOW_SCHEMA.read('PredictRequest', made.body), {
    model_spec: { name: 'next' },
    inputs: before['outputs'],
  });
  const mean = averageTensorflow([response, response]);
  assert.ok('body' in mean);
  assert.deepEqual(TENSORFLOW_SCHEMA.read('PredictResponse', mean.body), before);
});
