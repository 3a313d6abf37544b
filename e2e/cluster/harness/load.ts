// An open loop: so many requests a second whatever the responses, as clients behave that do not know each other. Kept
// connections, nothing retried, every response counted. Each fiftieth connection is given up, so that new ones come too.
import http from 'node:http';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly body: string;
  /** A second. */
  readonly rate: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Failure {
  /** Since the load began. */
  readonly atMs: number;
  /** −1: no response. */
  readonly status: number;
  readonly text: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** How often each value of the header or body came that `kindOf` reads. */
  readonly kinds: ReadonlyMap<string, number>;
}

export interface RunningLoad {
  /** Waits for what is under way. */
  stop(): Promise<LoadResult>;
}

const TICK_MS = 20;

export function startLoad(
  options: LoadOptions,
  kindOf: (body: string, headers: http.IncomingHttpHeaders) => string = () => '',
): RunningLoad {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const beganAt = performance.now();
  const failures: Failure[] = [];
  const latencies: number[] = [];
  const kinds = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const send = async (): Promise<void> => {
    const isFresh = sent++ % 50 === 0;
    const startedAt = performance.now();
    const response = await post(options, isFresh ? false : agent);
    const endedAt = performance.now();
    latencies.push(endedAt - startedAt);
    if (response.status !== 200)
      failures.push({
        atMs: Math.round(startedAt - beganAt),
        status: response.status,
        text: response.text.slice(0, 300),
      });
    else {
      const kind = kindOf(response.text, response.headers);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - beganAt) * options.rate) / 1000);
    while (sent < due) {
      const request = send();
      underWay.add(request);
      void request.finally(() => underWay.delete(request));
    }
  }, TICK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
      latencies.sort((a, b) => a - b);
      return { requests: sent, failures, latencies, kinds };
    },
  };
}

export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** Never rejects: no response is status −1. */
export function post(
  options: Omit<LoadOptions, 'rate'>,
  agent: http.Agent | false = false,
): Promise<HttpResponse> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ status: -1, text: error.message, headers: {} });
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(options.body)),
      ...options.headers,
    };
    const { host, port, path, timeoutMs = 20_000 } = options;
    const request = http.request(
      { host, port, path, method: 'POST', headers, agent },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', fail);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? -1,
            text: Buffer.concat(pieces).toString(),
            headers: response.headers,
          }),
        );
      },
    );
    request.setTimeout(timeoutMs, () => request.destroy(new Error('client timeout')));
    request.on('error', fail);
    request.end(options.body);
  });
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
