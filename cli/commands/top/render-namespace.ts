// The deployments of a namespace as a table for the terminal, one row each.
import type { ListedDeployment, NamespaceState } from '../../../sidecar/live/state.ts';
import { rate } from '../../../sidecar/live/page/words.ts';
import { numbers, NUMBERS_HEADING, tableOf } from './render-top.ts';

const HEADING = ['DEPLOYMENT', 'STATE', 'PODS', 'IN FLIGHT', ...NUMBERS_HEADING];

/** Ends with a line break. */
export function renderNamespace({
  at,
  namespace,
  windowSeconds,
  deployments,
}: NamespaceState): string {
  const total = deployments.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const head = `${namespace}  ${at.slice(11, 19)} UTC, over ${windowSeconds} s, ${rate(total)} requests/s`;
  const none = deployments.length === 0 ? 'no SeldonDeployment is here\n' : '';
  return `${head}\n\n${none || tableOf([HEADING, ...deployments.map(row)])}`;
}

function row(deployment: ListedDeployment): string[] {
  const { name, state, pods, inFlight } = deployment;
  const flight = inFlight === null ? '–' : String(inFlight);
  return [name, state, `${pods.live}/${pods.all}`, flight, ...numbers(deployment)];
}
