// Which units run in pods that others make and join to the graph (`sidegraph.io/graph`). A unit without a container whose host is
// `localhost` says so: it is beside the sidecars, and no pod of ours has any.
import { listUnits } from '../../graph/plan/deployment.ts';
import type { Predictor, Unit } from '../../graph/plan/deployment.ts';
import { isLoopback } from '../../lib/runtime/hosts.ts';

/**
 * The unit whose pod requests enter through: the first one that is no built-in. Undefined where pods of ours hold units, or
 * where that unit is elsewhere.
 */
function findJoinedEntry(predictor: Predictor): Unit | undefined {
  const running = listUnits(predictor.graph).filter(({ builtIn }) => builtIn === undefined);
  const [first] = running;
  if (first === undefined || !isLoopback(first.endpoint?.host ?? '')) return undefined;
  const own = new Set(predictor.containers.map(({ name }) => name));
  return running.some(({ name }) => own.has(name)) ? undefined : first;
}

/** The units in joined pods: those beside the entry, and those whose host is the Service that we would make for them. */
export function listJoinedUnits(
  predictor: Predictor,
  serviceOf: (unit: Unit) => string,
): readonly Unit[] {
  if (findJoinedEntry(predictor) === undefined) return [];
  return listUnits(predictor.graph).filter((unit) => {
    const host = unit.endpoint?.host ?? '';
    return isLoopback(host) || host.split('.')[0] === serviceOf(unit);
  });
}
