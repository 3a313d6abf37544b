// The state of deployments as a tree for people: what is right in few words, what is wrong in as many as it takes.
import type { Paint } from '../../../lib/runtime/paint.ts';
import type { DeploymentState, StateNote, PodState, PredictorState } from './cluster-state.ts';

/** Ends with a line break. */
export function renderTree(deployments: readonly DeploymentState[], paint: Paint): string {
  return deployments.map((each) => `${renderDeployment(each, paint).join('\n')}\n`).join('\n');
}

function renderDeployment(deployment: DeploymentState, paint: Paint): string[] {
  const { namespace, name, state, url, predictors, notes } = deployment;
  const colour = state === 'Available' ? 'green' : state === 'Creating' ? 'yellow' : 'red';
  const address = url === null ? '' : `  ${paint('dim', url)}`;
  const lines = [`${paint('bold', `${namespace}/${name}`)}  ${paint(colour, state)}${address}`];
  for (const note of notes) lines.push(`  ${renderNote(note, paint)}`);
  predictors.forEach((predictor, index) => {
    const isLast = index === predictors.length - 1;
    lines.push(`${isLast ? '└─' : '├─'} ${renderPredictor(predictor, paint)}`);
    const stem = isLast ? '   ' : '│  ';
    lines.push(...renderPods(predictor, paint).map((line) => `${stem}${line}`));
  });
  return lines;
}

function renderNote({ severity, about, message }: StateNote, paint: Paint): string {
  const colour = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'dim';
  return `${paint(colour, `${severity} ${about}`)}  ${plain(message)}`;
}

function renderPredictor(predictor: PredictorState, paint: Paint): string {
  const { name, ready, traffic, shadow, plan, pods, message } = predictor;
  const parts = [
    paint('bold', name),
    shadow ? `shadow of ${traffic} %` : `${traffic} %`,
    ready ? paint('green', 'serves') : paint('red', 'does not serve'),
  ];
  if (plan !== null) {
    const sidecars = pods.filter((pod) => pod.plan !== null);
    const current = sidecars.filter((pod) => pod.plan?.hash === plan);
    const counts = sidecars.length === 0 ? '' : ` in ${current.length} of ${sidecars.length} pods`;
    parts.push(`plan ${plan}${counts}`);
  }
  if (message !== '') parts.push(plain(message));
  return parts.join('  ');
}

function renderPods({ pods, plan }: PredictorState, paint: Paint): string[] {
  const width = Math.max(0, ...pods.map(({ name }) => name.length));
  return pods.map((pod, index) => {
    const state = pod.ready ? paint('green', 'ready    ') : paint('red', 'not ready');
    const parts = [pod.name.padEnd(width), state, renderPlan(pod, plan, paint)];
    if (pod.message !== '') parts.push(plain(pod.message));
    if (pod.refused !== '') parts.push(paint('red', `refuses its plan: ${plain(pod.refused)}`));
    const line = parts.filter((part) => part !== '').join('  ');
    return `${index === pods.length - 1 ? '└─' : '├─'} ${line.trimEnd()}`;
  });
}

function renderPlan(pod: PodState, wanted: string | null, paint: Paint): string {
  if (pod.plan === null) return '';
  const { hash, from } = pod.plan;
  // A pod that was not asked itself may not be there yet.
  const text = `plan ${hash}${from === 'operator' ? ' asked for' : ''}`;
  return hash === wanted ? text : paint('yellow', text);
}

/** Words of others must not steer a terminal. */
function plain(words: string): string {
  return words.replaceAll(/\p{Cc}/gu, ' ');
}
