// The file in a plan's ConfigMap: what the operator writes and the agent in the pod reads. It holds a DeploymentPlan with one
// predictor and the revision of the containers that it was made for, so that a pod can refuse a plan whose units it has not.
import { hashPlan } from '../graph/plan/hash-plan.ts';
import { canonicalJson, isPlainObject } from '../graph/plan/json-value.ts';
import { LIMITS } from '../graph/plan/limits.ts';
import { PLAN_VERSION } from '../graph/plan/plan.ts';
import type { DeploymentPlan, Plan, Policy } from '../graph/plan/plan.ts';

/** What a pod expects of its plan; undefined where it is not known, which then is not compared. */
export interface PlanExpectation {
  readonly namespace: string | undefined;
  readonly deployment: string | undefined;
  readonly predictor: string | undefined;
  readonly revision: string | undefined;
}

export type PlanFileResult =
  | {
      readonly kind: 'plan';
      readonly deployment: DeploymentPlan;
      readonly revision: string | undefined;
    }
  | { readonly kind: 'rejected'; readonly code: PlanFault; readonly reason: string };

export type PlanFault = 'PLAN_UNREADABLE' | 'PLAN_VERSION' | 'PLAN_FOREIGN' | 'PLAN_DAMAGED';

/** The text of the file; equal input gives equal text. `mapName` is that of its ConfigMap. */
export function renderPlanFile(deployment: DeploymentPlan, mapName: string): string {
  return canonicalJson({ ...deployment, revision: revisionOf(mapName) });
}

/** The set of containers that a plan's ConfigMap is for: the last part of its name. */
export function revisionOf(mapName: string): string {
  return mapName.slice(mapName.lastIndexOf('-') + 1);
}

/**
 * Reads the file for one pod. The pod serves its predictor alone: the share of the traffic is the gateway's, so it is all
 * here. Unknown fields are skipped.
 */
export function parsePlanFile(text: string, expected: PlanExpectation): PlanFileResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fault('PLAN_UNREADABLE', `it is not JSON: ${String(error)}`);
  }
  const plan = onlyPlan(value);
  if (!isPlainObject(value) || plan === undefined)
    return fault('PLAN_UNREADABLE', 'it is not a plan with one predictor');
  if (plan.version !== PLAN_VERSION)
    return fault(
      'PLAN_VERSION',
      `it has version ${String(plan.version)}, this sidecar reads ${PLAN_VERSION}`,
    );
  const revision = typeof value['revision'] === 'string' ? value['revision'] : undefined;
  const facts = { ...pickNames(plan), revision };
  for (const name of ['namespace', 'deployment', 'predictor', 'revision'] as const) {
    const [is, wanted] = [facts[name], expected[name]];
    if (is !== undefined && wanted !== undefined && is !== wanted)
      return fault('PLAN_FOREIGN', `it is for the ${name} ${is}, this pod is of ${wanted}`);
  }
  const { hash, ...rest } = plan;
  const computed = hashPlan(rest);
  if (computed !== hash)
    return fault('PLAN_DAMAGED', `its hash is ${hash}, its content's is ${computed}`);
  return {
    kind: 'plan',
    revision,
    deployment: {
      deployment: plan.deployment,
      namespace: plan.namespace,
      predictors: [{ plan: completed(plan), traffic: 100, shadow: false }],
    },
  };
}

/** A plan by an operator before this sidecar lacks the limits that came since the first plans. */
function completed(plan: Plan): Plan {
  const { policy }: { readonly policy: Pick<Policy, FirstField> & Partial<Policy> } = plan;
  return {
    ...plan,
    policy: {
      ...policy,
      bodyTimeoutMs: policy.bodyTimeoutMs ?? LIMITS.bodyTimeoutMs.default,
      maxHeaderBytes: policy.maxHeaderBytes ?? LIMITS.maxHeaderBytes.default,
      maxHeaders: policy.maxHeaders ?? LIMITS.maxHeaders.default,
    },
  };
}

/** What every plan has had from the beginning. The list stays as it is: any other field needs its default above. */
type FirstField =
  | 'restTimeoutMs'
  | 'grpcTimeoutMs'
  | 'deadlineMs'
  | 'maxBodyBytes'
  | 'maxAnswerBytes'
  | 'grpcMaxMessageBytes'
  | 'retries'
  | 'perTryTimeoutMs'
  | 'routingInBody'
  | 'cors';

function pickNames(plan: Plan): Record<'namespace' | 'deployment' | 'predictor', string> {
  return { namespace: plan.namespace, deployment: plan.deployment, predictor: plan.predictor };
}

/** The plan of the one predictor; its inside is trusted once the hash is right. */
function onlyPlan(value: unknown): Plan | undefined {
  const predictors = isPlainObject(value) ? value['predictors'] : undefined;
  if (!Array.isArray(predictors) || predictors.length !== 1) return undefined;
  const [only]: unknown[] = predictors;
  const plan = isPlainObject(only) ? only['plan'] : undefined;
  return isPlainObject(plan) && typeof plan['hash'] === 'string'
    ? (plan as unknown as Plan)
    : undefined;
}

function fault(code: PlanFault, reason: string): PlanFileResult {
  return { kind: 'rejected', code, reason };
}
