// What a walk costs without any socket: µs a request with units that answer at once, and MB/s of the passes over
// large bodies. Run: `$(scripts/node-path.sh) extproc/walk/walk.bench.ts`.
import '../../dialects/testing/load-messages.ts';
import { COLLECTED } from '../contract/bodies.ts';
import type { CallResult } from '../contract/calls.ts';
import type { RequestHeaders } from '../contract/exchange.ts';
import { isJson } from '../../lib/codecs/json/scan.ts';
import { averageJson } from '../../dialects/seldon/average-json.ts';
import { BranchMemory } from '../feedback/branch-memory.ts';
import { fakeHeaders, headOf, jsonMessage, type Node, planOf } from './testing/fake-units.ts';
import { MemoryStore } from '../policies/memory-store.ts';
import { deskAround } from './desk.ts';
import { compileProgram } from './program.ts';

const MEASURE_MS = 150;
const ROUNDS = 5;
const BATCH = 50;

/** CPU time of this process, ms: other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Median over rounds of µs per call of `once`. */
function measure(once: () => void): number {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = cpuMs();
    let count = 0;
    let elapsed = 0;
    while (elapsed < MEASURE_MS) {
      for (let i = 0; i < BATCH; i++) once();
      count += BATCH;
      elapsed = cpuMs() - start;
    }
    if (round > 0) rounds.push((elapsed * 1000) / count);
  }
  return rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
}

/** A SeldonMessage of about `bytes` with numbers as Python writes them. */
function payload(bytes: number): string {
  const values: number[] = [];
  let state = 1;
  for (let size = 40; size < bytes; ) {
    state = (state * 48271) % 2147483647;
    const value = state / 2147483647;
    values.push(value);
    size += String(value).length + 1;
  }
  return `{"meta":{},"data":{"names":["x"],"ndarray":[[${values.join(',')}]]}}`;
}

/** Headers that have a puid as bytes, as Envoy's do. */
function headersWithPuid(): RequestHeaders {
  const puid = Buffer.from('0f8fad5b-d9cb-469f-a165-70867728950e');
  return {
    ...fakeHeaders(),
    copy(_name, into) {
      for (let at = 0; at < puid.length; at++) into[at] = puid[at] as number;
      return puid.length;
    },
  };
}

/** As the filter has it by default. */
function openMemory(): BranchMemory {
  const memory = new BranchMemory();
  memory.limit({ feedbackTtlMs: 3_600_000, feedbackEntries: 100_000, feedbackBytes: 8 << 20 }, 1);
  return memory;
}

function measureWalk(graph: Node, body: string, remembers: boolean): number {
  const head = headOf(200, { 'content-type': 'application/json' });
  const responseOf = (text: string): CallResult => ({
    kind: 'response',
    isOk: true,
    status: 200,
    grpcMessage: '',
    head,
    body: Buffer.from(text),
  });
  const response = responseOf(body);
  const route = responseOf('{"data":{"names":[],"ndarray":[[1]]}}');
  const handle = { cancel() {} };
  const plan = planOf(graph);
  const program = compileProgram(plan, {
    clientFor: () => ({
      headerForm: 'http1',
      call(request, done) {
        done(request.path === '/route' ? route : response);
        return handle;
      },
      close() {},
    }),
    random: Math.random,
    ...(remembers ? { feedback: deskAround(openMemory(), undefined, new MemoryStore()) } : {}),
    log: { error: console.error },
  });
  const bound = program.route('predict-rest');
  const headers = headersWithPuid();
  const message = jsonMessage(body);
  return measure(() => {
    bound?.handle({ headers, message, cancelled: false, ...COLLECTED, onCancel() {}, reply() {} });
  });
}

const A: Node = { name: 'a', type: 'MODEL' };
const B: Node = { name: 'b', type: 'MODEL' };
const GRAPHS: readonly (readonly [string, Node])[] = [
  ['chain of two', { ...A, children: [B] }],
  ['router of two', { name: 'r', type: 'ROUTER', children: [A, B] }],
  ['combiner of two', { name: 'c', type: 'COMBINER', children: [A, B] }],
  ['average of two', { name: 'v', builtIn: 'AVERAGE_COMBINER', children: [A, B] }],
];

for (const bytes of [100, 10_000, 220_000]) {
  for (const [name, graph] of GRAPHS) {
    // A larger average is made in a thread, and measured nowhere.
    if (name.startsWith('average') && bytes > 100_000) continue;
    console.log(`${name} ${bytes} B: ${measureWalk(graph, payload(bytes), false).toFixed(2)} µs`);
  }
  const [, router] = GRAPHS[1] as (typeof GRAPHS)[number];
  const remembered = measureWalk(router, payload(bytes), true);
  console.log(`router of two ${bytes} B, remembered for feedback: ${remembered.toFixed(2)} µs`);
}

const large = payload(220_000);
const body = Buffer.from(large);
const pretty = Buffer.from(JSON.stringify(JSON.parse(large), null, 2));
const text = Buffer.from(JSON.stringify({ binData: 'QUJD'.repeat(55_000) }));
for (const [name, bytes] of [
  ['numbers', body],
  ['indented numbers', pretty],
  ['one long string', text],
] as const) {
  const perCall = measure(() => void isJson(bytes));
  console.log(
    `check ${name}: ${(bytes.length / perCall).toFixed(0)} MB/s, ${perCall.toFixed(0)} µs`,
  );
}
console.log(`JSON.parse of it: ${measure(() => void JSON.parse(body.toString())).toFixed(0)} µs`);
console.log(`average of two: ${measure(() => void averageJson([body, body])).toFixed(0)} µs`);
