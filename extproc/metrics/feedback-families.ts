// The families of feedback: totals and rewards of units under Seldon's names, which branch a unit is, and what became of feedback by
// puid. Of several workers the sum.
import { LESSON_RESULTS } from '../feedback/lessons.ts';
import { FEEDBACK_RESULTS } from '../feedback/results.ts';
import type { DescribedFamily, Family, MetricLabels } from './prometheus-text.ts';
import type { FeedbackCounts } from './worker-counts.ts';

const UNIT_LABELS = [
  'deployment_name',
  'predictor_name',
  'predictor_version',
  'model_name',
  'model_image',
  'model_version',
];
export const BRANCH_LABELS = [
  'deployment_name',
  'predictor_name',
  'router',
  'branch',
  'model_name',
];

const FEEDBACK: DescribedFamily = {
  name: 'seldon_api_model_feedback_total',
  type: 'counter',
  help: 'Feedback that passed the unit, of rewards of 0 too.',
  labels: UNIT_LABELS,
};
const REWARD: DescribedFamily = {
  name: 'seldon_api_model_feedback_reward_total',
  type: 'counter',
  help: 'Sum of its rewards above 0.',
  labels: UNIT_LABELS,
};
const PENALTY: DescribedFamily = {
  name: 'sidegraph_model_feedback_penalty_total',
  type: 'counter',
  help: 'Sum of its rewards below 0, without the sign.',
  labels: UNIT_LABELS,
};
const BRANCH: DescribedFamily = {
  name: 'sidegraph_branch_info',
  type: 'gauge',
  help: '1 for each child of a router: the unit at the head of the branch.',
  labels: BRANCH_LABELS,
};
const RESULTS: DescribedFamily = {
  name: 'sidegraph_feedback_by_puid_total',
  type: 'counter',
  help: `Feedback that named its prediction by puid: ${FEEDBACK_RESULTS.join(', ')}.`,
  labels: ['result'],
};
const LESSONS: DescribedFamily = {
  name: 'sidegraph_router_feedback_total',
  type: 'counter',
  help: `Feedback that came to built-in routers that learn: ${LESSON_RESULTS.join(', ')}.`,
  labels: ['result'],
};
const REQUESTS: DescribedFamily = {
  name: 'sidegraph_feedback_memory_requests',
  type: 'gauge',
  help: 'Requests that are remembered for feedback by puid.',
  labels: [],
};
const BYTES: DescribedFamily = {
  name: 'sidegraph_feedback_memory_bytes',
  type: 'gauge',
  help: 'Memory that they take.',
  labels: [],
};
const EVICTED: DescribedFamily = {
  name: 'sidegraph_feedback_memory_evicted_total',
  type: 'counter',
  help: 'Requests that were forgotten before their time, for want of room.',
  labels: [],
};

/** Without their values, for the docs. */
export const FEEDBACK_FAMILIES: readonly DescribedFamily[] = [
  FEEDBACK,
  REWARD,
  PENALTY,
  BRANCH,
  RESULTS,
  LESSONS,
  REQUESTS,
  BYTES,
  EVICTED,
];

export function feedbackFamilies(workers: readonly FeedbackCounts[]): Family[] {
  const units = workers.flatMap((worker) => worker.units);
  const branches = new Map(
    workers.flatMap((worker) => worker.branches).map((labels) => [JSON.stringify(labels), labels]),
  );
  const sum = (valueOf: (worker: FeedbackCounts) => number): number =>
    workers.reduce((total, worker) => total + valueOf(worker), 0);
  const results = FEEDBACK_RESULTS.map((result): [MetricLabels, number] => [
    { result },
    sum((worker) => worker.results[result]),
  ]);
  const lessons = LESSON_RESULTS.map((result): [MetricLabels, number] => [
    { result },
    sum((worker) => worker.lessons[result]),
  ]);
  return [
    family(FEEDBACK, summed(units.map((unit) => [unit.labels, unit.feedback]))),
    family(REWARD, summed(units.map((unit) => [unit.labels, unit.reward]))),
    family(PENALTY, summed(units.map((unit) => [unit.labels, unit.penalty]))),
    family(
      BRANCH,
      [...branches.values()].map((labels) => [labels, 1]),
    ),
    family(RESULTS, results),
    family(LESSONS, lessons),
    family(REQUESTS, [[{}, sum(({ memory }) => memory.requests)]]),
    family(BYTES, [[{}, sum(({ memory }) => memory.bytes)]]),
    family(EVICTED, [[{}, sum(({ memory }) => memory.evicted)]]),
  ];
}

type Row = readonly [labels: MetricLabels, value: number];

/** Rows of equal labels as one, in the order of their labels. */
function summed(rows: readonly Row[]): readonly Row[] {
  const sums = new Map<string, Row>();
  for (const [labels, value] of rows) {
    const key = JSON.stringify(labels);
    sums.set(key, [labels, (sums.get(key)?.[1] ?? 0) + value]);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
}

function family({ name, type, help }: DescribedFamily, rows: readonly Row[]): Family {
  return { name, type, help, samples: rows.map(([labels, value]) => ({ name, labels, value })) };
}
