// Which annotations go where: what a unit's wrapper reads must reach its pod; what only the data plane or the gateway reads must
// not, or a change of it would roll pods.
import type { Predictor } from '../../graph/plan/deployment.ts';
import { WRAPPER_ANNOTATIONS } from '../../graph/seldon/seldon-annotations.ts';
import { SELDON_ANNOTATIONS } from '../../graph/seldon/annotation-names.ts';

const SCRAPE = { 'prometheus.io/scrape': 'true', 'prometheus.io/path': '/prometheus' };

/** They say what runs where, so pods are made anew when they change; Seldon's pods have them too. */
const PLACING_ANNOTATIONS: readonly string[] = [
  SELDON_ANNOTATIONS.noEngine,
  SELDON_ANNOTATIONS.separatePod,
  SELDON_ANNOTATIONS.serviceName,
];

/** Of a pod: nearest to the pod wins. */
export function podAnnotations(
  spec: Readonly<Record<string, string>>,
  predictor: Predictor,
  component: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const inherited = Object.entries({ ...spec, ...predictor.annotations }).filter(([name]) =>
    reachesPod(name),
  );
  return { ...SCRAPE, ...Object.fromEntries(inherited), ...ownAnnotations(component) };
}

/**
 * What a user wrote for one component, or for the Services of one predictor: it goes to the pods and, since tools that watch Deployments
 * and Services read it there, to those. Not ours: a pod must not look like one that the webhook is to fill in.
 */
export function ownAnnotations(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !name.startsWith('sidegraph.io/')),
  );
}

function reachesPod(name: string): boolean {
  if (WRAPPER_ANNOTATIONS.includes(name) || PLACING_ANNOTATIONS.includes(name)) return true;
  return !name.startsWith('seldon.io/') && !name.startsWith('sidegraph.io/');
}
