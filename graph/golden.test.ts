// Golden pairs: testdata/<case>.in.yaml -> <case>.out.json (findings, deployments, plans) and <case>.explain.txt (tree and
// Mermaid). SIDEGRAPH_UPDATE_GOLDENS=1 writes them anew.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileDeployment } from './compile/compile-deployment.ts';
import { explainPlan } from './explain/explain-plan.ts';
import { loadDeployments } from './seldon/load-deployments.ts';

const DIR = new URL('./testdata/', import.meta.url);
const INPUT = '.in.yaml';
const CASES = readdirSync(DIR)
  .filter((file) => file.endsWith(INPUT))
  .map((file) => file.slice(0, -INPUT.length));

for (const name of CASES) {
  test(`${name} is read, checked, defaulted, compiled and explained as written down`, () => {
    const text = readFileSync(new URL(name + INPUT, DIR), 'utf8');
    const { deployments, findings } = loadDeployments(text, { source: name + INPUT });
    const plans = deployments.map((deployment) => compileDeployment(deployment));
    const explained = plans.map(
      (plan) => `${explainPlan(plan, 'tree')}\n${explainPlan(plan, 'mermaid')}`,
    );
    const result = `${JSON.stringify({ findings, deployments, plans }, null, 1)}\n`;
    compare(`${name}.out.json`, result);
    compare(`${name}.explain.txt`, explained.join('\n'));
  });
}

function compare(file: string, actual: string): void {
  const golden = new URL(file, DIR);
  if (process.env['SIDEGRAPH_UPDATE_GOLDENS'] === '1') writeFileSync(golden, actual);
  assert.equal(actual, readFileSync(golden, 'utf8'));
}
