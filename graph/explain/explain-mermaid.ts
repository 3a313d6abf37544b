// Draws a plan as a Mermaid flow chart: the shape of a unit tells what it is, a thick border that Envoy may make its call.
import { isGrpcKind, ROUTE_KINDS } from '../plan/names.ts';
import type { DeploymentPlan, Plan, Step } from '../plan/plan.ts';
import { describeChoice, describeMerge } from './step-words.ts';

/** Text for a ```mermaid block; ends with a line break. */
export function explainMermaid(deployment: DeploymentPlan): string {
  const lines = ['flowchart LR', '  client([client])'];
  deployment.predictors.forEach(({ plan, traffic, shadow }, index) => {
    const prefix = `p${index}u`;
    lines.push(`  subgraph p${index}["${label(`${plan.predictor}: ${nativeWords(plan)}`)}"]`);
    lines.push(...drawStep(plan, plan.walk, prefix), '  end');
    const arrow = shadow ? `-. "copy of ${traffic} %" .->` : `-- "${traffic} %" -->`;
    lines.push(`  client ${arrow} ${prefix}${plan.walk.unit}`);
  });
  lines.push('  classDef tail stroke-width:3px');
  return `${lines.join('\n')}\n`;
}

function nativeWords(plan: Plan): string {
  const native = ROUTE_KINDS.filter(
    (kind) => !isGrpcKind(kind) && plan.routes[kind].kind === 'native',
  ).map((kind) => kind.replace('-rest', ''));
  return native.length === 0 ? 'by the filter' : `${native.join(' and ')} by Envoy alone`;
}

function drawStep(plan: Plan, step: Step, prefix: string): string[] {
  const unit = plan.units[step.unit];
  const id = `${prefix}${step.unit}`;
  const calls = [
    step.input,
    describeChoice(step),
    describeMerge(step),
    step.output ? 'transform-output' : null,
  ].filter(Boolean);
  const text = label(
    `${unit?.name ?? ''}\n${unit?.builtIn ?? unit?.type ?? ''}\n${calls.join('\n')}`,
  );
  const chooses = step.choose !== null && step.choose.kind !== 'all';
  const shape = chooses ? `{"${text}"}` : `["${text}"]`;
  const tail = step.mayTail && step.choose === null ? ':::tail' : '';
  const lines = [`    ${id}${shape}${tail}`];
  step.children.forEach((child, index) => {
    lines.push(...drawStep(plan, child, prefix));
    const arrow = chooses ? `-- "${index}" -->` : '-->';
    lines.push(`    ${id} ${arrow} ${prefix}${child.unit}`);
  });
  return lines;
}

/** Mermaid's own escapes; names are checked, but reasons and labels may hold anything. */
function label(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('\n', '<br/>');
}
