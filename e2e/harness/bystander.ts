// A client that measures while another one attacks, in a process of its own with the units that serve it, so that what the attack
// costs the test's process is not counted. In: what to ask, how often at a time, how long; out: how many answers were right, and
// how long they took.
import { fork } from 'node:child_process';
import http from 'node:http';
import { ask, PREDICT } from './client.ts';
import { JSON_TYPE, type RestBehaviour, startRestUnit } from './unit.ts';

export interface Watch {
  readonly port: number;
  readonly body: string;
  readonly connections: number;
  readonly ms: number;
}

export interface Seen {
  readonly answers: number;
  /** What was not answered 200, by status and code, with how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

export interface Bystander {
  /** Ports of its units: a router, and two units that echo. The router sends what has the header `x-attack` to child 1, all else to child 0. */
  readonly routerPort: number;
  readonly echoPort: number;
  watch(watch: Watch): Promise<Seen>;
  stop(): void;
}

interface Ready {
  readonly routerPort: number;
  readonly echoPort: number;
}

export async function startBystander(): Promise<Bystander> {
  const child = fork(import.meta.filename, ['bystander'], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const next = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as T));
      child.once('exit', () => reject(new Error('the bystander is gone')));
    });
  const { routerPort, echoPort } = await next<Ready>();
  return {
    routerPort,
    echoPort,
    watch: (watch) => {
      const seen = next<Seen>();
      child.send(watch);
      return seen;
    },
    stop: () => child.kill(),
  };
}

/**
 * How much slower than `quiet` the 99th percentile may be. The floor is what a busy machine of two cores makes of an answer in one
 * millisecond, whoever attacks.
 */
export function allowedP99Ms(quiet: Seen, floorMs = 1000): number {
  return Math.max(10 * quiet.p99Ms, floorMs);
}

const route: RestBehaviour = ({ headers }) => ({
  body: JSON.stringify({ data: { ndarray: [[headers['x-attack'] === undefined ? 0 : 1]] } }),
});

const echo: RestBehaviour = ({ body }) => ({ headers: JSON_TYPE, body });

async function watchFor({ port, body, connections, ms }: Watch): Promise<Seen> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const until = performance.now() + ms;
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      const reply = await ask(port, { path: PREDICT, body, agent });
      times.push(reply.ms);
      if (reply.status === 200) continue;
      const code = `${reply.status} ${String(reply.headers['sidegraph-error'] ?? reply.error)}`;
      failures[code] = (failures[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0;
  return {
    answers: times.length,
    failures,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
  };
}

if (process.argv[2] === 'bystander') {
  const router = await startRestUnit(route);
  const unit = await startRestUnit(echo);
  process.on('message', (watch) => {
    void watchFor(watch as Watch).then((seen) => {
      process.send?.(seen);
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ routerPort: router.port, echoPort: unit.port });
}
