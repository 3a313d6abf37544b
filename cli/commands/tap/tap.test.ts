import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTap } from './parse.ts';
import { renderRequest } from './render-request.ts';

test('a request is a line, and what a client wrote does not steer the terminal', () => {
  const text = renderRequest({
    id: 1,
    time: '2026-11-29T15:11:55.857Z',
    pod: '',
    predictor: 'main',
    method: 'POST',
    path: '/api/\x1b[2J\nv1',
    status: 500,
    grpcStatus: null,
    flags: '',
    error: '',
    ms: 2.34,
    unit: 'm',
    unitAtMs: 1,
    unitMs: 0.8,
    attempts: 1,
    bytesIn: 0,
    bytesOut: 0,
    puid: 'p1',
    traceId: '',
    routing: { r: 1 },
    calls: [],
    tail: null,
    capture: null,
  });
  assert.equal(
    text,
    '15:11:55.857  500      2.3     m 0.8               r 1             main  /api/ [2J v1  p1\n',
  );
});

test('filters are read, and what is no status is told', () => {
  const line = parseTap(['--status', '5xx', '--unit', 'm', '--slow', '20', '--once']);
  assert.deepEqual(line, {
    kind: 'options',
    options: {
      place: { kind: 'run', url: 'http://127.0.0.1:9901' },
      once: true,
      output: 'text',
      capture: false,
      filter: { status: '5xx', unit: 'm', slowMs: 20 },
    },
  });
  assert.deepEqual(parseTap(['--status', 'bad', '--url', 'ftp://x']), {
    kind: 'faults',
    faults: [
      '--url ftp://x is not http://HOST:PORT',
      '--status bad is none of 503, 5xx, "grpc 14", failed',
    ],
  });
});

test('a name or a namespace means a cluster, and goes with no port of this machine', () => {
  const line = parseTap(['-n', 'demo', 'iris']);
  assert.deepEqual(line.kind === 'options' ? line.options.place : undefined, {
    kind: 'cluster',
    options: { namespace: 'demo', context: undefined, kubeconfig: undefined },
    name: 'iris',
  });
  assert.deepEqual(parseTap(['-n', 'demo', '--url', 'http://x']), {
    kind: 'faults',
    faults: [
      '--url is of a run on this machine: it goes with no cluster',
      'name the deployment, as in: -n NAMESPACE NAME',
    ],
  });
});
