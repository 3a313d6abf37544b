// Reading and writing nested arrays of numbers against JSON.parse and JSON.stringify, 220 KB of short numbers and of long ones, CPU time
// in turns. Run: `$(scripts/node-path.sh) dialects/seldon/numbers.bench.ts`.
import { flatten } from './average.ts';
import { NumberList, readNumberList, writeNumbers } from '../../lib/codecs/json/numbers.ts';

const BYTES = 220_000;
const ROUNDS = 15;
const CALLS = 10;

function cpuMs(call: () => unknown): number {
  const begun = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) call();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000 / CALLS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function compare(what: string, own: () => unknown, theirs: () => unknown): void {
  const rounds = Array.from({ length: ROUNDS }, () => [cpuMs(own), cpuMs(theirs)] as const);
  const [ours, others] = [
    median(rounds.map(([own]) => own)),
    median(rounds.map(([, other]) => other)),
  ];
  console.log(
    `${what}: ${ours.toFixed(2)} ms, ${others.toFixed(2)} ms, ratio ${(ours / others).toFixed(2)}`,
  );
}

const list = new NumberList();
const short = Array.from({ length: BYTES / 8 }, (_, at) =>
  Number((1 + (at % 9000) / 10_000).toFixed(5)),
);
const long = Array.from({ length: BYTES / 20 }, (_, at) => Math.sqrt(at + 2));
for (const [name, values] of [
  ['short numbers', short],
  ['long numbers, which are left to them', long],
] as const) {
  const bytes = Buffer.from(JSON.stringify([values]));
  compare(
    `${name}: readNumbers, JSON.parse and flatten`,
    () => readNumberList(bytes, 0, bytes.length, list),
    () => flatten(JSON.parse(bytes.toString('latin1'))),
  );
  compare(
    `${name}: writeNumbers, JSON.stringify`,
    () => writeNumbers([1, values.length], values),
    () => Buffer.from(JSON.stringify(values), 'latin1'),
  );
}
