// A client in the process of the test that measures while another one attacks: asks one after the other, over a connection that it keeps or over a new one
// each time, and tells what became of its requests.
import http from 'node:http';
import { ask } from './client.ts';

export interface SecondClient {
  /** What the requests since the last call of it got. */
  report(): Report;
  stop(): Promise<void>;
}

export interface Report {
  readonly requests: number;
  /** Those that were not answered with 200, as status and code. */
  readonly failures: readonly string[];
  /** Latencies, ms. */
  readonly p50: number;
  readonly p99: number;
}

export interface SecondClientOptions {
  /** A new connection for each request. */
  readonly fresh?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const PAUSE_MS = 5;
const REQUEST_LIMIT_MS = 15_000;

export function startSecondClient(port: number, options: SecondClientOptions = {}): SecondClient {
  const agent = new http.Agent({ keepAlive: options.fresh !== true, maxSockets: 1 });
  const times: number[] = [];
  const failures: string[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const reply = await ask(port, {
        body: '{"data":{"ndarray":[[1]]}}',
        agent,
        timeoutMs: REQUEST_LIMIT_MS,
        ...(options.headers === undefined ? {} : { headers: options.headers }),
      });
      times.push(reply.ms);
      if (reply.status !== 200)
        failures.push(`${reply.status} ${String(reply.headers['sidegraph-error'] ?? reply.error)}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    report: () => {
      const sorted = times.splice(0).sort((one, other) => one - other);
      const share = (part: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
      return {
        requests: sorted.length,
        failures: failures.splice(0),
        p50: share(0.5),
        p99: share(0.99),
      };
    },
    stop: async () => {
      stopped = true;
      await running;
      agent.destroy();
    },
  };
}
