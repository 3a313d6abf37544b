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

/** Requests in flight over all listeners, the admin endpoint's own left out. */
export async function countInFlight(socketPath: string): Promise<number> {
  const stats = await askSocket(socketPath, '/stats?filter=downstream_rq_active');
  let total = 0;
  for (const line of stats.split('\n')) {
    const match = /^http\.(.+)\.downstream_rq_active: (\d+)$/.exec(line);
    if (match !== null && match[1] !== 'admin') total += Number(match[2]);
  }
  return total;
}
