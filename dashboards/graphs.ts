// The board of those who own graphs: traffic, errors and latency of deployments, predictors and units, and where the time goes.
import { type Board, panel } from './panel.ts';
import {
  AT_GATEWAY,
  AT_GATEWAY_LEGEND,
  CLIENT,
  failedAtGateway,
  failedShare,
  GATEWAY_REQUESTS,
  GATEWAY_SECONDS,
  OF_DEPLOYMENT,
  PREDICTIONS,
  quantile,
  rate,
  SERVER,
  sumBy,
} from './queries.ts';

const NAMED = 'deployment_name=~"$deployment"';
const PREDICTOR = 'deployment_name, predictor_name';
const UNIT = 'deployment_name, predictor_name, model_name';
const PREDICTOR_LEGEND = '{{deployment_name}} {{predictor_name}}';
const UNIT_LEGEND = '{{deployment_name}} {{predictor_name}} {{model_name}}';

export const GRAPHS: Board = {
  uid: 'sidegraph-graphs',
  title: 'Sidegraph / Graphs',
  description: 'Requests to graphs and calls to their units, by Seldon’s metric names.',
  variables: [
    { name: 'deployment', query: `label_values(${SERVER}_count, deployment_name)` },
    {
      name: 'predictor',
      query: `label_values(${SERVER}_count{deployment_name=~"$deployment"}, predictor_name)`,
    },
  ],
  rows: [
    {
      title: 'Predictors',
      panels: [
        {
          title: 'Requests',
          description: 'How much traffic does each predictor get?',
          unit: 'reqps',
          source: 'graph',
          queries: [
            {
              expr: sumBy(PREDICTOR, rate(`${SERVER}_count`, OF_DEPLOYMENT, PREDICTIONS)),
              legend: PREDICTOR_LEGEND,
            },
          ],
        },
        {
          title: 'Failed requests',
          description: 'Which share of the requests ends with a fault of the server?',
          unit: 'percentunit',
          source: 'graph',
          queries: [
            {
              expr: failedShare(PREDICTOR, SERVER, OF_DEPLOYMENT, PREDICTIONS),
              legend: PREDICTOR_LEGEND,
            },
          ],
        },
        {
          title: 'Latency',
          description: 'How long does a request take, as Envoy sees it?',
          unit: 's',
          source: 'graph',
          queries: [0.5, 0.9, 0.99].map((q) => ({
            expr: quantile(q, PREDICTOR, SERVER, OF_DEPLOYMENT, PREDICTIONS),
            legend: `${PREDICTOR_LEGEND} p${q * 100}`,
          })),
        },
        {
          title: 'Responses by code',
          description: 'What do clients get?',
          unit: 'reqps',
          source: 'graph',
          queries: [
            {
              expr: sumBy('code, service', rate(`${SERVER}_count`, OF_DEPLOYMENT)),
              legend: '{{service}} {{code}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Deployments, at the gateway',
      panels: [
        panel('gateway', 'Requests at the gateway', 'Which deployments are called?', 'reqps', {
          [AT_GATEWAY_LEGEND]: sumBy(AT_GATEWAY, rate(GATEWAY_REQUESTS, NAMED)),
        }),
        panel(
          'gateway',
          'Failed at the gateway',
          'Which share of the requests ends with a fault of the server, or found no ready pod?',
          'percentunit',
          {
            [AT_GATEWAY_LEGEND]: failedAtGateway(AT_GATEWAY, NAMED),
          },
        ),
        panel('gateway', 'Latency at the gateway (p99)', 'What do clients wait for?', 's', {
          [AT_GATEWAY_LEGEND]: quantile(0.99, AT_GATEWAY, GATEWAY_SECONDS, NAMED),
        }),
      ],
    },
    {
      title: 'Units',
      panels: [
        {
          title: 'Calls',
          description: 'How often is each unit called?',
          unit: 'reqps',
          source: 'graph',
          queries: [
            { expr: sumBy(UNIT, rate(`${CLIENT}_count`, OF_DEPLOYMENT)), legend: UNIT_LEGEND },
          ],
        },
        {
          title: 'Failed calls',
          description: 'Which unit fails?',
          unit: 'percentunit',
          source: 'graph',
          queries: [{ expr: failedShare(UNIT, CLIENT, OF_DEPLOYMENT), legend: UNIT_LEGEND }],
        },
        {
          title: 'Latency of calls',
          description: 'Which unit is slow?',
          unit: 's',
          source: 'graph',
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, UNIT, CLIENT, OF_DEPLOYMENT),
            legend: `${UNIT_LEGEND} p${q * 100}`,
          })),
        },
        {
          title: 'Where the time of a request goes',
          description: 'Seconds that each unit takes of an average request of its predictor.',
          unit: 's',
          source: 'graph',
          queries: [
            {
              expr: `${sumBy(UNIT, rate(`${CLIENT}_sum`, OF_DEPLOYMENT))} / on (${PREDICTOR}) group_left () ${sumBy(PREDICTOR, rate(`${SERVER}_count`, OF_DEPLOYMENT, PREDICTIONS))}`,
              legend: UNIT_LEGEND,
            },
          ],
        },
      ],
    },
  ],
};
