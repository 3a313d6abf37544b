// Asks Envoy's admin endpoint, which listens on a unix socket in the state directory.
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from '../../lib/runtime/node-http.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const ASK_LIMIT_MS = 5_000;

/** Rejects when Envoy does not answer (starting, gone). */
export function askAdmin(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath,
        method,
        path,
        headers: { host: 'admin', connection: 'close' },
        timeout: ASK_LIMIT_MS,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            contentType: answer.headers['content-type'] ?? 'text/plain',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}

/** Waits until `/ready` answers 200; false when the time is over. */
export async function waitForEnvoy(
  socketPath: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    try {
      if ((await askAdmin(socketPath, 'GET', '/ready')).status === 200) return true;
    } catch {
      // Not listening yet.
    }
    await sleep(10, undefined, { signal });
  }
  return false;
}

/** Requests in flight over all listeners, the admin endpoint's own left out. */
export async function countInFlight(socketPath: string): Promise<number> {
  const answer = await askAdmin(socketPath, 'GET', '/stats?filter=downstream_rq_active');
  let total = 0;
  for (const line of answer.body.split('\n')) {
    const match = /^http\.(.+)\.downstream_rq_active: (\d+)$/.exec(line);
    if (match !== null && match[1] !== 'admin') total += Number(match[2]);
  }
  return total;
}
