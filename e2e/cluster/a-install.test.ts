// The way of a user on a real cluster: install the chart, annotate a namespace, apply a graph, curl the gateway.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  FLOWER,
  installChart,
  predict,
  SYSTEM,
} from './harness/cluster.ts';
import { articleGraph, iris, seldonDeployment } from './harness/graphs.ts';
import { predictGrpc } from './harness/grpc.ts';
import {
  apply,
  kubectl,
  list,
  readPath,
  ROOT,
  run,
  until,
  whyNoCluster,
} from './harness/kubectl.ts';
import { podsOf } from './harness/pods.ts';

const NAMESPACE = 'article';
const CLOSE = 1e-9;

describe('install, annotate, apply, curl', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE, { inject: false });
    await kubectl(['label', 'namespace', NAMESPACE, 'team=ml']);
  });
  after(() => deleteNamespace(NAMESPACE));

  test('everything that the chart brings is ready, and kubectl explains a SeldonDeployment', async () => {
    for (const name of ['sidegraph-operator', 'sidegraph-admission', 'sidegraph-gateway'])
      assert.equal(await readPath(SYSTEM, 'deployment', name, '{.status.readyReplicas}'), '2');
    const text = await kubectl(['explain', 'sdep.spec.predictors.graph.children']);
    assert.match(text, /DESCRIPTION/);
  });

  test('without the annotation nothing is injected, and an event says what to do', async () => {
    await apply(NAMESPACE, articleGraph());
    const said = await until('an event speaks of the annotation', async () => {
      const text = await kubectl(['get', 'events', '-n', NAMESPACE, '-o', 'json']);
      return text.includes('sidegraph.io/injection=enabled') ? text : false;
    });
    assert.match(said, /kubectl annotate namespace article sidegraph\.io\/injection=enabled/);
    // It may be another operator's to speak of.
    assert.equal(await readPath(NAMESPACE, 'sdep', 'seldon-model', '{.status}'), '');
    assert.equal((await list(NAMESPACE, 'pods', 'sidegraph.io/injected=true')).length, 0);
  });

  test('once annotated, the founding graph answers through the gateway as its models do in one process', async () => {
    await kubectl(['annotate', 'namespace', NAMESPACE, 'sidegraph.io/injection=enabled']);
    await deploy(NAMESPACE, articleGraph());
    const body = readFileSync(join(ROOT, 'examples/article/request.json'), 'utf8');
    await answers(NAMESPACE, 'seldon-model');
    const response = await predict(NAMESPACE, 'seldon-model', body);
    assert.equal(response.status, 200, response.text);
    const { data } = JSON.parse(response.text) as { data: { ndarray: number[][] } };
    assertClose(data.ndarray, expected('pipeline'));
  });

  test('gRPC goes by the headers seldon and namespace', async () => {
    const request = { data: { tensor: { shape: [1, 4], values: [5.1, 3.5, 1.4, 0.2] } } };
    const response = await predictGrpc(NAMESPACE, 'seldon-model', request);
    assert.deepEqual(response.data?.tensor?.shape, [1, 3]);
    assertClose([[...(response.data?.tensor?.values ?? [])]], expected('pipeline').slice(0, 1));
  });

  test('kubectl get sdep alone tells how it is', async () => {
    const line = await kubectl(['get', 'sdep', 'seldon-model', '-n', NAMESPACE]);
    assert.match(line, /Available/);
    const events = await kubectl(['get', 'events', '-n', NAMESPACE, '-o', 'json']);
    assert.match(events, /"seldon-model"/);
  });

  test('there is no executor: the pod holds its models and the two sidecars', async () => {
    const [pod] = await podsOf(NAMESPACE, 'seldon-model');
    assert.ok(pod);
    const names = await readPath(
      NAMESPACE,
      'pod',
      pod.name,
      '{.spec.containers[*].name} {.spec.initContainers[*].name}',
    );
    assert.match(names, /sidegraph-filter sidegraph-envoy/);
    assert.doesNotMatch(names, /seldon-container-engine/);
  });

  test('an invalid graph is refused with all findings at once', async () => {
    const broken = seldonDeployment('broken', [
      {
        name: 'main',
        traffic: 50,
        graph: {
          name: 'absent',
          model: 'IrisModel',
          children: [iris('logistic', 'twice'), iris('bayes', 'twice')],
        },
      },
      { name: 'main', traffic: 20, graph: iris('forest') },
    ]);
    const refused = await apply(NAMESPACE, broken).then(
      () => '',
      (error: unknown) => String(error),
    );
    for (const code of ['PREDICTOR_DUPLICATE', 'TRAFFIC_SUM', 'UNIT_DUPLICATE'])
      assert.match(refused, new RegExp(code));
  });

  test('a namespace of the restricted standard takes the sidecars', async () => {
    const namespace = await createNamespace('restricted');
    try {
      await kubectl([
        'label',
        'namespace',
        namespace,
        'pod-security.kubernetes.io/warn=restricted',
      ]);
      const said = await run('kubectl', ['apply', '-n', namespace, '-f', '-'], {
        input: JSON.stringify(seldonDeployment('one', [{ name: 'main', graph: iris('logistic') }])),
      });
      assert.equal(said.code, 0, said.stderr);
      const text = await until('the Deployment is there', async () => {
        const found = await kubectl(['get', 'deployment', '-n', namespace, '-o', 'json']);
        return found.includes('sidegraph-envoy') ? found : false;
      });
      const { items } = JSON.parse(text) as { items: { spec: { template: object } }[] };
      const template = items[0]?.spec.template;
      const pod = { apiVersion: 'v1', kind: 'Pod', ...sidecarsOnly(template) };
      await kubectl([
        'label',
        'namespace',
        namespace,
        'pod-security.kubernetes.io/enforce=restricted',
      ]);
      await kubectl(
        ['create', '-n', namespace, '--dry-run=server', '-f', '-'],
        JSON.stringify(pod),
      );
    } finally {
      await deleteNamespace(namespace);
    }
  });
});

describe('what the operator may do', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace('rights');
    await deploy('rights', seldonDeployment('one', [{ name: 'main', graph: iris('logistic') }]));
  });
  after(() => deleteNamespace('rights'));

  const operator = `--as=system:serviceaccount:${SYSTEM}:sidegraph-operator`;
  const may = async (verb: string, what: string): Promise<boolean> =>
    (await run('kubectl', ['auth', 'can-i', verb, what, '-n', 'rights', operator])).code === 0;

  test('it reads no Secrets and runs nothing in pods', async () => {
    assert.equal(await may('get', 'secrets'), false);
    assert.equal(await may('create', 'pods'), false);
    assert.equal(await may('create', 'pods/exec'), false);
    assert.equal(await may('patch', 'deployments'), true);
  });

  test('it may patch a pod in sidegraph.io annotations and in nothing else', async () => {
    const [pod] = await podsOf('rights', 'one');
    assert.ok(pod);
    const patch = (body: object) =>
      run('kubectl', [
        'patch',
        'pod',
        pod.name,
        '-n',
        'rights',
        operator,
        '--type=merge',
        '-p',
        JSON.stringify(body),
      ]);
    const mine = await patch({ metadata: { annotations: { 'sidegraph.io/try': '1' } } });
    assert.equal(mine.code, 0, mine.stderr);
    const wrong = [
      { metadata: { annotations: { 'other.io/try': '1' } } },
      { metadata: { labels: { app: 'mine' } } },
      { metadata: { finalizers: ['other.io/hold'] } },
      { metadata: { ownerReferences: [] } },
    ];
    for (const body of wrong)
      assert.match((await patch(body)).stderr, /the operator changes no/, JSON.stringify(body));
    const image = await run('kubectl', [
      'set',
      'image',
      `pod/${pod.name}`,
      'classifier=evil:1',
      '-n',
      'rights',
      operator,
    ]);
    assert.match(image.stderr, /this changes its spec/);
  });

  test('a gateway may write its own ConfigMap and not the operator’s settings', async () => {
    const gateway = `--as=system:serviceaccount:${SYSTEM}:sidegraph-gateway`;
    const patch = [
      'patch',
      'configmap',
      'seldon-config',
      '-n',
      SYSTEM,
      gateway,
      '--type=merge',
      '-p',
      '{"data":{"a":"b"}}',
    ];
    assert.match((await run('kubectl', patch)).stderr, /a gateway writes its own ConfigMap alone/);
  });
});

function sidecarsOnly(template: object | undefined): object {
  const { spec } = template as { spec: { initContainers: { name: string }[]; volumes: object[] } };
  const sidecars = spec.initContainers.filter(({ name }) => name.startsWith('sidegraph-'));
  const [filter, envoy] = sidecars;
  assert.ok(filter && envoy);
  const { restartPolicy: _, ...container } = envoy as { name: string; restartPolicy?: string };
  return {
    metadata: { name: 'sidecars' },
    spec: { initContainers: [filter], containers: [container], volumes: spec.volumes },
  };
}

function expected(model: string): readonly (readonly number[])[] {
  const text = readFileSync(join(ROOT, '.cache/models/expected.json'), 'utf8');
  const { answers: all } = JSON.parse(text) as { answers: Record<string, number[][]> };
  return all[model] ?? [];
}

function assertClose(
  actual: readonly (readonly number[])[],
  wanted: readonly (readonly number[])[],
): void {
  assert.equal(actual.length, wanted.length);
  for (const [row, values] of wanted.entries())
    for (const [column, value] of values.entries())
      assert.ok(
        Math.abs((actual[row]?.[column] ?? Number.NaN) - value) < CLOSE,
        `${FLOWER}: ${String(actual[row])}`,
      );
}
