// What Envoy is given for each case of the graph's goldens: graph/testdata/<case>.in.yaml -> <case>.envoy.yaml, by way of the
// plan; and that Envoy takes it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { readCases, testGoldens } from '../../testing/golden.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import { renderEnvoy } from './render.ts';
import { envoyBinary } from '../testing/envoy.ts';
import { showFiles } from '../testing/show-files.ts';
import { validateFiles } from '../process/validate.ts';

const DIR = join(import.meta.dirname, '../../graph/testdata');
const LAYOUT: EnvoyLayout = {
  dir: '/run/sidegraph/envoy',
  host: '127.0.0.1',
  httpPort: 8000,
  grpcPort: 5001,
  adminSocket: '/run/sidegraph/admin.sock',
  filterSockets: ['/run/sidegraph/filter-0.sock', '/run/sidegraph/filter-1.sock'],
  probeSocket: '/run/sidegraph/probes.sock',
  controlHttpSocket: '/run/sidegraph/control-http.sock',
  controlGrpcSocket: '/run/sidegraph/control-grpc.sock',
  egressSocket: '/run/sidegraph/egress.sock',
  concurrency: 1,
  bounds: { maxHeapBytes: 402_653_184, maxConnections: 512 },
  accessLogPath: '/dev/null',
  accessLog: 'failures',
};

/** One predictor behind its listeners, and several behind the front ones: two cases show all that Envoy is given. */
const WHOLE = ['single-model', 'shadow'];

testGoldens({
  dir: DIR,
  outputs: ['.envoy.yaml'],
  title: (name) => `${name} is rendered for Envoy as written down`,
  render: ({ name, text }) => {
    const isWhole = WHOLE.includes(name);
    const shown = compile(text).map((plan) => showFiles(renderEnvoy(plan, LAYOUT), plan, isWhole));
    return { '.envoy.yaml': shown.join('---\n') };
  },
});

test('Envoy takes every rendered configuration', async () => {
  const envoyBin = await envoyBinary();
  for (const { name, text } of readCases(DIR)) {
    for (const plan of compile(text)) {
      assert.equal(await validateFiles(renderEnvoy(plan, LAYOUT), envoyBin), undefined, name);
    }
  }
});

test('a configuration with an unknown field is refused in the words of Envoy', async () => {
  const files = renderEnvoy(planOf('single-model'), LAYOUT);
  const [first, ...others] = files.clusters;
  const broken = { ...files, clusters: [{ ...first, no_such_field: 1 }, ...others] };
  assert.match((await validateFiles(broken, await envoyBinary())) ?? '', /no_such_field/);
});

test('clusters of unchanged units keep their names when the plan changes', () => {
  const deployment = planOf('elsewhere');
  const predictor = deployment.predictors[0];
  assert.ok(predictor);
  const edge = predictor.plan.edges.find(
    ({ transport, host }) => transport === 'rest' && host.endsWith('.svc'),
  );
  assert.ok(edge);
  const edges = predictor.plan.edges.map((each) =>
    each === edge ? { ...edge, port: edge.port + 1 } : each,
  );
  const next: DeploymentPlan = {
    ...deployment,
    predictors: [{ ...predictor, plan: { ...predictor.plan, hash: '1111111111111111', edges } }],
  };
  const names = (each: DeploymentPlan) =>
    renderEnvoy(each, LAYOUT).clusters.map((cluster) => cluster.name);
  const changed = names(next).filter((name) => !names(deployment).includes(name));
  // One that routes name, and the two that resolve the unit's name.
  const [cluster = ''] = changed;
  assert.deepEqual(changed, [cluster, `${String(cluster)}/each`, `${String(cluster)}/any`]);
});

function planOf(name: string): DeploymentPlan {
  const text = readCases(DIR).find((each) => each.name === name)?.text ?? '';
  const [plan] = compile(text);
  assert.ok(plan, `${name} has a plan`);
  return plan;
}

function compile(text: string): readonly DeploymentPlan[] {
  const { deployments } = loadDeployments(text, { source: 'case' });
  return deployments.map((deployment) => compileDeployment(deployment));
}
