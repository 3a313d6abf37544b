// Golden pairs: testdata/<case>.in.yaml -> <case>.out.json (findings, deployments, plans) and <case>.explain.txt (tree and
// Mermaid).
import { join } from 'node:path';
import { testGoldens } from '../testing/golden.ts';
import { compileDeployment } from './compile/compile-deployment.ts';
import { explainPlan } from './explain/explain-plan.ts';
import { loadDeployments } from './seldon/load-deployments.ts';

testGoldens({
  dir: join(import.meta.dirname, 'testdata'),
  outputs: ['.out.json', '.explain.txt'],
  title: (name) => `${name} is read, checked, defaulted, compiled and explained as written down`,
  render: ({ name, text }) => {
    const { deployments, findings } = loadDeployments(text, { source: `${name}.in.yaml` });
    const plans = deployments.map((deployment) => compileDeployment(deployment));
    const explained = plans.map(
      (plan) => `${explainPlan(plan, 'tree')}\n${explainPlan(plan, 'mermaid')}`,
    );
    return {
      '.out.json': `${JSON.stringify({ findings, deployments, plans }, null, 1)}\n`,
      '.explain.txt': explained.join('\n'),
    };
  },
});
