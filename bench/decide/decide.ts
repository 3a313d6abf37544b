// What one round over 100 SeldonDeployments costs, without Kubernetes: a reconcile of each, a review of each, and the gateway's
// reading of each, with the heap that the results hold. Trees are measured in turn, each run in a process of its own, so that two
// states of the code can be told apart in one run: node bench/decide/decide.ts --tree before=DIR --tree now=. [--runs N]
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Measured } from './one-run.ts';

const { values } = parseArgs({
  options: {
    tree: { type: 'string', multiple: true, default: ['now=.'] },
    runs: { type: 'string', default: '7' },
  },
});
const trees = values.tree.map((each) => {
  const at = each.indexOf('=');
  return { name: each.slice(0, at), dir: path.resolve(each.slice(at + 1)) };
});
const runs = new Map<string, Measured[]>(trees.map(({ name }) => [name, []]));

for (let run = 0; run < Number(values.runs); run += 1)
  for (const { name, dir } of run % 2 === 0 ? trees : trees.toReversed())
    runs.get(name)?.push(measureOnce(dir));

const rows = [...runs].flatMap(([tree, measured]) =>
  Object.keys(measured[0] ?? {}).map((what) => {
    const all = measured.map((each) => each[what] ?? 0).sort((one, other) => one - other);
    const median = all[Math.floor(all.length / 2)] ?? 0;
    return { what, tree, median, least: all[0] ?? 0, most: all.at(-1) ?? 0 };
  }),
);
console.table(rows.sort((one, other) => (one.what < other.what ? -1 : 1)));

function measureOnce(dir: string): Measured {
  const script = path.join(import.meta.dirname, 'one-run.ts');
  const options = ['--expose-gc', '--disable-warning=ExperimentalWarning', script, dir];
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the run over ${dir} failed: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}
