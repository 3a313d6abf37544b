// One predictor as people see it: whether it can serve, the share of the traffic that it gets now, which plans its pods serve.
import type { KubeObject } from '../../lib/kube/object.ts';
import { GRAPH_ANNOTATION } from '../../cluster/names.ts';
import { isJoined, isServingEntry, judgeJoined } from '../observe/joined-pods.ts';
import type { PodPlans } from '../observe/pod-plans.ts';
import { podsOf } from '../observe/pod-plans.ts';
import { judgeRollout } from '../observe/rollout.ts';
import type { PredictorWorkload } from '../workloads/workloads.ts';
import { describePods } from './describe-pods.ts';

/** Said while Deployments are being changed. */
export const NEW_PODS = 'new pods are being made';

export interface PredictorEntry {
  readonly name: string;
  readonly ready: boolean;
  readonly traffic: number;
  readonly shadow?: boolean;
  readonly plan: string;
  readonly plans?: Readonly<Record<string, number>>;
  readonly message?: string;
}

export interface PredictorView {
  readonly workload: PredictorWorkload;
  /** Live Deployments by name. */
  readonly deployments: ReadonlyMap<string, KubeObject>;
  readonly pods: readonly KubeObject[];
  readonly plans: PodPlans | undefined;
  /** Names of Deployments whose pods are about to be replaced. */
  readonly rolling: readonly string[];
}

export interface JudgedPredictor {
  readonly entry: PredictorEntry;
  readonly state: 'Available' | 'Creating' | 'Failed';
  /** Whether at least one pod of each Deployment serves, of whatever version. */
  readonly serves: boolean;
}

export function judgePredictors(views: readonly PredictorView[]): readonly JudgedPredictor[] {
  const judged = views.map((view) => ({ view, ...judgeOne(view) }));
  // Those that cannot serve leave their share to the others.
  const sum = judged
    .filter(({ serves, view }) => serves && !view.workload.shadow)
    .reduce((total, { view }) => total + view.workload.traffic, 0);
  return judged.map(({ view, state, serves, message }) => {
    const { name, traffic, shadow, plan } = view.workload;
    const share = shadow ? traffic : sum === 0 ? 0 : Math.round((100 * traffic) / sum);
    const { counts = {} } = view.plans ?? {};
    return {
      state,
      serves,
      entry: {
        name,
        ready: serves,
        traffic: serves ? share : 0,
        ...(shadow ? { shadow } : {}),
        plan: plan.hash,
        ...(Object.keys(counts).length === 0 ? {} : { plans: sortKeys(counts) }),
        ...(message === '' ? {} : { message }),
      },
    };
  });
}

interface Judged {
  readonly state: JudgedPredictor['state'];
  readonly serves: boolean;
  readonly message: string;
}

function judgeGraph({ workload, deployments, pods, rolling }: PredictorView): Judged {
  const rollouts = workload.deploymentNames.map((name) => {
    const live = deployments.get(name);
    return live === undefined ? undefined : judgeRollout(live);
  });
  const own = podsOf(workload.name, pods);
  const isFailed = rollouts.some((rollout) => rollout?.state === 'Failed');
  const isRolling = workload.deploymentNames.some((name) => rolling.includes(name));
  const isDone = !isRolling && rollouts.every((rollout) => rollout?.state === 'Available');
  if (isJoined(workload)) return judgeJoinedPods(workload, own);
  // An older Deployment of another name may serve on while this one starts.
  const serves =
    rollouts.every((rollout) => rollout !== undefined && rollout.available > 0) ||
    own.some(isServingEntry);
  if (isDone) return { state: 'Available', serves, message: emptyMessage(rollouts) };
  const refused = rollouts.find((rollout) => (rollout?.message ?? '') !== '')?.message ?? '';
  const trouble = describePods(own);
  const wanted = rollouts.reduce((total, rollout) => total + (rollout?.wanted ?? 0), 0);
  const available = rollouts.reduce((total, rollout) => total + (rollout?.available ?? 0), 0);
  const progress =
    isRolling || wanted === 0 ? NEW_PODS : `${available} of ${wanted} pods are available`;
  const message = [trouble || refused || progress, isFailed && trouble ? refused : '']
    .filter((words) => words !== '')
    .join('; ');
  return { state: isFailed ? 'Failed' : 'Creating', serves, message };
}

/** As for Seldon a deployment is available with its explainers; the graph serves without. */
function judgeOne(view: PredictorView): Judged {
  const judged = judgeGraph(view);
  const name = view.workload.explainer?.deploymentName;
  if (name === undefined) return judged;
  const live = view.deployments.get(name);
  const rollout = live === undefined ? undefined : judgeRollout(live);
  if (rollout?.state === 'Available' && !view.rolling.includes(name)) return judged;
  const own = view.pods.filter(({ metadata }) => metadata.labels?.['app'] === name);
  const words = describePods(own) || (rollout?.message ?? '') || NEW_PODS;
  return {
    state:
      judged.state !== 'Available'
        ? judged.state
        : rollout?.state === 'Failed'
          ? 'Failed'
          : 'Creating',
    serves: judged.serves,
    message: [judged.message, `explainer: ${words}`].filter((each) => each !== '').join('; '),
  };
}

function judgeJoinedPods({ name, plan }: PredictorWorkload, pods: readonly KubeObject[]): Judged {
  const { joined, serves, isComplete } = judgeJoined(pods);
  if (isComplete) return { state: 'Available', serves, message: '' };
  const advice = `annotate pods with ${GRAPH_ANNOTATION}: ${plan.deployment}/${name}`;
  const message = describePods(joined) || `no pod has joined the graph yet; ${advice}`;
  return { state: 'Creating', serves, message };
}

function emptyMessage(rollouts: readonly ({ readonly wanted: number } | undefined)[]): string {
  const isEmpty = rollouts.length > 0 && rollouts.every((rollout) => rollout?.wanted === 0);
  return isEmpty ? 'scaled to 0 pods' : '';
}

function sortKeys(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}
