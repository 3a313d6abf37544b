// A closed loop of requests over kept connections, for tests of what happens under load: every response and every cut
// connection is counted, nothing is retried.
import http from 'node:http';
import { ask, type Reply } from './client.ts';

export interface Tally {
  readonly requests: number;
  /** Responses by status; −1 counts cut connections. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Every reply that was no 200, with the time since the load began. */
  readonly failures: readonly { readonly atMs: number; readonly reply: Reply }[];
  /** Longest time without a 200, over all connections together. */
  readonly longestGapMs: number;
  readonly slowestMs: number;
}

export interface RunningLoad {
  stop(): Promise<Tally>;
}

export function startLoad(port: number, connections: number, body: string | Buffer): RunningLoad {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  const failures: { atMs: number; reply: Reply }[] = [];
  const startedAt = performance.now();
  let requests = 0;
  let lastGoodAt = startedAt;
  let longestGapMs = 0;
  let slowestMs = 0;
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const reply = await ask(port, { body, agent, timeoutMs: 10_000 });
      requests++;
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      slowestMs = Math.max(slowestMs, reply.ms);
      const now = performance.now();
      if (reply.status === 200) {
        longestGapMs = Math.max(longestGapMs, now - lastGoodAt);
        lastGoodAt = now;
      } else failures.push({ atMs: now - startedAt, reply });
    }
  };
  const loops = Array.from({ length: connections }, loop);
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(loops);
      agent.destroy();
      return { requests, statuses, failures, longestGapMs, slowestMs };
    },
  };
}
