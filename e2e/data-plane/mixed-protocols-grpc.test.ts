// Units that speak another protocol than their graph over gRPC, through a real Envoy: a Seldon graph with a router and a model of V2 and
// a model of TensorFlow, and a V2 graph over Seldon's wrapper.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SELDON_SCHEMA, TENSORFLOW_SCHEMA, V2_SCHEMA } from '../../dialects/testing/schemas.ts';
import { askGrpc } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcAsked, type GrpcUnit, startGrpcUnit } from '../harness/unit.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function unit(answer: (asked: GrpcAsked) => Buffer): Promise<GrpcUnit> {
  const started = await startGrpcUnit((asked) => ({ message: answer(asked) }));
  closers.push(() => started.close());
  return started;
}

async function run(protocol: string, units: string, graph: Node): Promise<Running> {
  const annotations = { 'sidegraph.io/protocol': units };
  const running = await runGraph(deployment(graph, annotations, { protocol }));
  closers.push(() => running.stop());
  return running;
}

function rawOf(array: ArrayBufferView): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

test('a Seldon graph over a V2 router, a V2 model and a TensorFlow model', async () => {
  let branch = 0;
  const router = await unit(() =>
    V2_SCHEMA.write('Response', {
      outputs: [{ name: 'b', datatype: 'INT32', shape: [1], contents: { int_contents: [branch] } }],
    }),
  );
  const v2 = await unit(() =>
    V2_SCHEMA.write('Response', {
      model_name: 'v',
      outputs: [{ name: 'p', datatype: 'FP32', shape: [1, 2] }],
      raw_output_contents: [rawOf(Float32Array.of(0.5, -1))],
    }),
  );
  const tensorflow = await unit(() =>
    TENSORFLOW_SCHEMA.write('PredictResponse', {
      outputs: {
        o: {
          dtype: 2,
          tensor_shape: { dim: [{ size: 1 }] },
          tensor_content: rawOf(Float64Array.of(7)),
        },
      },
    }),
  );
  const running = await run('seldon', 'r=v2, v=v2, t=tensorflow', {
    name: 'r',
    type: 'ROUTER',
    grpcPort: router.port,
    children: [
      { name: 'v', type: 'MODEL', grpcPort: v2.port },
      { name: 't', type: 'MODEL', grpcPort: tensorflow.port },
    ],
  });
  const asked = {
    meta: { puid: 'p', tags: { a: { string_value: 'b' } } },
    data: { tensor: { shape: [1, 2], values: [0.1, 2] } },
  };
  const message = SELDON_SCHEMA.write('Message', asked);
  const first = await askGrpc(running.grpcPort, { message });
  assert.equal(first.status, 0, first.statusMessage);
  assert.deepEqual(SELDON_SCHEMA.read('Message', first.message), {
    ...asked,
    data: { tensor: { shape: [1, 2], values: [0.5, -1] } },
  });
  const sent = V2_SCHEMA.read('Request', v2.asked[0]?.message ?? Buffer.alloc(0));
  assert.equal(v2.asked[0]?.path, '/inference.GRPCInferenceService/ModelInfer');
  assert.equal(sent['model_name'], 'v');
  assert.deepEqual(sent['raw_input_contents'], [rawOf(Float64Array.of(0.1, 2)).toString('base64')]);
  const routed = V2_SCHEMA.read('Request', router.asked[0]?.message ?? Buffer.alloc(0));
  assert.equal(routed['model_name'], 'r');

  branch = 1;
  const second = await askGrpc(running.grpcPort, { message });
  assert.equal(second.status, 0, second.statusMessage);
  assert.deepEqual(SELDON_SCHEMA.read('Message', second.message), {
    ...asked,
    data: { tensor: { shape: [1], values: [7] } },
  });
  const predicted = TENSORFLOW_SCHEMA.read(
    'PredictRequest',
    tensorflow.asked[0]?.message ?? Buffer.alloc(0),
  );
  assert.deepEqual(predicted['model_spec'], { name: 't' });
});

test('a V2 graph over a TensorFlow unit before one of Seldon', async () => {
  const tensorflow = await unit(() =>
    TENSORFLOW_SCHEMA.write('PredictResponse', {
      outputs: { o: { dtype: 9, tensor_shape: { dim: [{ size: 2 }] }, int64_val: ['7', '-8'] } },
    }),
  );
  const seldon = await unit(({ message }) => message);
  const running = await run('v2', 't=tensorflow, s=seldon', {
    name: 't',
    type: 'TRANSFORMER',
    grpcPort: tensorflow.port,
    children: [{ name: 's', type: 'MODEL', grpcPort: seldon.port }],
  });
  const message = V2_SCHEMA.write('Request', {
    id: 'i',
    inputs: [
      {
        name: 'x',
        datatype: 'BYTES',
        shape: [1],
        contents: { bytes_contents: [Buffer.from('é')] },
      },
    ],
  });
  const path = '/inference.GRPCInferenceService/ModelInfer';
  const reply = await askGrpc(running.grpcPort, { path, message });
  assert.equal(reply.status, 0, reply.statusMessage);
  const response = V2_SCHEMA.read('Response', reply.message);
  assert.equal(response['model_name'], 's');
  assert.deepEqual(response['outputs'], [{ name: 'output-0', datatype: 'FP64', shape: ['2'] }]);
  assert.deepEqual(response['raw_output_contents'], [
    rawOf(Float64Array.of(7, -8)).toString('base64'),
  ]);
  const predicted = TENSORFLOW_SCHEMA.read(
    'PredictRequest',
    tensorflow.asked[0]?.message ?? Buffer.alloc(0),
  );
  const text = { dtype: 7, tensor_shape: { dim: [{ size: '1' }] }, string_val: ['w6k='] };
  assert.deepEqual(predicted['inputs'], { x: text });
});

test('what a Seldon unit cannot be told is refused with the reason', async () => {
  const seldon = await unit(({ message }) => message);
  const running = await run('v2', 'seldon', { name: 's', type: 'MODEL', grpcPort: seldon.port });
  const tensor = { name: 'x', datatype: 'INT64', shape: [1] };
  const message = V2_SCHEMA.write('Request', {
    inputs: [{ ...tensor, contents: { int64_contents: ['9007199254740993'] } }],
  });
  const path = '/inference.GRPCInferenceService/ModelInfer';
  const reply = await askGrpc(running.grpcPort, { path, message });
  assert.equal(reply.status, 13);
  assert.match(reply.statusMessage, /above 2\^53/);
  assert.equal(seldon.asked.length, 0);
});
