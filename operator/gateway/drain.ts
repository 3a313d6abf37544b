// Takes a gateway out of service without losing a request: readiness fails first, then Envoy asks its clients to go, and
// what is under way ends.
import { setTimeout as delay } from 'node:timers/promises';
import { request } from '../../extproc/node-http.ts';
import { askAdmin } from '../../envoy/admin.ts';

const POLL_MS = 200;
const ACTIVE = 'downstream_rq_active';

export interface DrainOptions {
  readonly adminSocket: string;
  /** Until nobody is sent here any more: load balancers look at readiness, ms. */
  readonly leaveMs: number;
  /** For requests under way, after that, ms. */
  readonly finishMs: number;
}

/** Resolves when no request is under way, or when its time is over. */
export async function drainEnvoy(options: DrainOptions): Promise<void> {
  await delay(options.leaveMs);
  await postAdmin(options.adminSocket, '/healthcheck/fail');
  const endMs = performance.now() + options.finishMs;
  while (performance.now() < endMs) {
    if ((await countActive(options.adminSocket)) === 0) return;
    await delay(POLL_MS);
  }
}

async function countActive(adminSocket: string): Promise<number> {
  const text = await askAdmin(
    adminSocket,
    `/stats?filter=${encodeURIComponent(`^http\\.https?\\.${ACTIVE}$`)}`,
    AbortSignal.timeout(2000),
  );
  return [...text.matchAll(/: (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

function postAdmin(socketPath: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST' }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve());
    });
    call.on('error', reject);
    call.end();
  });
}
