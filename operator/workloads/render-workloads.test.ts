// Golden pairs: testdata/<case>.in.yaml -> <case>.out.yaml (objects, predictors, warnings), and what holds for every one of them.
// A first line `# injection: off` is a namespace without the annotation.
import { join } from 'node:path';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import { readCases, testGoldens } from '../../testing/golden.ts';
import { renderWorkloads } from './render-workloads.ts';
import { checkObjects } from './testing/check-objects.ts';
import { loadInput } from './testing/load-input.ts';
import type { Workloads } from './workloads.ts';

const DIR = join(import.meta.dirname, 'testdata');

testGoldens({
  dir: DIR,
  outputs: ['.out.yaml'],
  title: (name) => `${name} is rendered as written down`,
  render: ({ text }) => {
    const { objects, predictors, transfers, warnings } = render(text);
    const shown = predictors.map(({ plan, ...predictor }) => ({
      ...predictor,
      plan: plan.hash,
      edges: plan.edges.map(({ host, port, via }) => `${host}:${port} ${via}`),
    }));
    const result = { predictors: shown, transfers, warnings, objects };
    return { '.out.yaml': dump(result, { noRefs: true, lineWidth: -1 }) };
  },
});

for (const { name, text } of readCases(DIR)) {
  test(`${name}: the objects fit each other`, () => {
    checkObjects(render(text));
  });
}

function render(text: string): Workloads {
  return renderWorkloads(loadInput(text, { injection: !text.startsWith('# injection: off') }));
}
