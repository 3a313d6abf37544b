// Golden pairs: testdata/<case>.in.yaml -> <case>.out.yaml (objects, predictors, warnings), and what holds for every one of them.
// A first line `# injection: off` is a namespace without the annotation. SIDEGRAPH_UPDATE_GOLDENS=1 writes them anew.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import { renderWorkloads } from './render-workloads.ts';
import { checkObjects } from './testing/check-objects.ts';
import { loadInput } from './testing/load-input.ts';

const DIR = new URL('./testdata/', import.meta.url);
const INPUT = '.in.yaml';
const CASES = readdirSync(DIR)
  .filter((file) => file.endsWith(INPUT))
  .map((file) => file.slice(0, -INPUT.length));

for (const name of CASES) {
  const text = readFileSync(new URL(name + INPUT, DIR), 'utf8');
  const injection = !text.startsWith('# injection: off');

  test(`${name} is rendered as written down`, () => {
    const { objects, predictors, transfers, warnings } = renderWorkloads(
      loadInput(text, { injection }),
    );
    const shown = predictors.map(({ plan, ...predictor }) => ({
      ...predictor,
      plan: plan.hash,
      edges: plan.edges.map(({ host, port, via }) => `${host}:${port} ${via}`),
    }));
    const result = { predictors: shown, transfers, warnings, objects };
    const actual = dump(result, { noRefs: true, lineWidth: -1 });
    const golden = new URL(`${name}.out.yaml`, DIR);
    if (process.env['SIDEGRAPH_UPDATE_GOLDENS'] === '1') writeFileSync(golden, actual);
    assert.equal(actual, readFileSync(golden, 'utf8'));
  });

  test(`${name}: the objects fit each other`, () => {
    checkObjects(renderWorkloads(loadInput(text, { injection })));
  });
}
