// A real graph of two protocols: a unit of Seldon's wrapper before a model on a real MLServer, over REST and over gRPC. Skipped where MLServer is
// not installed: `make test-servers` does that.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { askGrpc } from '../../e2e/harness/client.ts';
import { bytesField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { runExample } from '../run-example.ts';

const BIN = fileURLToPath(new URL('../../.venv-servers/bin', import.meta.url));
const skip = existsSync(`${BIN}/mlserver`) ? false : 'no .venv-servers: run make test-servers';
const BODY = readFileSync(new URL('../transformer/request.json', import.meta.url), 'utf8');
const FLOWERS = [5.1, 3.5, 1.4, 0.2, 6.1, 2.8, 4.7, 1.2, 6.3, 3.3, 6.0, 2.5];

/** A SeldonMessage with a tensor of three flowers. */
function tensorMessage(): Buffer {
  const values = Buffer.alloc(8 * FLOWERS.length);
  FLOWERS.forEach((value, at) => values.writeDoubleLE(value, 8 * at));
  const tensor = bytesField(
    2,
    bytesField(1, Buffer.concat([varint(3), varint(4)])),
    bytesField(2, values),
  );
  return bytesField(3, tensor);
}

test('a Seldon wrapper and MLServer answer as one graph, REST and gRPC', { skip }, async (t) => {
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  const graph = await runExample('servers/mixed.yaml', { ports: undefined, env });
  t.after(async () => assert.equal(await graph.stop(), 0));
  const response = await fetch(`${graph.url}/api/v1.0/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const { data, meta } = JSON.parse(text) as {
    data: { ndarray: number[] };
    meta?: { tags?: Record<string, unknown> };
  };
  assert.deepEqual(data.ndarray.flat(), [0, 1, 2], 'one species each');
  assert.deepEqual(meta?.tags?.['outlier-predictions'], [0, 0, 1], 'what the wrapper said stays');

  const port = Number(graph.grpcAddress.split(':')[1]);
  const reply = await askGrpc(port, { message: tensorMessage(), timeoutMs: 10_000 });
  assert.equal(reply.status, 0, reply.statusMessage);
  const species = Buffer.alloc(24);
  [0, 1, 2].forEach((value, at) => species.writeDoubleLE(value, 8 * at));
  assert.ok(reply.message.includes(species), reply.message.toString('hex'));
});
