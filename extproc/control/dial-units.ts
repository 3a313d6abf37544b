// Readiness as Seldon means it: every unit accepts a connection. All units are dialled side by side, each with a time
// limit; nothing is sent.
import { connect } from 'node:net';
import type { Edge, Plan } from '../../graph/plan/plan.ts';

/** How long `/ready` waits for a unit to accept a connection. Seldon has no limit here; a probe that hangs is of no use to a kubelet. */
export const DIAL_TIMEOUT_MS = 1000;

/**
 * Dials the units of plans; answers the names of those that do not accept, in plan order. A unit is up when any of its
 * ports accepts (Seldon fills in both, and a unit serves one); one without an address needs no dial.
 */
export async function findSilentUnits(
  plans: readonly Plan[],
  timeoutMs = DIAL_TIMEOUT_MS,
): Promise<string[]> {
  const dials = plans.flatMap((plan) =>
    plan.units.map(async (unit, index) => {
      const edges = plan.edges.filter((edge) => edge.unit === index);
      const up = edges.length === 0 || (await anyAccepts(edges, timeoutMs));
      return up ? [] : [unit.name];
    }),
  );
  return [...new Set((await Promise.all(dials)).flat())];
}

async function anyAccepts(edges: readonly Edge[], timeoutMs: number): Promise<boolean> {
  const { promise: accepted, resolve } = Promise.withResolvers<true>();
  const dials = edges.map(async (edge) => {
    const up = await dial(edge.host, edge.port, timeoutMs);
    if (up) resolve(true);
  });
  // `race` settles with the first: a port that accepts, or all of them having been tried.
  const tried = Promise.all(dials).then(() => false);
  return Promise.race([accepted, tried]);
}

function dial(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
