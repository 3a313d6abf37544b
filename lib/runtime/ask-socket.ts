// A GET over a unix socket: Envoy's admin interface, another worker's counts.
import { request } from './node-http.ts';

const TIMEOUT_MS = 5000;

/** The body of the answer; rejects when it is not 200 or does not come in time. */
export function askSocket(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const outgoing = request({ socketPath, path, agent: false, signal }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`${socketPath} answered ${incoming.statusCode}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
