// What Seldon Core's own board "Prediction Analytics" (its chart seldon-core-analytics) asks, asked of a real Prometheus that scrapes real
// graphs under load: each panel's expression and each variable's values, as they are known from metrics, labels and functions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { type Relabeling, type Series, whyNoPrometheus } from '../harness/prometheus.ts';
import { FAILED } from '../../dashboards/queries.ts';
import { grpcCodeName } from '../../extproc/metrics/grpc-codes.ts';
import { whyNoKube } from '../kube/apiserver.ts';
import { type Observed, startObserved } from './observed.ts';

const LOAD_MS = 20_000;
/** What the chart's PodMonitor does to the series: the board asks for a label that Seldon's executor does not have either. */
const STATUS_LABEL = load(
  readFileSync(new URL('../../charts/sidegraph/files/status-label.yaml', import.meta.url), 'utf8'),
) as readonly Relabeling[];
const SERVER = 'seldon_api_executor_server_requests_seconds_count';
const CLIENT = 'seldon_api_executor_client_requests_seconds';
const FEEDBACK = 'seldon_api_model_feedback';

/** The labels that the board's variables choose by; all of them are at "all". */
const OF_MODEL = [
  'predictor_name',
  'predictor_version',
  'model_name',
  'model_image',
  'model_version',
] as const;
const CHOSEN = OF_MODEL.map((label) => `${label}=~".*"`).join(',');
const OF_DEPLOYMENT = 'deployment_name=~".*"';
const MODEL_LABELS = OF_MODEL.join(',');

/** Requests per second, the share that is no fault of the server, and those of 400 and 500; of all, and of each deployment. */
function counts(name: string, counter: string, labels: string): Record<string, string> {
  const of = (...more: string[]): string => `${counter}{${[labels, ...more].join(',')}}[1m]`;
  return {
    [`${name}: request rate`]: `round(sum(irate(${of()})), 0.001)`,
    [`${name}: success`]: `sum(rate(${of('status!~"5.*"')})) / sum(rate(${of()}))`,
    [`${name}: 4xxs`]: `sum(irate(${of('status=~"4.*"')}))`,
    [`${name}: 5xxs`]: `sum(irate(${of('status=~"5.*"')}))`,
  };
}

const perFeedback = (suffix: string): string =>
  `rate(${FEEDBACK}${suffix}{${OF_DEPLOYMENT},${CHOSEN}}[1m])`;

const PANELS: Readonly<Record<string, string>> = {
  ...counts('all', SERVER, 'deployment_name!=""'),
  ...counts('a deployment', `${CLIENT}_count`, OF_DEPLOYMENT),
  'requests of a model': `sum by (${MODEL_LABELS},service) (rate(${CLIENT}_count{${CHOSEN}}[5s]))`,
  'reward of a model': `${perFeedback('_reward_total')} / ${perFeedback('_total')}`,
  ...Object.fromEntries(
    [0.75, 0.9, 0.95, 0.99].map((quantile) => [
      `latency of a model, ${quantile}`,
      `histogram_quantile(${quantile}, sum by (${MODEL_LABELS},service,le) (rate(${CLIENT}_bucket{service=~".*[Pp]redict",${CHOSEN}}[20s])))`,
    ]),
  ),
};

describe('the board of Seldon Core', { skip: whyNoPrometheus() || whyNoKube() }, () => {
  let observed: Observed;
  before(async () => {
    observed = await startObserved({ scrapeEvery: '1s', relabelings: STATUS_LABEL });
    await observed.driveUntil(LOAD_MS, Object.values(PANELS));
  });
  after(() => observed?.stop());

  const query = (expr: string): Promise<readonly Series[]> => observed.prometheus.query(expr);
  const valueOf = async (expr: string): Promise<number> => {
    const [[, value] = [0, Number.NaN]] = (await query(expr))[0]?.values ?? [];
    return value;
  };

  for (const [title, expr] of Object.entries(PANELS))
    test(`${title} has data`, async () => {
      const series = await query(expr);
      assert.ok(series.length > 0, expr);
      assert.ok(
        series.some(({ values: [[, value] = [0, Number.NaN]] }) => Number.isFinite(value)),
        `nothing but NaN: ${expr}`,
      );
    });

  for (const label of ['deployment_name', ...OF_MODEL])
    test(`the variable of ${label} has values`, async () => {
      const series = await query(`count by (${label}) (${CLIENT}_count)`);
      const values = series.map(({ labels }) => labels[label] ?? '');
      assert.ok(
        values.some((value) => value !== ''),
        String(values),
      );
    });

  test('its counts by status are those of the codes', async () => {
    for (const [status, code] of [
      ['status=~"5.*"', 'code=~"5.*"'],
      ['status=~"4.*"', 'code=~"4.*"'],
      ['status="200"', 'code="200"'],
    ])
      assert.equal(
        await valueOf(`sum(${SERVER}{${status}})`),
        await valueOf(`sum(${SERVER}{${code}})`),
      );
  });

  test("every code of gRPC has the class of its failures, as Sidegraph's own boards count them", () => {
    const statusOf = (code: string): string | undefined => {
      const rules = STATUS_LABEL.filter(({ regex }) =>
        new RegExp(`^(?:${regex})$`).test(`${SERVER};${code}`),
      );
      assert.equal(rules.length, 1, code);
      return rules[0]?.replacement ?? code;
    };
    const isFailed = new RegExp(`^(?:${/code=~"(.*)"/.exec(FAILED)?.[1]})$`);
    for (let code = 0; code <= 16; code++) {
      const name = grpcCodeName(code);
      const classed = name === 'OK' ? '200' : isFailed.test(name) ? '500' : '400';
      assert.equal(statusOf(name), classed, name);
    }
    assert.equal(statusOf('503'), '503');
  });

  test('the reward of a model is that of the requests it served', async () => {
    const reward = (model: string): Promise<number> =>
      valueOf(
        `sum(${FEEDBACK}_reward_total{model_name="${model}"}) / sum(${FEEDBACK}_total{model_name="${model}"})`,
      );
    assert.ok((await reward('forest')) > 0.2, 'forest');
    assert.ok((await reward('forest')) <= 1, 'forest');
  });
});
