import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { askAdmin, readActiveClusters } from './admin.ts';
import { clustersPath, listenersPath } from '../kit/layout.ts';
import { rest } from '../testing/clients.ts';
import { type TestEnvoy, envoyBinary, startEnvoy } from '../testing/envoy.ts';
import { fixtureDeployment, fixturePlan, nativeRoutesTo } from '../testing/plans.ts';
import { type Echo, type StubUnit, startUnit } from '../testing/units.ts';

const PREDICT = '/api/v1.0/predictions';
const NEVER = new AbortController().signal;

let stubs: StubUnit[];

before(async () => {
  stubs = await Promise.all(['a', 'b'].map(startUnit));
});

after(async () => {
  await Promise.all((stubs ?? []).map((stub) => stub.close()));
});

/** A deployment of one unit; `name` is the stub that serves it. */
function served(name: 'a' | 'b', deadlineMs = 200): DeploymentPlan {
  const stub = stubs[name === 'a' ? 0 : 1];
  assert.ok(stub);
  const unit = { name, verbs: ['predict'] as const, ...portsOf(stub) };
  const hash = name.repeat(16);
  return fixtureDeployment(fixturePlan(hash, [unit], nativeRoutesTo(0), { deadlineMs }));
}

function portsOf(stub: StubUnit) {
  return { restPort: stub.restPort, grpcPort: stub.grpcPort };
}

async function askedUnit(envoy: TestEnvoy): Promise<string> {
  const response = await rest({ port: envoy.layout.httpPort, path: PREDICT });
  assert.equal(response.status, 200, response.text);
  return (JSON.parse(response.text) as Echo).unit;
}

async function withEnvoy(
  deployment: DeploymentPlan,
  options: Parameters<typeof startEnvoy>[1],
  use: (envoy: TestEnvoy) => Promise<void>,
): Promise<void> {
  const envoy = await startEnvoy(deployment, options);
  try {
    await use(envoy);
  } finally {
    await envoy.stop();
  }
}

test('swaps under load lose no request, and what was replaced is dropped after the deadline', async () => {
  await withEnvoy(served('a'), { graceMs: 50 }, async (envoy) => {
    const seen = new Map<string, number>();
    let swapping = true;
    const load = Array.from({ length: 4 }, async () => {
      while (swapping) {
        const unit = await askedUnit(envoy);
        seen.set(unit, (seen.get(unit) ?? 0) + 1);
      }
    });
    const swaps = async () => {
      try {
        for (const name of ['b', 'a', 'b', 'a', 'b'] as const) {
          const outcome = await envoy.writer.swap(served(name), { signal: NEVER });
          assert.equal(outcome.kind, 'live');
          assert.equal(await askedUnit(envoy), name);
          if (name === 'b') assert.equal(outcome.kind === 'live' && (await outcome.retired), true);
        }
      } finally {
        swapping = false;
      }
    };
    await Promise.all([swaps(), ...load]);
    assert.deepEqual([...seen.keys()].sort(), ['a', 'b']);
    const active = await readActiveClusters(envoy.layout.adminSocket, NEVER);
    const units = [...active].filter((name) => name.startsWith('p/')).map((name) => name[2]);
    assert.deepEqual(units, ['b', 'b']);
  });
});

test('a start is over when Envoy runs the files, and says which one it does not', async () => {
  await withEnvoy(served('a'), {}, async (envoy) => {
    assert.equal(await envoy.writer.awaitStart(NEVER), undefined);
    assert.equal(await askedUnit(envoy), 'a');
  });
  const envoy = await startEnvoy(served('a'), { seenTimeoutMs: 500 }, (layout) =>
    writeFile(listenersPath(layout), '{"resources": [{"@type": "no.such.Type"}]}'),
  );
  try {
    const fault = await envoy.writer.awaitStart(NEVER);
    assert.match(fault ?? '', /has not taken .*listeners\.json/);
  } finally {
    await envoy.stop();
  }
});

test('a plan that Envoy refuses changes nothing, and the refusal says why', async () => {
  const envoyBin = await envoyBinary();
  await withEnvoy(served('a'), { envoyBin }, async (envoy) => {
    const good = await readFile(clustersPath(envoy.layout), 'utf8');
    const plan = served('b').predictors[0]?.plan;
    assert.ok(plan);
    const bad = { ...plan, edges: plan.edges.map((edge) => ({ ...edge, port: 99_999 })) };
    const outcome = await envoy.writer.swap(fixtureDeployment(bad), { signal: NEVER });
    assert.equal(outcome.kind, 'refused');
    assert.match(outcome.kind === 'refused' ? outcome.reason : '', /PortValue/);
    assert.equal(await readFile(clustersPath(envoy.layout), 'utf8'), good);
    assert.equal(await askedUnit(envoy), 'a');
    const next = await envoy.writer.swap(served('b'), { signal: NEVER });
    assert.equal(next.kind, 'live');
    assert.equal(await askedUnit(envoy), 'b');
  });
});

test('a start with a bad plan is refused before Envoy runs', async () => {
  const plan = served('a').predictors[0]?.plan;
  assert.ok(plan);
  const bad = { ...plan, edges: plan.edges.map((edge) => ({ ...edge, port: 99_999 })) };
  const { EnvoyWriter } = await import('./writer.ts');
  const { testLayout } = await import('../testing/envoy.ts');
  const writer = new EnvoyWriter(await testLayout('/nonexistent'), {
    log: { info: () => undefined, warn: () => undefined },
    envoyBin: await envoyBinary(),
  });
  const outcome = await writer.start(fixtureDeployment(bad));
  assert.equal(outcome.kind, 'refused');
});

test('swaps asked for at once end with the last plan, none waits for a retirement', async () => {
  await withEnvoy(served('a', 60_000), {}, async (envoy) => {
    const outcomes = await Promise.all(
      (['b', 'a', 'b'] as const).map((name) =>
        envoy.writer.swap(served(name, 60_000), { signal: NEVER }),
      ),
    );
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['live', 'live', 'live'],
    );
    assert.equal(await askedUnit(envoy), 'b');
    envoy.writer.close();
    for (const outcome of outcomes) {
      assert.equal(outcome.kind === 'live' && (await outcome.retired), false);
    }
  });
});

test('the number of predictors may change while requests come in', async () => {
  await withEnvoy(served('a'), {}, async (envoy) => {
    const [one] = served('a').predictors;
    const [two] = served('b').predictors;
    assert.ok(one !== undefined && two !== undefined);
    const canary = { plan: { ...two.plan, predictor: 'canary' }, traffic: 100, shadow: false };
    const both: DeploymentPlan = {
      ...served('a'),
      predictors: [{ ...one, traffic: 0 }, canary],
    };
    let changing = true;
    const load = Array.from({ length: 2 }, async () => {
      while (changing) await askedUnit(envoy);
    });
    const change = async () => {
      try {
        assert.equal((await envoy.writer.swap(both, { signal: NEVER })).kind, 'live');
        await until(async () => (await askedUnit(envoy)) === 'b');
        assert.equal((await envoy.writer.swap(served('a'), { signal: NEVER })).kind, 'live');
        await until(async () => (await askedUnit(envoy)) === 'a');
      } finally {
        changing = false;
      }
    };
    await Promise.all([change(), ...load]);
    const text = await askAdmin(envoy.layout.adminSocket, '/stats?filter=update_rejected', NEVER);
    assert.ok(!/update_rejected: [1-9]/.test(text), text);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 5000;
  while (performance.now() < endMs) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it did not come to hold within 5 s');
}
