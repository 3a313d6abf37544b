// Takes a gateway out of service without losing a request: readiness fails first, then Envoy asks its clients to go, and
// what is under way ends.
import { setTimeout as delay } from 'node:timers/promises';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { askAdmin } from '../../envoy/process/admin.ts';

const POLL_MS = 200;
const QUIET_MS = 5000;
/** Requests under way, and all so far. */
const COUNTS = ['downstream_rq_active', 'downstream_rq_total'] as const;

export interface DrainOptions {
  readonly adminSocket: string;
  /** Until nobody is sent here any more: load balancers look at readiness, ms. */
  readonly leaveMs: number;
  /** For requests under way, after that, ms. */
  readonly finishMs: number;
  /**
   * How long no request may have come for it to be over sooner, ms. Clients keep connections, and learn that they are to go only
   * by their next response: a lull is not the end.
   */
  readonly quietMs?: number;
}

/** Resolves when no request is under way and none has come for a while, or when its time is over. */
export async function drainEnvoy(options: DrainOptions): Promise<void> {
  const { quietMs = QUIET_MS } = options;
  await delay(options.leaveMs);
  await postAdmin(options.adminSocket, '/healthcheck/fail');
  const endMs = performance.now() + options.finishMs;
  let quietSince = performance.now();
  let before = -1;
  while (performance.now() < endMs) {
    const { active, total } = await countRequests(options.adminSocket);
    if (active > 0 || total !== before) quietSince = performance.now();
    else if (performance.now() - quietSince >= quietMs) return;
    before = total;
    await delay(POLL_MS);
  }
}

/** Takes the order back to ask clients to go; nothing where no Envoy runs yet. */
export async function undrainEnvoy(adminSocket: string): Promise<void> {
  await postAdmin(adminSocket, '/healthcheck/ok').catch(() => {});
}

async function countRequests(adminSocket: string): Promise<{ active: number; total: number }> {
  const text = await askAdmin(
    adminSocket,
    `/stats?filter=${encodeURIComponent(`^http\\.https?\\.(${COUNTS.join('|')})$`)}`,
    AbortSignal.timeout(2000),
  );
  const [active, total] = COUNTS.map((name) =>
    [...text.matchAll(new RegExp(`${name}: (\\d+)`, 'g'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    ),
  );
  return { active: active ?? 0, total: total ?? 0 };
}

async function postAdmin(socketPath: string, path: string): Promise<void> {
  await requestSocket(socketPath, path, { method: 'POST' });
}
