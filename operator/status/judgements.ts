// From single judgements to the one that counts: Ready, with the state and the sentence of whatever matters most.
import type { PodPlans } from '../observe/pod-plans.ts';
import { UNKNOWN_PLAN } from '../observe/pod-plans.ts';
import type { PredictorWorkload } from '../workloads/workloads.ts';
import type { ConditionType, Judgement } from './conditions.ts';
import type { PredictorEntry } from './predictors.ts';

/** True when there is no trouble, else False with all of it. */
export function judgeTrouble(
  type: ConditionType,
  reason: string,
  trouble: readonly string[],
): Judgement {
  if (trouble.length === 0) return { type, status: 'True' };
  return { type, status: 'False', reason, message: trouble.join('; ') };
}

/** Whether each pod serves the current plan: an Info, since an older plan serves as well until then. */
export function judgePlans(
  predictors: readonly PredictorWorkload[],
  plans: ReadonlyMap<string, PodPlans>,
): Judgement {
  const behind: string[] = [];
  let unreachable = 0;
  let asked = 0;
  for (const { name, plan, planName } of predictors) {
    const own = plans.get(name);
    if (planName === undefined || own === undefined) continue;
    unreachable += own.unreachable;
    const pods = Object.values(own.counts).reduce((sum, count) => sum + count, 0);
    asked += pods;
    const current = own.counts[plan.hash] ?? 0;
    const old = pods - current - (own.counts[UNKNOWN_PLAN] ?? 0);
    if (old > 0) behind.push(`${name}: ${current} of ${pods} pods serve plan ${plan.hash}`);
    else if (!own.isLive && own.unreachable === 0) behind.push(`${name}: pods are being queried`);
  }
  const shared = { type: 'PlanLive', severity: 'Info' } as const;
  if (behind.length > 0)
    return { ...shared, status: 'False', reason: 'Swapping', message: behind.join('; ') };
  if (unreachable > 0) {
    const message = `${unreachable} of ${asked} pods did not report which plan they serve`;
    return { ...shared, status: 'Unknown', reason: 'Unreachable', message };
  }
  return { ...shared, status: 'True' };
}

export interface Readiness {
  readonly state: 'Available' | 'Creating' | 'Failed';
  readonly condition: Judgement;
  /** What the condition repeats; undefined where nothing is wrong. */
  readonly about: ConditionType | undefined;
}

/** What goes first when several things are wrong; those that end in Failed need a person. */
const GRAVITY: readonly { readonly type: ConditionType; readonly state: Readiness['state'] }[] = [
  { type: 'GraphValid', state: 'Failed' },
  { type: 'NamesFree', state: 'Failed' },
  { type: 'TakenOver', state: 'Failed' },
  { type: 'Injected', state: 'Creating' },
  { type: 'DeploymentsReady', state: 'Creating' },
  { type: 'ServicesReady', state: 'Creating' },
  { type: 'HpasReady', state: 'Creating' },
  { type: 'PdbsReady', state: 'Creating' },
  { type: 'KedaReady', state: 'Creating' },
  { type: 'istioVirtualServicesReady', state: 'Creating' },
  { type: 'RoutesReady', state: 'Creating' },
];

export function judgeReadiness(
  judgements: readonly Judgement[],
  predictors: readonly { readonly state: Readiness['state']; readonly entry: PredictorEntry }[],
): Readiness {
  for (const { type, state } of GRAVITY) {
    const judgement = judgements.find((each) => each.type === type);
    if (judgement?.status !== 'False' || judgement.severity !== undefined) continue;
    const isFailed =
      type === 'DeploymentsReady' && predictors.some((each) => each.state === 'Failed');
    return {
      state: isFailed ? 'Failed' : state,
      about: type,
      condition: {
        type: 'Ready',
        status: 'False',
        reason: isFailed ? 'NotProgressing' : (judgement.reason ?? type),
        ...(judgement.message === undefined ? {} : { message: judgement.message }),
      },
    };
  }
  const message = predictors.flatMap(({ entry }) =>
    entry.message === undefined ? [] : [`${entry.name}: ${entry.message}`],
  );
  return {
    state: 'Available',
    about: undefined,
    condition: {
      type: 'Ready',
      status: 'True',
      reason: 'Available',
      ...(message.length === 0 ? {} : { message: message.join('; ') }),
    },
  };
}
