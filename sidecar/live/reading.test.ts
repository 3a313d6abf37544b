import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCounters, subtract } from './reading.ts';

const SERVER = 'seldon_api_executor_server_requests_seconds';
const CLIENT = 'seldon_api_executor_client_requests_seconds';

function series(name: string, labels: string, upTo10ms: number, upTo25ms: number, sum: number) {
  return [
    `${name}_bucket{${labels},le="0.01"} ${upTo10ms}`,
    `${name}_bucket{${labels},le="0.025"} ${upTo25ms}`,
    `${name}_bucket{${labels},le="+Inf"} ${upTo25ms}`,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${upTo25ms}`,
    '',
  ].join('\n');
}

test('series of one unit are added up by service, and faults of servers are its errors', () => {
  const of = (code: string) =>
    `code="${code}",model_name="m",predictor_name="p",service="/predict"`;
  const text =
    series(CLIENT, of('200'), 3, 4, 0.05) +
    series(CLIENT, of('404'), 1, 1, 0.001) +
    series(CLIENT, of('503'), 0, 2, 0.04) +
    series(CLIENT, of('Unavailable'), 1, 1, 0.001) +
    series(SERVER, 'code="200",predictor_name="p",service="predictions"', 5, 5, 0.02);
  const { servers, units } = readCounters(text);
  const tally = units.get('p/m')?.get('/predict');
  assert.equal(tally?.count, 8);
  assert.equal(tally?.errors, 3);
  assert.deepEqual([...(tally?.distribution.counts ?? [])].slice(0, 4), [0, 5, 3, 0]);
  assert.ok(Math.abs((tally?.distribution.sumSeconds ?? 0) - 0.092) < 1e-9);
  assert.equal(servers.get('p')?.get('predictions')?.count, 5);
});

test('quantiles that the page has beside the histograms are not counted', () => {
  const text = `${SERVER}_summary_count{predictor_name="p",service="predictions"} 9\n${SERVER}_summary{quantile="0.5"} 1\n`;
  assert.equal(readCounters(text).servers.size, 0);
});

test('a process that was started again counts from 0', () => {
  const read = (count: number) =>
    readCounters(series(SERVER, 'code="200",predictor_name="p",service="s"', count, count, count))
      .servers.get('p')
      ?.get('s');
  assert.equal(subtract(read(12), read(10)).count, 2);
  assert.equal(subtract(read(3), read(10)).count, 3);
  assert.equal(subtract(undefined, read(10)).count, 0);
});
