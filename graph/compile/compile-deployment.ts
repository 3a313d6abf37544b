// Turns a checked deployment into the plans that `envoy/` and `extproc/` read: one for each predictor. Nothing fails here;
// what could has been told by the checks. Equal input gives byte-equal plans.
import { dialectOf } from '../../dialects/known/dialects.ts';
import { annotationsOf, orchestratorEnv } from '../seldon/annotations.ts';
import { NO_TRACING, readTracing, type TracingDefaults } from '../seldon/tracing.ts';
import { compileEdges } from './compile-edges.ts';
import { compileFeedbackMemory } from './compile-feedback-memory.ts';
import { compilePolicy } from './compile-policy.ts';
import { compileRoutes } from './compile-routes.ts';
import { compileWalk } from './compile-walk.ts';
import { findContainer, listUnits } from '../plan/deployment.ts';
import type { Addresses, Deployment, Predictor, Unit } from '../plan/deployment.ts';
import { hashPlan } from '../plan/hash-plan.ts';
import { PLAN_VERSION } from '../plan/plan.ts';
import type { DeploymentPlan, PayloadLog, Plan, PlanUnit } from '../plan/plan.ts';
import { compilePayloadLogs } from './compile-payload-logs.ts';
import { callsOf, verbsOf } from '../plan/unit-calls.ts';

export interface CompileOptions {
  /** Addresses that go before those in the file. */
  readonly addresses?: Addresses;
  /** The environment of the orchestrator's process: CORS and routing switches, tracing. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What holds for deployments that say nothing of traces. */
  readonly tracing?: TracingDefaults;
}

export function compileDeployment(
  deployment: Deployment,
  options: CompileOptions = {},
): DeploymentPlan {
  return {
    deployment: deployment.name,
    namespace: deployment.namespace,
    predictors: deployment.predictors.map((predictor) => ({
      plan: compilePlan(deployment, predictor, options),
      traffic: predictor.traffic,
      shadow: predictor.shadow,
    })),
  };
}

function compilePlan(
  deployment: Deployment,
  predictor: Predictor,
  { addresses, env = {}, tracing: defaults = NO_TRACING }: CompileOptions,
): Plan {
  const policy = compilePolicy(deployment, predictor, env);
  const tracing = readTracing({
    deployment: deployment.name,
    annotations: annotationsOf(deployment, predictor),
    variables: orchestratorEnv(deployment, predictor, env),
    defaults,
  });
  const units = listUnits(predictor.graph);
  const { protocol } = deployment;
  const takesFeedback = (unit: Unit): boolean =>
    dialectOf(protocol).takesFeedback && dialectOf(unit.protocol).takesFeedback;
  const logsOf = compilePayloadLogs(deployment, predictor, env);
  const planUnits = compileUnits(predictor, units, takesFeedback, logsOf);
  const logsResponse = (unit: Unit): boolean => logsOf(unit)?.response === true;
  const walk = compileWalk(
    predictor.graph,
    policy.routingInBody,
    takesFeedback,
    protocol,
    logsResponse,
  );
  const isForeign = (unit: number): boolean => {
    const { builtIn, protocol: spoken } = units[unit] as Unit;
    return builtIn === undefined && spoken !== protocol;
  };
  const dialect = dialectOf(protocol);
  const routes = compileRoutes(walk, planUnits, policy.routingInBody, dialect, isForeign);
  const feedbackMemory = compileFeedbackMemory(deployment, predictor, walk, routes);
  const plan: Omit<Plan, 'hash'> = {
    version: PLAN_VERSION,
    deployment: deployment.name,
    namespace: deployment.namespace,
    predictor: predictor.name,
    predictorVersion: predictor.annotations['version'] ?? '',
    dialect: deployment.protocol,
    units: planUnits,
    edges: compileEdges(predictor, units, policy, addresses),
    walk,
    routes,
    policy,
    ...(tracing === undefined ? {} : { tracing }),
    ...(feedbackMemory === undefined ? {} : { feedbackMemory }),
    ...(predictor.shadow ? { isShadow: true as const } : {}),
  };
  const { version, ...rest } = plan;
  return { version, hash: hashPlan(plan), ...rest };
}

function compileUnits(
  predictor: Predictor,
  units: readonly Unit[],
  takesFeedback: (unit: Unit) => boolean,
  logsOf: (unit: Unit) => PayloadLog | undefined,
): PlanUnit[] {
  const positions = new Map(units.map((unit, index) => [unit, index]));
  const parents = new Map<Unit, number>();
  for (const unit of units) {
    for (const child of unit.children) parents.set(child, positions.get(unit) ?? -1);
  }
  return units.map((unit) => {
    const logs = logsOf(unit);
    return {
      name: unit.name,
      type: unit.type,
      builtIn: unit.builtIn ?? null,
      image: findContainer(predictor, unit.name)?.image ?? '',
      verbs: verbsOf({ ...callsOf(unit), ...(takesFeedback(unit) ? {} : { feedback: false }) }),
      parent: parents.get(unit) ?? -1,
      ...(logs === undefined ? {} : { logs }),
    };
  });
}
