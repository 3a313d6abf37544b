import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import { renderEnvoy } from './render.ts';
import { envoyBinary } from '../testing/envoy.ts';
import { validateFiles } from '../process/validate.ts';

const TESTDATA = join(import.meta.dirname, 'testdata');
const LAYOUT: EnvoyLayout = {
  dir: '/run/sidegraph/envoy',
  host: '127.0.0.1',
  httpPort: 8000,
  grpcPort: 5001,
  adminSocket: '/run/sidegraph/admin.sock',
  filterSockets: ['/run/sidegraph/filter-0.sock', '/run/sidegraph/filter-1.sock'],
  probeSocket: '/run/sidegraph/probes.sock',
  offpathHttpSocket: '/run/sidegraph/offpath-http.sock',
  offpathGrpcSocket: '/run/sidegraph/offpath-grpc.sock',
  egressSocket: '/run/sidegraph/egress.sock',
  concurrency: 1,
  bounds: { maxHeapBytes: 402_653_184, maxConnections: 512 },
  accessLogPath: '/dev/null',
  accessLog: 'failures',
};

const CASES = readdirSync(TESTDATA)
  .filter((name) => name.endsWith('.plan.json'))
  .map((name) => name.slice(0, -'.plan.json'.length));

/** Listeners and bootstrap depend on the plan so little that two cases show all of them. */
const WHOLE = ['single-model', 'canary-and-shadow'];

function goldenText(name: string): string {
  const { clusters, routes, ...others } = renderEnvoy(planOf(name), LAYOUT);
  const shown = WHOLE.includes(name) ? { clusters, routes, ...others } : { clusters, routes };
  return `${JSON.stringify(shown, null, 1)}\n`;
}

function planOf(name: string): DeploymentPlan {
  return JSON.parse(readFileSync(join(TESTDATA, `${name}.plan.json`), 'utf8')) as DeploymentPlan;
}

for (const name of CASES) {
  test(`renders ${name}`, () => {
    const golden = join(TESTDATA, `${name}.envoy.json`);
    const text = goldenText(name);
    if (process.env.SIDEGRAPH_UPDATE_GOLDENS === '1' || !existsSync(golden)) {
      writeFileSync(golden, text);
    }
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

test('Envoy takes every rendered configuration', async () => {
  const envoyBin = await envoyBinary();
  assert.ok(CASES.length > 0);
  for (const name of CASES) {
    assert.equal(await validateFiles(renderEnvoy(planOf(name), LAYOUT), envoyBin), null, name);
  }
});

test('a configuration with an unknown field is refused in the words of Envoy', async () => {
  const files = renderEnvoy(planOf('single-model'), LAYOUT);
  const [first, ...others] = files.clusters;
  const broken = { ...files, clusters: [{ ...first, no_such_field: 1 }, ...others] };
  assert.match((await validateFiles(broken, await envoyBinary())) ?? '', /no_such_field/);
});

test('clusters of unchanged units keep their names when the plan changes', () => {
  const deployment = planOf('chain');
  const predictor = deployment.predictors[0];
  assert.ok(predictor);
  const [, moved] = predictor.plan.edges;
  assert.ok(moved);
  const edges = predictor.plan.edges.map((edge) =>
    edge === moved ? { ...edge, port: edge.port + 1 } : edge,
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
