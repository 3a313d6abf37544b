import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { Deployment } from '../../graph/plan/deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { type ResolveOptions, resolveUnits } from './resolve.ts';
import { parseUnitFlags } from './url.ts';

interface Given {
  readonly units?: readonly string[];
  readonly set?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly shared?: Readonly<Record<string, string>>;
}

function load(predictors: object[], units: readonly string[] = []): Deployment {
  const parsed = parseUnitFlags(units);
  assert.ok(parsed.kind === 'value');
  const addresses = new Map(
    [...parsed.value].map(([name, { host, httpPort, grpcPort }]) => [
      name,
      { host, httpPort: httpPort ?? 1, grpcPort: grpcPort ?? 1 },
    ]),
  );
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'dep' },
    spec: { predictors },
  };
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), {
    source: 'f.json',
    addresses,
  });
  const [deployment] = deployments;
  assert.ok(deployment !== undefined, JSON.stringify(findings));
  return deployment;
}

function options(given: Given): ResolveOptions {
  const parsed = parseUnitFlags(given.units ?? []);
  assert.ok(parsed.kind === 'value');
  const sets = Object.entries(given.set ?? {});
  return {
    given: parsed.value,
    outside: {
      shared: new Map(Object.entries(given.shared ?? {})),
      perUnit: new Map(sets.map(([unit, values]) => [unit, new Map(Object.entries(values))])),
    },
    baseDir: '/',
    models: new Map(),
    env: { PATH: '/bin' },
    reserved: [],
    freePorts: false,
    running: new Map(),
  };
}

async function failure(deployment: Deployment, given: Given): Promise<CommandFailure> {
  try {
    await resolveUnits(deployment, options(given));
  } catch (thrown) {
    assert.ok(thrown instanceof CommandFailure);
    return thrown;
  }
  return assert.fail('resolved');
}

const endpoint = { service_host: '10.0.0.9', httpPort: 7000, grpcPort: 7500 };

function predictor(name: string, container: object, graph: object = {}, traffic = 100): object {
  return {
    name,
    traffic,
    componentSpecs: [{ spec: { containers: [{ name: 'm', image: 'i:1', ...container }] } }],
    graph: { name: 'm', type: 'MODEL', ...graph },
  };
}

test('the command line goes before the command, the command before an address in the file', async () => {
  const both = [predictor('p', { command: ['serve'] }, { endpoint })];
  const imageOnly = [predictor('p', {}, { endpoint })];
  for (const [predictors, grpcPort] of [
    [both, 1],
    // What was not given is asked where the file says.
    [imageOnly, 7500],
  ] as const) {
    const given = await resolveUnits(
      load(predictors, ['m=http://h:1']),
      options({ units: ['m=http://h:1'] }),
    );
    assert.equal(given.units[0]?.how, 'command line');
    assert.deepEqual(given.units[0]?.address, { host: 'h', httpPort: 1, grpcPort });
    assert.deepEqual([...given.addresses.keys()], ['p/m']);
  }

  const written = await resolveUnits(load(imageOnly), options({}));
  assert.equal(written.units[0]?.how, 'file');
  assert.deepEqual(written.units[0]?.address, { host: '10.0.0.9', httpPort: 7000, grpcPort: 7500 });
  assert.deepEqual(written.claims, []);

  // Stored objects have an address beside each container, which Seldon wrote.
  const started = await resolveUnits(load(both), options({}));
  assert.equal(started.units[0]?.how, 'started here');
  assert.deepEqual(started.units[0]?.address, {
    host: '127.0.0.1',
    httpPort: 9000,
    grpcPort: 9500,
  });
});

test('a started unit has its command, arguments, environment and ports as the operator would set them', async () => {
  const container = {
    command: ['serve', '--port', '$(PREDICTIVE_UNIT_HTTP_SERVICE_PORT)'],
    args: ['$(MODEL)'],
    env: [
      { name: 'MODEL', value: 'iris' },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
  };
  const { units } = await resolveUnits(
    load([predictor('p', container)]),
    options({ set: { m: { KEY: 'x' } } }),
  );
  const spec = units[0]?.spec;
  assert.ok(spec !== undefined);
  assert.deepEqual(spec.argv, ['serve', '--port', '9000', 'iris']);
  assert.equal(spec.env['KEY'], 'x');
  assert.equal(spec.env['PREDICTIVE_UNIT_ID'], 'm');
  assert.equal(spec.env['PATH'], '/bin');
  assert.deepEqual(spec.ports, [9000]);
});

test('a gRPC unit is ready when its gRPC port answers', async () => {
  const graph = { endpoint: { type: 'GRPC' } };
  const { units } = await resolveUnits(
    load([predictor('p', { command: ['serve'] }, graph)]),
    options({}),
  );
  assert.deepEqual(units[0]?.spec?.ports, [9500]);
});

test('a second predictor moves aside, since here it has no pod of its own', async () => {
  const two = [
    predictor('p', { command: ['a'] }, {}, 50),
    predictor('q', { command: ['b'] }, {}, 50),
  ];
  const { units, addresses } = await resolveUnits(load(two), options({}));
  const [first, second] = units;
  assert.equal(first?.address.httpPort, 9000);
  assert.notEqual(second?.address.httpPort, 9000);
  assert.equal(addresses.get('q/m')?.httpPort, second?.address.httpPort);
  assert.equal(
    second?.spec?.env['PREDICTIVE_UNIT_HTTP_SERVICE_PORT'],
    String(second?.address.httpPort),
  );
  assert.equal(second?.spec?.name, 'q/m');
});

test('where ports may be chosen, one that another process has is left to it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ports = [{ name: 'http', containerPort: port }];
  const deployment = load([predictor('p', { command: ['a'], ports })]);
  const unitOf = async (freePorts: boolean) =>
    (await resolveUnits(deployment, { ...options({}), freePorts })).units[0];
  try {
    assert.equal((await unitOf(false))?.address.httpPort, port);
    const moved = await unitOf(true);
    assert.ok((moved?.address.httpPort ?? 0) > port);
    assert.equal(
      moved?.spec?.env['PREDICTIVE_UNIT_HTTP_SERVICE_PORT'],
      String(moved?.address.httpPort),
    );
  } finally {
    taken.close();
  }
});

test('the port of metrics moves as the others do, and stays where the unit runs already', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ports = [{ name: 'metrics', containerPort: port }];
  const deployment = load([predictor('p', { command: ['a'], ports })]);
  const specOf = async (given: Partial<ResolveOptions>) =>
    (await resolveUnits(deployment, { ...options({}), ...given })).units[0]?.spec;
  try {
    assert.equal((await specOf({ freePorts: false }))?.metricsPort, port);
    const moved = await specOf({ freePorts: true });
    assert.ok((moved?.metricsPort ?? 0) > port);
    assert.equal(moved?.env['PREDICTIVE_UNIT_METRICS_SERVICE_PORT'], String(moved?.metricsPort));
    const running = new Map([['p/m', { http: 9100, grpc: 9600, metrics: port }]]);
    assert.equal((await specOf({ freePorts: true, running }))?.metricsPort, port);
  } finally {
    taken.close();
  }
});

test('an image without a command is told with all ways out', async () => {
  const told = await failure(load([predictor('p', {})]), {});
  assert.equal(told.code, 'IMAGE_WITHOUT_COMMAND');
  assert.match(told.message, /unit m: its container names the image i:1 but no command/);
  assert.match(told.advice, /containers\[0\]\.command/);
  assert.match(told.advice, /--unit m=http/);
  assert.match(told.advice, /service_host/);
});

test('the image of a bandit is one that a built-in replaces, from any registry, and no other', async () => {
  const adviceFor = async (image: string) =>
    (await failure(load([predictor('p', { image })]), {})).advice;
  for (const [image, name] of [
    ['seldonio/mab_epsilon_greedy:1.17.1', 'EPSILON_GREEDY'],
    ['registry.local:5000/mirror/seldonio/mab_thompson_sampling@sha256:0', 'THOMPSON_SAMPLING'],
    ['mab_thompson_sampling', 'THOMPSON_SAMPLING'],
  ] as const)
    assert.match(
      await adviceFor(image),
      new RegExp(`^write implementation: ${name} for m and leave its container out`),
    );
  // Its state is in Redis, and all replicas share it.
  for (const image of [
    'seldonio/mab_thompson_sampling_persistent:1.6.0-dev',
    'mab',
    'x/y:mab_epsilon_greedy',
  ])
    assert.match(await adviceFor(image), /^write the command/);
});

test('a value that the file takes from a Secret is told with the flag that gives it', async () => {
  const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const told = await failure(load([predictor('p', { command: ['a'], env })]), {});
  assert.equal(told.code, 'VALUE_MISSING');
  assert.match(told.message, /KEY comes from secret s\/k/);
  assert.match(told.advice, /--set m\.KEY=VALUE/);
  const given = await resolveUnits(
    load([predictor('p', { command: ['a'], env })]),
    options({ shared: { KEY: 'v' } }),
  );
  assert.equal(given.units[0]?.spec?.env['KEY'], 'v');
});

test('all that is missing is told at once, names that the graph lacks too', async () => {
  const stray = new CommandFailure('UNIT_UNKNOWN', '--set names the unit nobody', 'its units: m');
  await assert.rejects(
    resolveUnits(load([predictor('p', {})]), options({}), [stray]),
    (thrown: unknown) => {
      assert.ok(thrown instanceof CommandFailure);
      assert.equal(thrown.code, 'IMAGE_WITHOUT_COMMAND');
      assert.match(
        thrown.message,
        /^2 things are wrong:\n {2}unit m: its container [^]*\n {2}--set names the unit nobody\n {4}→ its units: m \[UNIT_UNKNOWN\]$/,
      );
      return true;
    },
  );
});

test('--set of a predictor’s unit counts for it alone, and more than that of the unit', async () => {
  const two = [
    predictor('p', { command: ['a'] }, {}, 50),
    predictor('q', { command: ['b'] }, {}, 50),
  ];
  const { units } = await resolveUnits(
    load(two),
    options({ shared: { A: '0', B: '0' }, set: { m: { A: '1' }, 'q/m': { A: '2' } } }),
  );
  const values = units.map(({ spec }) => [spec?.env['A'], spec?.env['B']]);
  assert.deepEqual(values, [
    ['1', '0'],
    ['2', '0'],
  ]);
});

test('a working directory that is not there is told before anything starts', async () => {
  const told = await failure(
    load([predictor('p', { command: ['a'], workingDir: '/does/not/exist' })]),
    {},
  );
  assert.equal(told.code, 'UNIT_NOT_STARTED');
  assert.match(told.message, /workingDir \/does\/not\/exist/);
});
