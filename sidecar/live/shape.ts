// What of a plan is shown: the units of each predictor with what they do, as rows, and under which values of `service` their requests
// are counted. It is made where the plan is, so that whoever shows it needs no plan, nor the same version of one.
import { dialectOf } from '../../dialects/known/dialects.ts';
import { serviceOf } from '../../envoy/kit/names.ts';
import { describeChoice, describeMerge } from '../../graph/explain/step-words.ts';
import type { DeploymentPlan, Plan, PredictorPlan, Step } from '../../graph/plan/plan.ts';

export interface UnitShape {
  readonly name: string;
  /** Its type, or the implementation that needs no container. */
  readonly kind: string;
  /** Position of the parent in `units`, −1 for the root. */
  readonly parent: number;
  /** Position among the parent's children. */
  readonly branch: number;
  /** What is done here, in words. */
  readonly does: readonly string[];
  /** Whether it sends each request to one of its children. */
  readonly chooses: boolean;
  /** It is not called: its requests are those of its children. */
  readonly isBuiltIn: boolean;
}

export interface PredictorShape {
  readonly name: string;
  /** Hash of the plan. */
  readonly plan: string;
  readonly percent: number;
  readonly shadow: boolean;
  /** Values of `service` that count as requests, and those of calls that bring feedback. */
  readonly predictions: readonly string[];
  readonly feedback: readonly string[];
  /** In pre-order of the walk. */
  readonly units: readonly UnitShape[];
}

export interface GraphShape {
  readonly namespace: string;
  readonly deployment: string;
  readonly predictors: readonly PredictorShape[];
}

export function shapeOf({ namespace, deployment, predictors }: DeploymentPlan): GraphShape {
  return { namespace, deployment, predictors: predictors.map(predictorShape) };
}

function predictorShape({ plan, traffic, shadow }: PredictorPlan): PredictorShape {
  return {
    name: plan.predictor,
    plan: plan.hash,
    percent: traffic,
    shadow,
    predictions: [
      ...new Set([
        serviceOf(plan.dialect, 'predict-rest'),
        serviceOf(plan.dialect, 'predict-grpc'),
      ]),
    ],
    feedback: [...feedbackPaths(plan)],
    units: unitShapes(plan),
  };
}

function unitShapes(plan: Plan): UnitShape[] {
  const units: UnitShape[] = [];
  const visit = (step: Step, parent: number, branch: number): void => {
    const unit = plan.units[step.unit];
    const index = units.length;
    units.push({
      name: unit?.name ?? '',
      kind: unit?.builtIn ?? unit?.type ?? '',
      parent,
      branch,
      does: wordsOf(step),
      chooses: step.choose !== null && step.choose.kind !== 'all',
      isBuiltIn: typeof unit?.builtIn === 'string',
    });
    step.children.forEach((child, at) => visit(child, index, at));
  };
  visit(plan.walk, -1, 0);
  return units;
}

function wordsOf(step: Step): string[] {
  return [
    step.input ?? '',
    describeChoice(step),
    describeMerge(step),
    step.output ? 'transform-output' : '',
  ].filter((word) => word !== '');
}

/** Values of `service` under which calls that bring feedback are counted. */
function feedbackPaths(plan: Plan): ReadonlySet<string> {
  return new Set(
    plan.edges.flatMap(({ dialect, model, transport }) => {
      const path = dialectOf(dialect).unitPath(
        encodeURIComponent(model),
        'send-feedback',
        transport,
      );
      return [path ?? 'send-feedback'];
    }),
  );
}
