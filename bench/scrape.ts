// What one scrape of a pod's metrics costs: CPU of Envoy, the filter and the agent (schedstat, ns), their idling taken off, over a graph of seven
// units that has answered over REST and gRPC, with feedback and failures, so that its page is that of a busy pod.
//   node bench/scrape.ts [scrapes]
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askGrpc } from '../e2e/harness/client.ts';
import { deployment, type Node } from '../e2e/harness/manifest.ts';
import { runGraph } from '../e2e/harness/run.ts';
import { JSON_TYPE, startGrpcUnit, startRestUnit } from '../e2e/harness/unit.ts';
import { cpuNanos } from './cpu.ts';

const SCRAPES = Number(process.argv[2] ?? 100);
const ROUNDS = 5;
const IDLE_MS = 2000;
const REQUESTS = 400;
const BODY = '{"data":{"ndarray":[[1]]}}';

const WHO = ['Envoy', 'filter', 'agent'] as const;
type Who = (typeof WHO)[number];
/** CPU of each, and the time that passed, ms. */
type Spent = Readonly<Record<Who | 'ms', number>>;

let calls = 0;
const rest = await startRestUnit(({ path }) => {
  calls += 1;
  if (path.endsWith('route'))
    return { headers: JSON_TYPE, body: `{"data":{"ndarray":[[${calls % 3}]]}}` };
  const status = calls % 11 === 0 ? 500 : calls % 13 === 0 ? 429 : 200;
  return { status, headers: JSON_TYPE, body: BODY };
});
const grpc = await startGrpcUnit(() => ({
  message: Buffer.alloc(0),
  status: calls % 7 === 0 ? 14 : 0,
}));
const node = (name: string, type: string, children: readonly Node[] = []): Node => ({
  name,
  type,
  port: rest.port,
  grpcPort: grpc.port,
  children,
});
const models = ['a', 'b', 'c'].map((name) => node(`model-${name}`, 'MODEL'));
const graph = node('scaler', 'TRANSFORMER', [
  node('checker', 'TRANSFORMER', [
    node('labels', 'OUTPUT_TRANSFORMER', [node('router', 'ROUTER', models)]),
  ]),
]);
const running = await runGraph(deployment(graph));
try {
  for (let index = 0; index < REQUESTS; index++) {
    const { headers } = await ask(running.port, { body: BODY });
    const feedback = JSON.stringify({ puid: headers['seldon-puid'], reward: 1 });
    await ask(running.port, { path: '/api/v1.0/feedback', body: feedback });
    await askGrpc(running.grpcPort);
  }
  const pids = {
    Envoy: running.envoyPids(),
    filter: running.filterPids(),
    // In a pod this is the agent's process; here it is that of `sidegraph run`.
    agent: [running.pid],
  };
  const cpuMs = (who: Who): number =>
    pids[who].reduce((total, pid) => total + cpuNanos(pid), 0) / 1e6;
  const spent = async (work: () => Promise<unknown>): Promise<Spent> => {
    const began = performance.now();
    const before = WHO.map(cpuMs);
    await work();
    const [envoy = 0, filter = 0, agent = 0] = WHO.map(
      (who, index) => cpuMs(who) - (before[index] ?? 0),
    );
    return { Envoy: envoy, filter, agent, ms: performance.now() - began };
  };
  const costs: Readonly<Record<Who, number[]>> = { Envoy: [], filter: [], agent: [] };
  let page = '';
  const scrapeAll = async (): Promise<void> => {
    for (let count = 0; count < SCRAPES; count++)
      page = (await ask(running.port, { method: 'GET', path: '/prometheus' })).text;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const idle = await spent(() => sleep(IDLE_MS));
    const scraped = await spent(scrapeAll);
    for (const who of WHO)
      costs[who].push((scraped[who] - (idle[who] / idle.ms) * scraped.ms) / SCRAPES);
  }
  const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  console.log(
    `a page of ${series} series, ${Math.round(page.length / 1000)} kB; ms of CPU a scrape:`,
  );
  for (const [who, all] of Object.entries(costs)) {
    const sorted = all.sort((one, other) => one - other).map((cost) => cost.toFixed(2));
    console.log(`${who}: ${sorted[Math.floor(ROUNDS / 2)]} (${sorted.join(', ')})`);
  }
} finally {
  await running.stop();
  await Promise.all([rest.close(), grpc.close()]);
}
