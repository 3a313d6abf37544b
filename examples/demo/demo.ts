// `make demo`: serves the graph beside this file, sends flowers of known species through it, shows each response, the way
// it took and how long each call lasted, rewards the responses, and keeps serving until Ctrl-C (DEMO_ONCE=1: then ends).
// DEMO_PORT: the REST port (default 8000, with gRPC on 5001 and the live page on 9901; else on the two ports after it); 0: free ports everywhere.
import { predict } from '../grpc-client/client.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import { type RunningExample, runExample } from '../run-example.ts';
import { meanSince, readCallTotals } from './call-times.ts';

const UNITS = ['chooser', 'forest', 'neighbours', 'guesser', 'mixer', 'scaler', 'model'];
const SPECIES = ['setosa', 'versicolor', 'virginica'];
const BRANCHES = ['forest + neighbours + guesser → mixer', 'scaler → model'];
/** Flowers (centimetres) and which of SPECIES they are. */
const FLOWERS: readonly { readonly row: readonly number[]; readonly species: number }[] = [
  { row: [5.1, 3.5, 1.4, 0.2], species: 0 },
  { row: [6.1, 2.8, 4.7, 1.2], species: 1 },
  { row: [6.3, 3.3, 6.0, 2.5], species: 2 },
  { row: [4.9, 3.1, 1.5, 0.1], species: 0 },
  { row: [5.7, 2.8, 4.1, 1.3], species: 1 },
  { row: [7.2, 3.6, 6.1, 2.5], species: 2 },
];
const REQUESTS = 18;
const ASK_EVERY_MS = 300;

interface SeldonMessage {
  readonly data: { readonly ndarray: readonly (readonly number[])[] };
}

const once = (process.env['DEMO_ONCE'] ?? '') !== '';
const port = Number(process.env['DEMO_PORT'] ?? 8000);

say(`The graph (examples/demo/graph.yaml):

  client → Envoy ─ chooser ─┬─ 0 ─ ${BRANCHES[0]}      (guesser learnt from wrong labels)
                            └─ 1 ─ ${BRANCHES[1]}

Starting seven model servers, the filter and Envoy …`);
const begin = performance.now();
const adminPort = port === 0 ? await freePort() : port === 8000 ? 9901 : port + 2;
let showOutput = false;
const graph = await runExample('demo/graph.yaml', {
  args: ['--access-log', 'all', '--admin-port', `${adminPort}`],
  ports: port === 0 ? undefined : { http: port, grpc: port === 8000 ? 5001 : port + 1 },
  onOutput: (text) => {
    if (showOutput) process.stdout.write(text);
  },
}).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
// Ctrl-C reaches the CLI too, which drains; this process stays until it has ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void graph.stop());
say(`… ready after ${((performance.now() - begin) / 1000).toFixed(1)} s at ${graph.url}\n`);

try {
  await showRequests(graph);
  await showGrpc(graph);
} catch (error) {
  say(`the demo ends: ${error instanceof Error ? error.message : String(error)}`);
  await graph.stop();
  process.exit(1);
}
if (once) {
  process.exitCode = (await graph.stop()) ?? 1;
} else {
  showHowToGoOn(graph);
  showOutput = true;
  keepAsking(graph);
  process.exitCode = (await graph.ended) ?? 1;
}

async function showRequests(graph: RunningExample): Promise<void> {
  say(
    'Each flower is sent over REST; then its response is rewarded with the probability that it gave the right species.',
  );
  say(
    '   flower      response            branch                              ms    of which in each unit (ms)',
  );
  const rewards = [0, 0];
  const asked = [0, 0];
  for (let i = 0; i < REQUESTS; i++) {
    const flower = FLOWERS[i % FLOWERS.length];
    if (flower === undefined) continue;
    const before = await readCallTotals(graph.url);
    const sent = performance.now();
    const response = await post(graph, 'predictions', { data: { ndarray: [flower.row] } });
    const body = (await response.json()) as SeldonMessage;
    const ms = performance.now() - sent;
    const calls = meanSince(before, await readCallTotals(graph.url), UNITS);

    const probabilities = body.data.ndarray[0] ?? [];
    const best = probabilities.indexOf(Math.max(...probabilities));
    const routing: unknown = JSON.parse(response.headers.get('seldon-routing') ?? '{}');
    const branch = Number(Object(routing)['chooser']);
    const reward = probabilities[flower.species] ?? 0;
    await post(graph, 'feedback', { reward, response: { meta: { routing } } });
    rewards[branch] = (rewards[branch] ?? 0) + reward;
    asked[branch] = (asked[branch] ?? 0) + 1;
    say(
      [
        `${i + 1}`.padStart(2),
        (SPECIES[flower.species] ?? '').padEnd(11),
        `${SPECIES[best]} ${(probabilities[best] ?? 0).toFixed(2)}`.padEnd(17),
        `${branch}: ${BRANCHES[branch]}`.padEnd(41),
        ms.toFixed(1).padStart(5),
        `  ${calls.map((call) => `${call.unit} ${call.ms.toFixed(1)}`).join(', ')}`,
      ].join(' '),
    );
  }
  say('');
  for (const [branch, name] of BRANCHES.entries()) {
    const count = asked[branch] ?? 0;
    const mean = count === 0 ? 'none' : ((rewards[branch] ?? 0) / count).toFixed(3);
    say(`branch ${branch} (${name}): ${count} requests, mean reward ${mean}`);
  }
}

async function showGrpc(graph: RunningExample): Promise<void> {
  const flower = FLOWERS[2];
  const request = { data: { tensor: { shape: [1, 4], values: flower?.row ?? [] } } };
  const { response, metadata } = await predict(graph.grpcAddress, request);
  const values = response.data?.tensor?.values ?? [];
  say(
    `\nThe same graph over gRPC: ${SPECIES.map((name, i) => `${name} ${(values[i] ?? 0).toFixed(2)}`).join(', ')}`,
  );
  say(`its way: seldon-routing ${String(metadata['seldon-routing'])}\n`);
}

function showHowToGoOn(graph: RunningExample): void {
  const type = "-H 'content-type: application/json'";
  say(`Serving until Ctrl-C, with a flower every ${ASK_EVERY_MS} ms. Watch them at http://127.0.0.1:${adminPort}/, or try:

  curl -i ${type} -d @examples/demo/request.json ${graph.url}/api/v1.0/predictions
  curl -i ${type} -d '{"reward":1,"response":{"meta":{"routing":{"chooser":1}}}}' ${graph.url}/api/v1.0/feedback
  curl ${graph.url}/api/v1.0/metadata
  curl -s ${graph.url}/prometheus | grep client_requests_seconds_count
  "$(scripts/node-path.sh)" examples/grpc-client/client.ts ${graph.grpcAddress}
  bin/sidegraph top --url http://127.0.0.1:${adminPort}
`);
}

/** So that there is something to watch; until the graph ends. */
function keepAsking(graph: RunningExample): void {
  let next = 0;
  const timer = setInterval(() => {
    const flower = FLOWERS[next++ % FLOWERS.length];
    // What fails is seen on the page, or the graph is ending.
    void post(graph, 'predictions', { data: { ndarray: [flower?.row] } }).catch(() => {});
  }, ASK_EVERY_MS);
  void graph.ended.finally(() => clearInterval(timer));
}

async function post(
  graph: RunningExample,
  what: 'predictions' | 'feedback',
  body: object,
): Promise<Response> {
  const response = await fetch(`${graph.url}/api/v1.0/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new Error(`${what} answered ${response.status}: ${await response.text()}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
