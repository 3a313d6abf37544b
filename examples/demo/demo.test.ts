// The demo from its first line to its last, as `make demo DEMO_ONCE=1` runs it, on free ports.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { meanSince, parseCallTotals } from './call-times.ts';

test('the demo shows every response with its way and its times, and ends when it is told to', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('demo.ts', import.meta.url))],
    { env: { ...process.env, DEMO_ONCE: '1', DEMO_PORT: '0' }, timeout: 240_000 },
  );
  const rows = stdout
    .split('\n')
    .filter((line) => /^ ?\d+ (setosa|versicolor|virginica) /.test(line));
  assert.equal(rows.length, 18, stdout);
  for (const row of rows) {
    if (/ 0: forest/.test(row)) {
      assert.match(
        row,
        /chooser [\d.]+, forest [\d.]+, neighbours [\d.]+, guesser [\d.]+, mixer [\d.]+$/,
      );
    } else {
      assert.match(row, /chooser [\d.]+, scaler [\d.]+, model [\d.]+$/);
    }
  }
  assert.match(stdout, /branch 1 .*: [1-9]\d* requests/);
  assert.match(stdout, /over gRPC: setosa 0\.\d+, versicolor 0\.\d+, virginica 0\.\d+/);
});

test('times of calls are what was added between two looks at the metrics', () => {
  const page = (sum: number, count: number) =>
    [
      'seldon_api_executor_client_requests_seconds_bucket{model_name="a",le="1"} 3',
      `seldon_api_executor_client_requests_seconds_sum{code="200",model_name="a"} ${sum}`,
      `seldon_api_executor_client_requests_seconds_count{code="200",model_name="a"} ${count}`,
      'seldon_api_executor_client_requests_seconds_sum{model_name="b"} 1',
      'seldon_api_executor_client_requests_seconds_count{model_name="b"} 1',
    ].join('\n');
  assert.deepEqual(
    meanSince(parseCallTotals(page(1, 1)), parseCallTotals(page(1.5, 3)), ['b', 'a']),
    [{ unit: 'a', ms: 250, calls: 2 }],
  );
});
