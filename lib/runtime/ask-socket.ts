// One request over a unix socket, to a process of the same machine or pod: Envoy's admin interface, another worker, an agent.
import { request } from './node-http.ts';

const TIMEOUT_MS = 5000;

export interface SocketRequest {
  readonly method?: 'GET' | 'POST';
  /** How long the response may take, ms; Infinity for as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface SocketResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Rejects when nobody listens, or when no whole response comes in time. */
export function requestSocket(
  socketPath: string,
  path: string,
  { method = 'GET', timeoutMs = TIMEOUT_MS, signal }: SocketRequest = {},
): Promise<SocketResponse> {
  const signals = signal === undefined ? [] : [signal];
  if (timeoutMs !== Infinity) signals.push(AbortSignal.timeout(timeoutMs));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        path,
        method,
        agent: false,
        headers: { host: 'localhost', connection: 'close' },
        signal: AbortSignal.any(signals),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers['content-type'] ?? 'text/plain',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** The body of a response; rejects when its status is not 200, too. */
export async function askSocket(
  socketPath: string,
  path: string,
  options: SocketRequest = {},
): Promise<string> {
  const { status, body } = await requestSocket(socketPath, path, options);
  if (status === 200) return body;
  throw new Error(`${socketPath} answered ${status} to ${path}: ${body.trim().slice(0, 1000)}`);
}
