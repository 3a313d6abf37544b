// Decides how a pod made by somebody else joins a graph: which deployment and predictor its annotation names, which units its
// containers are, and whether requests enter through it. Refusals are in words; nothing is rendered here.
import { closestWord, didYouMean } from '../../graph/manifest/closest-word.ts';
import { listUnits } from '../../graph/plan/deployment.ts';
import type { Deployment, Predictor, Unit } from '../../graph/plan/deployment.ts';
import { GRAPH_ANNOTATION } from '../../cluster/names.ts';

export interface GraphName {
  readonly deployment: string;
  /** Undefined when the annotation names the deployment alone. */
  readonly predictor: string | undefined;
}

export interface Joined {
  readonly deployment: Deployment;
  readonly predictor: Predictor;
  /** The units that the pod's containers serve, in the order of the containers. */
  readonly units: readonly Unit[];
  /** Whether requests enter here: the pod holds the first unit in pre-order, built-in ones aside. It gets the sidecars. */
  readonly isEntry: boolean;
  /** Containers that are no units. */
  readonly others: readonly string[];
}

export type JoinOutcome =
  | { readonly kind: 'joined'; readonly joined: Joined; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly refusals: readonly string[] };

/** `deployment` or `deployment/predictor`; undefined for anything else. */
export function parseGraphName(text: string): GraphName | undefined {
  const match = /^([^/\s]+)(?:\/([^/\s]+))?$/.exec(text.trim());
  if (match === null) return undefined;
  return { deployment: match[1] ?? '', predictor: match[2] };
}

export function joinGraph(
  graph: GraphName,
  deployment: Deployment,
  containers: readonly string[],
): JoinOutcome {
  const predictor = choosePredictor(graph, deployment);
  if (typeof predictor === 'string') return { kind: 'refused', refusals: [predictor] };
  const units = listUnits(predictor.graph);
  const running = units.filter((unit) => unit.builtIn === undefined);
  const where = `predictor ${predictor.name} of ${deployment.name}`;
  const refusals: string[] = [];
  const held: Unit[] = [];
  const others: string[] = [];
  for (const name of containers) {
    const unit = units.find((each) => each.name === name);
    if (unit === undefined) others.push(name);
    else if (unit.builtIn !== undefined)
      refusals.push(
        `unit ${name} of ${where} is the built-in ${unit.builtIn}: it has no container`,
      );
    else {
      const own = predictor.containers.find((container) => container.name === name);
      if (own === undefined) held.push(unit);
      else
        refusals.push(
          `unit ${name} of ${where} already has a container (${own.path}); remove one of the two`,
        );
    }
  }
  const free = running.filter((unit) =>
    predictor.containers.every(({ name }) => name !== unit.name),
  );
  if (held.length === 0 && refusals.length === 0)
    refusals.push(`no container of the pod is a unit of ${where}; ${offer(others, free)}`);
  if (refusals.length > 0) return { kind: 'refused', refusals };
  const near = others.flatMap((name) => {
    const meant = closestWord(
      name,
      free.filter((unit) => !held.includes(unit)).map((unit) => unit.name),
    );
    return meant === undefined
      ? []
      : [`container ${name} is no unit of ${where}; did you mean ${meant}?`];
  });
  const first = running[0];
  // Where the deployment has pods of its own for units, requests enter through those.
  const isEntry = first !== undefined && held.includes(first) && free.length === running.length;
  return {
    kind: 'joined',
    joined: { deployment, predictor, units: held, isEntry, others },
    warnings: near,
  };
}

function choosePredictor(
  { predictor: wanted }: GraphName,
  deployment: Deployment,
): Predictor | string {
  const names = deployment.predictors.map((predictor) => predictor.name);
  if (wanted !== undefined) {
    const found = deployment.predictors.find((predictor) => predictor.name === wanted);
    if (found !== undefined) return found;
    const hint = didYouMean(wanted, names) ?? `it has ${names.join(', ')}`;
    return `${deployment.name} has no predictor ${wanted}; ${hint}`;
  }
  const [only] = deployment.predictors;
  if (only !== undefined && names.length === 1) return only;
  const example = `${GRAPH_ANNOTATION}: ${deployment.name}/${names[0] ?? ''}`;
  return `${deployment.name} has ${names.length} predictors (${names.join(', ')}); name one, as in ${example}`;
}

function offer(others: readonly string[], free: readonly Unit[]): string {
  const names = free.map((unit) => unit.name);
  if (names.length === 0) return 'all its units have containers of their own';
  for (const other of others) {
    const near = closestWord(other, names);
    if (near !== undefined) return `did you mean ${near} where it says ${other}?`;
  }
  return `name one ${names.join(', ')}`;
}
