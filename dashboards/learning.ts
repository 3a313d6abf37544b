// The board of those who compare models: which branch gets the traffic, and what its rewards say.
import { type Board, panel } from './panel.ts';
import { CLIENT, OF_DEPLOYMENT, rate, SERVER, sumBy } from './queries.ts';

const FEEDBACK = 'service=~"feedback|.*SendFeedback"';
const PREDICT = 'service!~".*feedback|.*SendFeedback"';
const UNIT = 'deployment_name, predictor_name, model_name';
const REWARDED = 'seldon_api_model_feedback_total';
const REWARD = 'seldon_api_model_feedback_reward_total';
const PENALTY = 'sidegraph_model_feedback_penalty_total';
/** The series of pods; those of Seldon's wrapper name the process that counted. */
const OURS = 'worker_id=""';
const WRAPPERS = 'worker_id!=""';
const OF_ROUTER = 'router=~"$router"';
const NAME = '{{deployment_name}} {{predictor_name}} {{model_name}}';
const BRANCH_NAME = '{{deployment_name}} {{predictor_name}} {{router}} → {{model_name}}';

const perUnit = (metric: string): string => sumBy(UNIT, rate(metric, OF_DEPLOYMENT, OURS));

/** What is known of units, of those alone that are a router's children, with the name of the router. */
function perBranch(expr: string): string {
  const branches = `max by (${UNIT}, router) (sidegraph_branch_info{${OF_DEPLOYMENT},${OF_ROUTER}})`;
  return `${branches} * on (${UNIT}) group_left () (${expr})`;
}

/** What has been learned of each branch, over all pods: each learns by itself. */
function perLearner(what: 'tries' | 'successes'): string {
  return sumBy(`${UNIT}, router`, `sidegraph_branch_${what}_total{${OF_DEPLOYMENT},${OF_ROUTER}}`);
}

/** The mean of the rewards of units, those below 0 with them. */
const MEAN_REWARD = `(${perUnit(REWARD)} - ${perUnit(PENALTY)}) / ${perUnit(REWARDED)}`;

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
    { name: 'router', query: `label_values(sidegraph_branch_info{${OF_DEPLOYMENT}}, router)` },
  ],
  rows: [
    {
      title: 'Branches of routers',
      panels: [
        {
          ...panel('graph', 'Mean reward', 'Which branch of a router earns more?', 'short', {
            [BRANCH_NAME]: perBranch(MEAN_REWARD),
          }),
          isSigned: true,
        },
        panel('graph', 'Feedback of a branch', 'How much feedback is that mean of?', 'reqps', {
          [BRANCH_NAME]: perBranch(perUnit(REWARDED)),
        }),
        panel(
          'graph',
          'What built-in routers know',
          'Which branch is best by all that EPSILON_GREEDY or THOMPSON_SAMPLING has learned?',
          'percentunit',
          { [BRANCH_NAME]: `${perLearner('successes')} / ${perLearner('tries')}` },
        ),
        panel('graph', 'Sum of rewards', 'How much do the branches earn and lose?', 'short', {
          [`${BRANCH_NAME} above 0`]: perBranch(perUnit(REWARD)),
          [`${BRANCH_NAME} below 0`]: perBranch(perUnit(PENALTY)),
        }),
      ],
    },
    {
      title: 'Units',
      panels: [
        panel(
          'graph',
          'Share of the calls',
          'How does the traffic divide among the units of a predictor?',
          'percentunit',
          {
            [NAME]: `${sumBy(UNIT, rate(`${CLIENT}_count`, OF_DEPLOYMENT, PREDICT))} / on (deployment_name, predictor_name) group_left () ${sumBy('deployment_name, predictor_name', rate(`${CLIENT}_count`, OF_DEPLOYMENT, PREDICT))}`,
          },
        ),
        {
          ...panel(
            'graph',
            'Mean reward of units',
            'What do the rewards say of each unit on the way?',
            'short',
            { [NAME]: MEAN_REWARD },
          ),
          isSigned: true,
        },
        {
          ...panel(
            'model',
            'Mean reward as models count it',
            'What does Seldon’s Python wrapper say, which counts in the model’s own container?',
            'short',
            {
              [NAME]: `${sumBy(UNIT, rate(REWARD, OF_DEPLOYMENT, WRAPPERS))} / ${sumBy(UNIT, rate(REWARDED, OF_DEPLOYMENT, WRAPPERS))}`,
            },
          ),
          isSigned: true,
        },
      ],
    },
    {
      title: 'Clients',
      panels: [
        panel('graph', 'Feedback', 'How much feedback do clients send?', 'reqps', {
          '{{deployment_name}} {{predictor_name}}': sumBy(
            'deployment_name, predictor_name',
            rate(`${SERVER}_count`, OF_DEPLOYMENT, FEEDBACK),
          ),
        }),
        panel(
          'graph',
          'Feedback by puid',
          'Does it find its request, or come too late, twice, or to another pod?',
          'reqps',
          { '{{result}}': sumBy('result', rate('sidegraph_feedback_by_puid_total')) },
        ),
        panel(
          'graph',
          'Requests that are remembered',
          'Is there room for the requests of the time to live?',
          'short',
          {
            '{{pod}}': 'sidegraph_feedback_memory_requests',
            '{{pod}} forgotten per second, for want of room': rate(
              'sidegraph_feedback_memory_evicted_total',
            ),
          },
        ),
      ],
    },
  ],
};
