import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { noLessons } from '../feedback/lessons.ts';
import { noResults } from '../feedback/results.ts';
import { FeedbackTotals } from '../feedback/totals.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { testPlan } from '../testing/plans.ts';
import { timedCalls } from './testing/timed-calls.ts';
import { emptyDistribution, quantileOf } from './buckets.ts';
import { renderMetricsPage } from './page.ts';
import { ProcessGauges } from './process-gauges.ts';
import { type FeedbackCounts, readCounts } from './worker-counts.ts';

const FEEDBACK: FeedbackCounts = {
  units: [],
  branches: [],
  results: noResults(),
  lessons: noLessons(),
  memory: { requests: 0, bytes: 0, evicted: 0 },
};

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-metrics-'));
after(() => rmSync(dir, { recursive: true }));

/** Packed labels, as Envoy's text has them. */
function packed(...values: readonly string[]): string {
  return JSON.stringify(values).replaceAll('"', '\\"');
}

function routeTag(service: string, method = 'post'): string {
  return `route="${packed('test-deployment', 'p', '', service, method)}"`;
}

/** What Envoy 1.40 writes for a histogram of its `stats` access logger, with fewer buckets. */
function envoyHistogram(name: string, labels: string, counts: Record<string, number>): string {
  const buckets = Object.entries(counts).map(
    ([le, count]) => `${name}_bucket{${labels},le="${le}"} ${count}`,
  );
  return [
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_sum{${labels}} 12000`,
    `${name}_count{${labels}} ${counts['+Inf']}`,
    '',
  ].join('\n');
}

async function withAdmin<T>(text: string, use: (socket: string) => Promise<T>): Promise<T> {
  const socket = join(dir, 'admin');
  const server = createServer((_incoming, outgoing) => outgoing.end(text));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    return await use(socket);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("Envoy's microseconds become Seldon's families in seconds, labels in order", async () => {
  const server = envoyHistogram(
    'envoy_sidegraph_server_requests_us',
    `${routeTag('predictions')},code="200"`,
    { '5000': 1, '10000': 3, '10000000': 3, '+Inf': 4 },
  );
  const uncounted = envoyHistogram('envoy_sidegraph_server_requests_us', `route="-",code="404"`, {
    '+Inf': 9,
  });
  const status = envoyHistogram(
    'envoy_sidegraph_server_requests_us',
    `${routeTag('status', 'get')},code="200"`,
    { '+Inf': 1 },
  );
  const page = await withAdmin(`${server}${uncounted}${status}`, (admin) =>
    renderMetricsPage({
      admin,
      workers: () => Promise.resolve([]),
      learned: () => [],
      log: SILENT_LOG,
    }),
  );
  const labels =
    'code="200",deployment_name="test-deployment",method="post",predictor_name="p",predictor_version="",service="predictions"';
  const name = 'seldon_api_executor_server_requests_seconds';
  for (const line of [
    `# TYPE ${name} histogram`,
    `${name}_bucket{${labels},le="0.005"} 1`,
    `${name}_bucket{${labels},le="0.01"} 3`,
    `${name}_bucket{${labels},le="10"} 3`,
    `${name}_bucket{${labels},le="+Inf"} 4`,
    `${name}_sum{${labels}} 0.012`,
    `${name}_count{${labels}} 4`,
    `# TYPE ${name}_summary summary`,
    `${name}_summary{${labels},quantile="0.5"} 0.0075`,
    `${name}_summary_count{${labels}} 4`,
  ]) {
    assert.ok(page.split('\n').includes(line), line);
  }
  assert.match(page, /^sidegraph_filter_workers 0$/m);
  assert.match(page, /^sidegraph_filter_event_loop_delay_seconds 0$/m);
  assert.doesNotMatch(page, /code="404"/);
  assert.match(page, /method="get",predictor_name="p",predictor_version="",service="status"/);
});

test("the filter's own calls and Envoy's are one family, equal labels one series", async () => {
  const client = envoyHistogram(
    'envoy_sidegraph_client_requests_us',
    `${routeTag('predictions')},unit="${packed('m', 'a', '1')}",path="/predict",code="200"`,
    { '5000': 2, '+Inf': 2 },
  );
  const { calls, prepare } = timedCalls();
  const plan = testPlan({ name: 'm', type: 'MODEL', image: 'a:1', httpPort: 9000 });
  prepare(plan)(0, 'predict', 'rest', 200, 1);
  const page = await withAdmin(client, (admin) =>
    renderMetricsPage({
      admin,
      workers: () => Promise.resolve([readCounts(calls, new ProcessGauges(() => 3), FEEDBACK, [])]),
      learned: () => [],
      log: SILENT_LOG,
    }),
  );
  const counts = page.split('\n').filter((line) => line.includes('client_requests_seconds_count'));
  assert.deepEqual(counts, [
    'seldon_api_executor_client_requests_seconds_count{code="200",deployment_name="test-deployment",method="post",model_image="a",model_name="m",model_version="1",predictor_name="p",predictor_version="",service="/predict"} 3',
  ]);
  assert.match(page, /^sidegraph_filter_streams 3$/m);
  assert.match(page, /^sidegraph_filter_resident_memory_bytes \d+$/m);
});

test('one page adds up the counts of all workers', async () => {
  const plan = testPlan({ name: 'm', type: 'MODEL', httpPort: 9000 });
  const workers = [1, 2].map((streams) => {
    const { calls, prepare } = timedCalls();
    prepare(plan)(0, 'predict', 'rest', 200, 1);
    const none = { sent: 0, dropped: 0, failed: 0, withheld: 0, waiting: 0 };
    const sinks = [
      { ...none, sink: 'http://a', sent: 3, waiting: streams },
      { ...none, sink: 'http://b', dropped: streams },
    ];
    return readCounts(calls, new ProcessGauges(() => streams), FEEDBACK, sinks);
  });
  const page = await renderMetricsPage({
    admin: undefined,
    workers: () => Promise.resolve(workers),
    learned: () => [],
    log: SILENT_LOG,
  });
  assert.match(page, /client_requests_seconds_count\{code="200".*\} 2$/m);
  assert.match(page, /client_requests_seconds_bucket\{code="200".*le="0.005".*\} 2$/m);
  assert.match(page, /^sidegraph_filter_streams 3$/m);
  assert.match(page, /^sidegraph_filter_workers 2$/m);
  for (const line of [
    'payloads_total{result="sent",sink="http://a"} 6',
    'payloads_total{result="dropped",sink="http://a"} 0',
    'payloads_total{result="dropped",sink="http://b"} 3',
    'waiting{sink="http://a"} 3',
  ])
    assert.ok(page.includes(`\nsidegraph_payload_log_sink_${line}\n`), line);
});

test('the feedback of all workers is one sum for each unit, and nothing is lost of what is below 0', async () => {
  const units = ['a', 'b'].map((name) => ({ name, type: 'MODEL', image: `m/${name}:1` }) as const);
  const plan = testPlan({ name: 'r', type: 'ROUTER', children: units });
  const workers = [0.5, -2].map((reward) => {
    const totals = new FeedbackTotals();
    totals.open(plan).add(Int32Array.of(1, -1, -1), reward);
    const counts: FeedbackCounts = {
      units: totals.units(),
      branches: totals.branches(),
      results: { ...noResults(), given: 1, unknown: 2 },
      lessons: { learned: 3, clamped: 1, ignored: 0 },
      memory: { requests: 3, bytes: 180, evicted: 1 },
    };
    return readCounts(timedCalls().calls, new ProcessGauges(() => 0), counts, []);
  });
  const page = await renderMetricsPage({
    admin: undefined,
    workers: () => Promise.resolve(workers),
    learned: () => [
      { labels: { branch: '0', router: 'r' }, tries: 0, successes: 0 },
      { labels: { branch: '1', router: 'r' }, tries: 8, successes: 2 },
    ],
    log: SILENT_LOG,
  });
  const labels = (unit: string, image = '', version = ''): string =>
    `{deployment_name="test-deployment",model_image="${image}",model_name="${unit}",model_version="${version}",predictor_name="p",predictor_version=""}`;
  const lines = page.split('\n').filter((line) => /feedback|branch/.test(line) && line[0] !== '#');
  const branch = (position: number, unit: string): string =>
    `sidegraph_branch_info{branch="${position}",deployment_name="test-deployment",model_name="${unit}",predictor_name="p",router="r"} 1`;
  assert.deepEqual(lines, [
    `seldon_api_model_feedback_total${labels('r')} 2`,
    `seldon_api_model_feedback_total${labels('a', 'm/a', '1')} 0`,
    `seldon_api_model_feedback_total${labels('b', 'm/b', '1')} 2`,
    `seldon_api_model_feedback_reward_total${labels('r')} 0.5`,
    `seldon_api_model_feedback_reward_total${labels('a', 'm/a', '1')} 0`,
    `seldon_api_model_feedback_reward_total${labels('b', 'm/b', '1')} 0.5`,
    `sidegraph_model_feedback_penalty_total${labels('r')} 2`,
    `sidegraph_model_feedback_penalty_total${labels('a', 'm/a', '1')} 0`,
    `sidegraph_model_feedback_penalty_total${labels('b', 'm/b', '1')} 2`,
    branch(0, 'a'),
    branch(1, 'b'),
    'sidegraph_feedback_by_puid_total{result="given"} 2',
    'sidegraph_feedback_by_puid_total{result="failed"} 0',
    'sidegraph_feedback_by_puid_total{result="unknown"} 4',
    'sidegraph_feedback_by_puid_total{result="expired"} 0',
    'sidegraph_feedback_by_puid_total{result="duplicate"} 0',
    'sidegraph_feedback_by_puid_total{result="route_gone"} 0',
    'sidegraph_feedback_by_puid_total{result="not_remembered"} 0',
    'sidegraph_feedback_by_puid_total{result="malformed"} 0',
    'sidegraph_feedback_by_puid_total{result="unavailable"} 0',
    'sidegraph_router_feedback_total{result="learned"} 6',
    'sidegraph_router_feedback_total{result="clamped"} 2',
    'sidegraph_router_feedback_total{result="ignored"} 0',
    'sidegraph_feedback_memory_requests 6',
    'sidegraph_feedback_memory_bytes 360',
    'sidegraph_feedback_memory_evicted_total 2',
    // What has been learned is the supervisor's, and no sum over the workers.
    'sidegraph_branch_tries_total{branch="0",router="r"} 0',
    'sidegraph_branch_tries_total{branch="1",router="r"} 8',
    'sidegraph_branch_successes_total{branch="0",router="r"} 0',
    'sidegraph_branch_successes_total{branch="1",router="r"} 2',
    'sidegraph_branch_value{branch="1",router="r"} 0.25',
  ]);
});

test('without Envoy the page still has what the filter counted', async () => {
  const { calls, prepare } = timedCalls();
  const plan = testPlan({ name: 'm', type: 'MODEL', httpPort: 9000 });
  prepare(plan)(0, 'predict', 'rest', 503, 1);
  const page = await renderMetricsPage({
    admin: join(dir, 'nothing-here'),
    workers: () => Promise.resolve([readCounts(calls, new ProcessGauges(() => 0), FEEDBACK, [])]),
    learned: () => [],
    log: SILENT_LOG,
  });
  assert.match(page, /client_requests_seconds_count\{code="503"/);
});

test('quantiles are taken linearly inside a bucket; beyond the last bound they are that bound', () => {
  const distribution = emptyDistribution();
  assert.ok(Number.isNaN(quantileOf(distribution, 0.5)));
  distribution.counts[5] = 10; // 0.075 … 0.1 s
  assert.ok(Math.abs(quantileOf(distribution, 0.5) - 0.0875) < 1e-12);
  assert.equal(quantileOf(distribution, 1), 0.1);
  distribution.counts[14] = 10;
  assert.equal(quantileOf(distribution, 0.9), 10);
});
