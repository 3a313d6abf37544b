// What the supervisor asks Envoy's admin endpoint, which listens on a unix socket in the state directory.
import { setTimeout as sleep } from 'node:timers/promises';
import { askSocket, requestSocket } from '../../lib/runtime/ask-socket.ts';

/** Waits until `/ready` answers 200; false when the time is over. */
export async function waitForEnvoy(
  socketPath: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    try {
      if ((await requestSocket(socketPath, '/ready')).status === 200) return true;
    } catch {
      // Not listening yet.
    }
    await sleep(10, undefined, { signal });
  }
  return false;
}

export interface InFlight {
  /** Requests by listener (`front`, `ingress_PREDICTOR`, `egress`), the admin endpoint's own left out. */
  readonly requests: ReadonlyMap<string, number>;
  /** Calls of Envoy's to units, by the name of the cluster in its statistics (`predictor_unit_transport`). */
  readonly calls: ReadonlyMap<string, number>;
}

/** What Envoy is busy with at this moment. */
export async function readInFlight(socketPath: string): Promise<InFlight> {
  const stats = await askSocket(socketPath, '/stats?filter=stream_rq_active$');
  const requests = new Map<string, number>();
  const calls = new Map<string, number>();
  for (const line of stats.split('\n')) {
    const [, side, name = '', count] =
      /^(http|cluster)\.(.+)\.(?:down|up)stream_rq_active: (\d+)$/.exec(line) ?? [];
    if (side === 'http' && name !== 'admin') requests.set(name, Number(count));
    if (side === 'cluster') calls.set(name, Number(count));
  }
  return { requests, calls };
}

/** Requests in flight over all listeners, the admin endpoint's own left out. */
export async function countInFlight(socketPath: string): Promise<number> {
  const { requests } = await readInFlight(socketPath);
  return [...requests.values()].reduce((total, count) => total + count, 0);
}
