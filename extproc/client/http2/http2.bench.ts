// What one gRPC side call costs the filter's process over HTTP/2, against grpc-js in the same run. Arguments:
// --concurrency 16 --calls 100000 --body 100
import { parseArgs } from 'node:util';
import { requestOf } from '../testing/calling.ts';
import { clientRun, measure, startStub } from '../testing/measure.ts';
import { GrpcReference } from '../testing/reference-grpc.ts';
import { Http2Client } from './client.ts';
import { encodeField } from '../../../lib/codecs/http2/hpack.ts';

const { values } = parseArgs({
  options: {
    concurrency: { type: 'string', default: '16' },
    calls: { type: 'string', default: '100000' },
    body: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
  },
});
const concurrency = Number(values.concurrency);
const calls = Number(values.calls);
const bodyBytes = Number(values.body);

const request = requestOf({
  path: '/seldon.protos.Model/Predict',
  headers: Buffer.concat([
    encodeField('x-request-id', '6f1f6c9e-9f0b-4c2e-8a39-1f7f3b0a2d11'),
    encodeField('seldon-puid', '7b4ec633-677a-4e6c-9770-2a8d7783e490'),
    encodeField('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    encodeField('authorization', 'Bearer abcdefghijklmnop'),
  ]),
  contentType: undefined,
  body: Buffer.alloc(bodyBytes, 'y'),
  timeoutMs: 5000,
});

const { child, port } = await startStub(new URL('./stub.bench.ts', import.meta.url), bodyBytes);
const host = `127.0.0.1:${port}`;
const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
const small = await measure(
  'small',
  clientRun(new Http2Client({ address, host }), request, concurrency),
  calls,
);
if (values.only !== 'small') {
  const reference = await measure(
    'grpc-js',
    clientRun(new GrpcReference(host), request, concurrency),
    calls,
  );
  console.log(`grpc-js costs ${(reference / small).toFixed(1)} times the small client`);
}
child.kill();
process.exit(0);
