// Shows a plan to a person: the walk as a tree, who makes which call, which routes Envoy does alone and why, the ways to
// the units, and the limits. Reads nothing but the plan, so it shows what will be served.
import { explainMermaid } from './explain-mermaid.ts';
import { LIMITS } from '../plan/limits.ts';
import { ROUTE_KINDS } from '../plan/names.ts';
import { NATIVE_WEIGHT_TOTAL } from '../plan/plan.ts';
import type { DeploymentPlan, Plan, PredictorPlan, RouteDecision, Step } from '../plan/plan.ts';
import { unitNameOf } from '../plan/queries.ts';
import { describeChoice, describeMerge } from './step-words.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';

export type ExplainFormat = 'tree' | 'mermaid' | 'json';

/** Ends with a line break. */
export function explainPlan(deployment: DeploymentPlan, format: ExplainFormat): string {
  switch (format) {
    case 'tree':
      return explainTree(deployment);
    case 'mermaid':
      return explainMermaid(deployment);
    case 'json':
      return `${JSON.stringify(deployment, null, 2)}\n`;
  }
}

function explainTree(deployment: DeploymentPlan): string {
  const lines = [`deployment ${deployment.namespace}/${deployment.deployment}`];
  for (const predictor of deployment.predictors) lines.push('', ...explainPredictor(predictor));
  return `${lines.join('\n')}\n`;
}

function explainPredictor({ plan, traffic, shadow }: PredictorPlan): string[] {
  const share = shadow ? `shadow: copies of ${traffic} %` : `${traffic} % of the requests`;
  return [
    `predictor ${plan.predictor} (${share}, plan ${plan.hash})`,
    '  walk',
    ...explainStep(plan, plan.walk, '    ', '    '),
    '  routes',
    ...ROUTE_KINDS.flatMap((kind) => explainRoute(plan, kind, plan.routes[kind])),
    '  edges to the units',
    ...explainEdges(plan),
    '  limits',
    ...explainPolicy(plan),
  ];
}

function explainStep(plan: Plan, step: Step, head: string, rest: string): string[] {
  const unit = plan.units[step.unit];
  const kind = unit?.builtIn ?? unit?.type ?? '';
  const lines = [`${head}${unit?.name ?? ''} (${kind}): ${describeStep(step)}`];
  step.children.forEach((child, index) => {
    const last = index === step.children.length - 1;
    const branch = last ? '└─ ' : '├─ ';
    lines.push(...explainStep(plan, child, rest + branch, rest + (last ? '   ' : '│  ')));
  });
  return lines;
}

function describeStep(step: Step): string {
  const parts: string[] = [];
  if (step.input !== null) parts.push(step.input);
  if (step.choose !== null) parts.push(describeChoice(step));
  const merge = describeMerge(step);
  if (merge !== '') parts.push(merge);
  if (step.output) parts.push('transform-output');
  if (parts.length === 0) parts.push('passes the message on');
  const tail = step.mayTail && callsLast(step) ? " [the last call may be Envoy's]" : '';
  return `${parts.join(', then ')}${tail}${step.feedback ? ' [feedback]' : ''}`;
}

/** Whether the step itself, not a child, makes its last call. */
function callsLast(step: Step): boolean {
  if (step.output || step.merge === 'aggregate') return true;
  return step.choose === null && step.input !== null && step.input !== 'simple-model';
}

function explainRoute(plan: Plan, kind: string, decision: RouteDecision): string[] {
  const head = `    ${kind.padEnd(13)} ${decision.kind.padEnd(6)} ${decision.reason}`;
  if (decision.kind !== 'native' || decision.targets.length < 2) return [head];
  const targets = decision.targets.map((target) => {
    const percent = ((100 * target.weight) / NATIVE_WEIGHT_TOTAL).toFixed(4);
    const name = unitNameOf(plan, target.unit);
    return `      ${percent.padStart(8)} % ${name} ${target.verb} ${target.routing}`.trimEnd();
  });
  return [head, ...targets];
}

function explainEdges(plan: Plan): string[] {
  const lines = plan.edges.map((edge) => {
    const name = unitNameOf(plan, edge.unit);
    const way = `${edge.transport.padEnd(4)} ${hostPort(edge)}`;
    const spoken = edge.dialect === plan.dialect ? '' : `, speaks ${edge.dialect}`;
    return `    ${name} ${way} ${edge.via} (${edge.reason}${spoken})`;
  });
  return lines.length === 0 ? ['    none: no unit is called'] : lines;
}

function explainPolicy({ policy, feedbackMemory }: Plan): string[] {
  const limits: Partial<Record<keyof typeof LIMITS, number | null>> = {
    ...policy,
    ...feedbackMemory,
  };
  const origin = (name: keyof typeof LIMITS): string => {
    // Where it is not written it is that of REST.
    if (name === 'grpcMaxMessageBytes')
      return policy[name] === policy.maxBodyBytes ? ` (as ${LIMITS.maxBodyBytes.annotation})` : '';
    return (limits[name] ?? undefined) === LIMITS[name].default ? ' (default)' : '';
  };
  const lines = (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).flatMap((name) => {
    const { annotation, unit } = LIMITS[name];
    const value = limits[name];
    if (value === undefined) return [];
    const shown = value === null ? 'none' : `${value} ${unit}`;
    return [`    ${annotation} ${shown}${origin(name)}`];
  });
  const routing = policy.routingInBody
    ? 'header seldon-routing and meta.routing'
    : 'header seldon-routing';
  return [
    ...lines,
    `    routing in ${routing}`,
    `    CORS origin ${policy.cors.allowOrigin}`,
    `    CORS headers ${policy.cors.allowHeaders}`,
  ];
}
