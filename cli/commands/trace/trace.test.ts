import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveRequest } from '../../../sidecar/live/requests.ts';
import { parseTrace } from './parse.ts';
import { renderTrace } from './render-trace.ts';

const REQUEST: LiveRequest = {
  id: 1,
  time: '2026-11-29T15:11:55.857Z',
  pod: '',
  predictor: 'main',
  method: 'POST',
  path: '/api/\x1b[2Jv1',
  status: 503,
  grpcStatus: null,
  flags: '',
  error: '',
  ms: 24,
  unit: 'b',
  unitAtMs: 12,
  unitMs: 12,
  attempts: 2,
  bytesIn: 26,
  bytesOut: 2,
  puid: 'p1',
  traceId: 'ab'.repeat(16),
  routing: { r: 1 },
  calls: [],
  tail: null,
  capture: null,
};

test('a walk is a tree with a bar for each call, and what a client wrote does not steer the terminal', () => {
  const own = { by: 'filter', attempts: 1, bytesOut: 26, bytesIn: 8 } as const;
  const text = renderTrace(REQUEST, [
    {
      unit: 'r',
      kind: 'ROUTER',
      depth: 0,
      choice: 1,
      chosen: 'b',
      calls: [
        { ...own, verb: 'transform-input', atMs: 0.2, ms: 3, status: 200 },
        { ...own, verb: 'route', atMs: 4, ms: null, status: null },
      ],
    },
    { unit: 'all', kind: 'RANDOM_ABTEST', depth: 1, choice: -1, chosen: null, calls: [] },
    {
      unit: 'b',
      kind: 'MODEL',
      depth: 2,
      choice: null,
      chosen: null,
      calls: [
        {
          verb: 'predict',
          by: 'envoy',
          atMs: 12,
          ms: 12,
          status: 503,
          attempts: 2,
          bytesOut: 26,
          bytesIn: 2,
        },
      ],
    },
  ]);
  assert.equal(
    text,
    [
      'POST /api/ [2Jv1  503  24 ms  26 B in, 2 B out',
      `2026-11-29T15:11:55.857Z  predictor main  puid p1  trace ${'ab'.repeat(16)}`,
      '',
      'UNIT   CALL             STATUS  AT MS  MS   TIME                      SENT  BACK',
      'r      transform-input  200     0.2    3.0  ███·····················  26 B  8 B',
      '       route            gone    4.0    –    ····█···················  26 B  8 B   chose 1: b',
      '  all                                                                             chose all',
      "    b  predict          503     12     12   ············████████████  26 B  2 B   Envoy's call, 2 attempts",
      '',
    ].join('\n'),
  );
});

test('a request that no unit saw is told so', () => {
  assert.match(renderTrace(REQUEST, []), /^no unit was called$/m);
});

test('one id at most is taken', () => {
  assert.deepEqual(parseTrace(['p1', '--wait', '5', '-o', 'json']), {
    kind: 'options',
    options: {
      id: 'p1',
      waitMs: 5000,
      output: 'json',
      place: { kind: 'run', url: 'http://127.0.0.1:9901' },
    },
  });
  assert.deepEqual(parseTrace(['a', 'b', '--once']), {
    kind: 'faults',
    faults: ["unknown option '--once'"],
  });
  assert.deepEqual(parseTrace(['a', 'b']), {
    kind: 'faults',
    faults: ['trace takes one id, not also b'],
  });
});

test('in a cluster the deployment comes before the id', () => {
  const line = parseTrace(['-n', 'demo', 'iris', 'p1']);
  assert.deepEqual(line.kind === 'options' ? [line.options.place, line.options.id] : undefined, [
    {
      kind: 'cluster',
      options: { namespace: 'demo', context: undefined, kubeconfig: undefined },
      name: 'iris',
    },
    'p1',
  ]);
});
