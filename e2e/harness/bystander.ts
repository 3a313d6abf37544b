// A client that measures while another one attacks, in a process of its own with the units that serve it, so that what the attack
// costs the test's process is not counted. In: what to ask, how often at a time, how long; out: how many responses were right, and
// how long they took. One bound for all attacks: ten times what the same client sees without one. What an attack does it does each time;
// what the machine's other work does it does not, so an attack is tried some times, each against what was seen just before.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, PREDICT } from './client.ts';
import { JSON_TYPE, type RestBehaviour, startRestUnit } from './unit.ts';

export interface Watch {
  readonly port: number;
  readonly ms: number;
  /** PREDICT where it is not said. */
  readonly path?: string;
  readonly body?: string;
  readonly connections?: number;
  /** A new connection for each request. */
  readonly fresh?: boolean;
  /** Between a response and the next request. */
  readonly pauseMs?: number;
}

export interface Seen {
  readonly responses: number;
  /** What was not answered 200, by status and code, with how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

export interface Bystander {
  /** Port of a router that sends what has the header `x-attack` to child 1, all else to child 0. */
  readonly routerPort: number;
  /** Port, at all addresses of the machine, of a unit that echoes, or answers as many bytes as the header `x-answer-bytes` says. */
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
  const ports = await next<Ready>();
  return {
    ...ports,
    watch: (watch) => {
      const seen = next<Seen>();
      child.send(watch);
      return seen;
    },
    stop: () => child.kill(),
  };
}

/** So many responses say how long one takes: on a busy machine the bystander watches for longer until it has them. */
const LEAST_RESPONSES = 20;
/** For so long at most; who is not served at all has to end too. */
const PATIENCE_MS = 20_000;
/** Below this a 99th percentile says nothing: a busy machine of two cores makes it, whoever attacks. */
const FLOOR_MS = 100;

/** How often an attack is tried. */
const ATTEMPTS = 3;

export interface Ordeal {
  readonly what: string;
  /** Attacks once, from beginning to end, and watches meanwhile. */
  readonly attack: () => Promise<Seen>;
  /** Watches without an attack. */
  readonly rest: () => Promise<Seen>;
  /** Where the attack keeps what everybody waits for: how late they may be served. */
  readonly floorMs?: number | undefined;
}

/** That some attack harms nobody: each response is right each time, and one time they all come in time. Resolves with what was seen. */
export async function assertUnharmed({
  what,
  attack,
  rest,
  floorMs = FLOOR_MS,
}: Ordeal): Promise<{ readonly quiet: Seen; readonly seen: Seen }> {
  const late: string[] = [];
  while (late.length < ATTEMPTS) {
    const quiet = await rest();
    const seen = await attack();
    const facts = `${what}: ${JSON.stringify({ quiet, seen })}`;
    assert.deepEqual(seen.failures, {}, facts);
    assert.ok(seen.responses >= LEAST_RESPONSES, facts);
    if (seen.p99Ms <= Math.max(10 * quiet.p99Ms, floorMs)) return { quiet, seen };
    late.push(facts);
    // What is left of the attack is no baseline.
    await rest();
  }
  assert.fail(`late each time: ${late.join('; ')}`);
}

const BODY = '{"data":{"ndarray":[[1,2,3]]}}';

const route: RestBehaviour = ({ headers }) => ({
  body: JSON.stringify({ data: { ndarray: [[headers['x-attack'] === undefined ? 0 : 1]] } }),
});

const echo: RestBehaviour = ({ headers, body }) => {
  const bytes = headers['x-answer-bytes'];
  return {
    headers: JSON_TYPE,
    body: bytes === undefined ? body : Buffer.alloc(Number(bytes), 'a'),
  };
};

async function watchFor(watch: Watch): Promise<Seen> {
  const { port, ms, path = PREDICT, body = BODY, connections = 2, pauseMs = 0 } = watch;
  const agent = new http.Agent({ keepAlive: watch.fresh !== true, maxSockets: connections });
  const until = performance.now() + ms;
  const isOver = (): boolean => {
    const now = performance.now();
    return now >= until && (times.length >= LEAST_RESPONSES || now >= until + PATIENCE_MS);
  };
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const loop = async (): Promise<void> => {
    while (!isOver()) {
      const reply = await ask(port, { path, body, agent });
      times.push(reply.ms);
      if (reply.status !== 200) {
        const code = `${reply.status} ${String(reply.headers['sidegraph-error'] ?? reply.error)}`;
        failures[code] = (failures[code] ?? 0) + 1;
      }
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0;
  return {
    responses: times.length,
    failures,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
  };
}

if (process.argv[2] === 'bystander') {
  const router = await startRestUnit(route);
  const unit = await startRestUnit(echo, 0, '0.0.0.0');
  process.on('message', (watch) => {
    void watchFor(watch as Watch).then((seen) => {
      process.send?.(seen);
    });
  });
  process.on('disconnect', () => process.exit(0));
  const ports: Ready = { routerPort: router.port, echoPort: unit.port };
  process.send?.(ports);
}
