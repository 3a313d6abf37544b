// The board of those who compare models: which branch gets the traffic, and what its rewards say.
import type { Board } from './panel.ts';
import { CLIENT, OF_DEPLOYMENT, rate, SERVER, sumBy } from './queries.ts';

const FEEDBACK = 'service=~"feedback|.*SendFeedback"';
const PREDICT = 'service!~".*feedback|.*SendFeedback"';
const UNIT = 'deployment_name, predictor_name, model_name';
const REWARD = 'seldon_api_model_feedback_reward_total';
const REWARDED = 'seldon_api_model_feedback_total';

export const LEARNING: Board = {
  uid: 'sidegraph-learning',
  title: 'Sidegraph / Learning',
  description: 'Feedback and reward for each branch of a graph.',
  variables: [
    { name: 'deployment', query: `label_values(${SERVER}_count, deployment_name)` },
    {
      name: 'predictor',
      query: `label_values(${SERVER}_count{deployment_name=~"$deployment"}, predictor_name)`,
    },
  ],
  rows: [
    {
      title: 'Branches',
      panels: [
        {
          title: 'Share of the calls',
          description: 'How does the traffic divide among the units of a predictor?',
          unit: 'percentunit',
          source: 'graph',
          queries: [
            {
              expr: `${sumBy(UNIT, rate(`${CLIENT}_count`, OF_DEPLOYMENT, PREDICT))} / on (deployment_name, predictor_name) group_left () ${sumBy('deployment_name, predictor_name', rate(`${CLIENT}_count`, OF_DEPLOYMENT, PREDICT))}`,
              legend: '{{deployment_name}} {{predictor_name}} {{model_name}}',
            },
          ],
        },
        {
          title: 'Feedback',
          description: 'How much feedback do clients send?',
          unit: 'reqps',
          source: 'graph',
          queries: [
            {
              expr: sumBy(
                'deployment_name, predictor_name',
                rate(`${SERVER}_count`, OF_DEPLOYMENT, FEEDBACK),
              ),
              legend: '{{deployment_name}} {{predictor_name}}',
            },
          ],
        },
        {
          title: 'Reward',
          description:
            'Which model earns more? Counted by Seldon’s Python wrapper in the model’s own container.',
          unit: 'short',
          source: 'model',
          queries: [
            {
              expr: `${sumBy(UNIT, rate(REWARD, OF_DEPLOYMENT))} / ${sumBy(UNIT, rate(REWARDED, OF_DEPLOYMENT))}`,
              legend: '{{deployment_name}} {{predictor_name}} {{model_name}}',
            },
          ],
        },
      ],
    },
  ],
};
