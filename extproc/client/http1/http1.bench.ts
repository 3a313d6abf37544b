// What one REST side call costs the filter's process, against undici and against bare sockets in the same run. Prints
// processor microseconds per call. Arguments: --concurrency 16 --calls 100000 --body 100
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { requestOf } from '../testing/calling.ts';
import { clientRun, measure, type Run, startStub } from '../testing/measure.ts';
import { UndiciReference } from '../testing/reference-undici.ts';
import { Http1Client } from './client.ts';

const { values } = parseArgs({
  options: {
    concurrency: { type: 'string', default: '16' },
    calls: { type: 'string', default: '100000' },
    body: { type: 'string', default: '100' },
    timeout: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
  },
});
const concurrency = Number(values.concurrency);
const calls = Number(values.calls);
const bodyBytes = Number(values.body);

// Ten headers, as a client of the mesh sends them.
const HEADERS = Buffer.from(
  'accept: */*\r\nuser-agent: bench/1.0\r\nx-request-id: 6f1f6c9e-9f0b-4c2e-8a39-1f7f3b0a2d11\r\n' +
    'seldon-puid: 7b4ec633-677a-4e6c-9770-2a8d7783e490\r\nauthorization: Bearer abcdefghijklmnop\r\n' +
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\naccept-language: en\r\n' +
    'x-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: http\r\ncache-control: no-cache\r\n',
);
const request = requestOf({
  headers: HEADERS,
  body: Buffer.alloc(bodyBytes, 'y'),
  timeoutMs: values.timeout === '0' ? undefined : Number(values.timeout),
});

/** The floor: sockets that write the same bytes and count what comes back, with the runtime's own reads. */
function bareRun(port: number): Run {
  const bytes = Buffer.concat([
    Buffer.from('POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\n'),
    HEADERS,
    Buffer.from(`content-type: application/json\r\ncontent-length: ${bodyBytes}\r\n\r\n`),
    Buffer.alloc(bodyBytes, 'y'),
  ]);
  return (count) =>
    new Promise((resolve) => {
      let left = count;
      let running = concurrency;
      for (let i = 0; i < concurrency; i++) {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        let got = 0;
        let whole = 0;
        const next = (): void => {
          if (left-- > 0) socket.write(bytes);
          else {
            socket.destroy();
            if (--running === 0) resolve();
          }
        };
        socket.on('data', (data: Buffer) => {
          if (got === 0) whole = data.indexOf('\r\n\r\n') + 4 + bodyBytes;
          got += data.length;
          if (got < whole) return;
          got = 0;
          next();
        });
        socket.on('connect', next);
      }
    });
}

const { child, port } = await startStub(new URL('./stub.bench.ts', import.meta.url), bodyBytes);
const options = {
  address: { kind: 'tcp', host: '127.0.0.1', port },
  host: `127.0.0.1:${port}`,
} as const;
const small = await measure(
  'small',
  clientRun(new Http1Client(options), request, concurrency),
  calls,
);
if (values.only !== 'small') {
  await measure('bare', bareRun(port), calls);
  const reference = await measure(
    'undici',
    clientRun(new UndiciReference(options), request, concurrency),
    calls,
  );
  console.log(`undici costs ${(reference / small).toFixed(1)} times the small client`);
}
child.kill();
process.exit(0);
