import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listUnits } from '../plan/deployment.ts';
import { loadDeployments } from './load-deployments.ts';
import type { Hosts } from './default-deployment.ts';

test('a unit with a container is called where that listens, whatever address was stored', () => {
  const { endpoint, codes } = load({
    container: { name: 'model', ports: [{ name: 'http', containerPort: 9101 }] },
    endpoint: { ...STORED, service_port: 9001, httpPort: 9001, grpcPort: 9501 },
  });
  assert.deepEqual([endpoint?.host, endpoint?.httpPort, endpoint?.type], [OWN_HOST, 9101, 'REST']);
  assert.deepEqual(codes, ['ENDPOINT_CONTAINER']);
});

test("what Seldon stores of a container's own address is not told", () => {
  for (const service_host of ['localhost', '0.0.0.0', 'iris-main-model.other.svc.cluster.local']) {
    const { endpoint, codes } = load({
      container: { name: 'model' },
      endpoint: { ...STORED, service_host },
    });
    assert.deepEqual([endpoint?.host, endpoint?.httpPort, codes], [OWN_HOST, 9000, []]);
  }
});

test('an address beside a container is told with the container that is called', () => {
  const far = { ...STORED, service_host: 'models.example.org' };
  const { endpoint, codes } = load({ container: { name: 'model' }, endpoint: far });
  assert.deepEqual([endpoint?.from, codes], ['container', ['ENDPOINT_CONTAINER']]);
});

test('a unit without a container is called at its address', () => {
  const far = { ...STORED, service_host: 'models.example.org', httpPort: 80 };
  const { endpoint, codes } = load({ endpoint: far });
  assert.deepEqual([endpoint?.host, endpoint?.httpPort, codes], ['models.example.org', 80, []]);
});

test('where nothing runs images, an address beside an image counts, one beside a command does not', () => {
  const far = { ...STORED, service_host: 'models.example.org' };
  const image = load({ container: { name: 'model' }, endpoint: far, hosts: 'local' });
  assert.equal(image.endpoint?.host, 'models.example.org');
  const container = { name: 'model', command: ['serve'] };
  const command = load({ container, endpoint: far, hosts: 'local' });
  assert.equal(command.endpoint?.host, '127.0.0.1');
});

const OWN_HOST = 'localhost';
const STORED = {
  service_host: 'localhost',
  service_port: 9000,
  httpPort: 9000,
  grpcPort: 9500,
  type: 'REST',
};

function load({
  container,
  endpoint,
  hosts = 'cluster',
}: {
  container?: object;
  endpoint: object;
  hosts?: Hosts;
}) {
  const containers = container === undefined ? [] : [{ image: 'example/model:1', ...container }];
  const object = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo' },
    spec: {
      predictors: [
        {
          name: 'main',
          graph: { name: 'model', type: 'MODEL', endpoint },
          componentSpecs: [{ spec: { containers } }],
        },
      ],
    },
  };
  const loaded = loadDeployments(JSON.stringify(object), { source: 'a.json', hosts });
  const [deployment] = loaded.deployments;
  const graph = deployment?.predictors[0]?.graph;
  const unit = graph && listUnits(graph)[0];
  return { endpoint: unit?.endpoint, codes: loaded.findings.map(({ code }) => code) };
}
