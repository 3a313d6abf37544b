// Uninstalling: the definition, the users' objects and what belongs to them stay and serve; nothing else of the release does.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  FLOWER,
  installChart,
  SYSTEM,
  uninstallChart,
} from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { kubectl, list, until, whyNoCluster } from './harness/kubectl.ts';
import { post } from './harness/load.ts';

const NAMESPACE = 'stays';
const KINDS = [
  'clusterrole',
  'clusterrolebinding',
  'configmap',
  'deployment',
  'endpointslice',
  'job',
  'lease',
  'mutatingwebhookconfiguration',
  'networkpolicy',
  'pod',
  'poddisruptionbudget',
  'role',
  'rolebinding',
  'secret',
  'service',
  'serviceaccount',
  'validatingadmissionpolicy',
  'validatingadmissionpolicybinding',
  'validatingwebhookconfiguration',
];

describe('uninstall', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
    await deploy(NAMESPACE, seldonDeployment('one', [{ name: 'main', graph: iris('logistic') }]));
    await answers(NAMESPACE, 'one');
  });
  after(() => deleteNamespace(NAMESPACE));

  test('leaves the definition, the users’ objects and what they own, and nothing else', async () => {
    const mine = await usersOwn();
    await uninstallChart();
    const left = await until('nothing of the release is left', async () => {
      const names = (await namesOf('')).filter(isOfRelease);
      if (names.length > 0) throw new Error(names.join(', '));
      return names;
    });
    assert.deepEqual(left, []);
    assert.deepEqual(await usersOwn(), mine);
    assert.match(
      await kubectl(['get', 'crd', 'seldondeployments.machinelearning.seldon.io']),
      /seldondeployments/,
    );
    assert.match(await kubectl(['get', 'sdep', '-n', NAMESPACE]), /one/);
  });

  test('what runs goes on serving inside the cluster', async () => {
    const host = await kubectl([
      'get',
      'service',
      'one-main',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.clusterIP}',
    ]);
    const response = await post({ host, port: 8000, path: '/api/v1.0/predictions', body: FLOWER });
    assert.equal(response.status, 200, response.text);
  });

  test('an installation takes it up again without a new pod', async () => {
    const before = await kubectl([
      'get',
      'pods',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.items[*].metadata.uid}',
    ]);
    await installChart();
    await answers(NAMESPACE, 'one');
    const { length } = await list(SYSTEM, 'lease');
    assert.equal(length, 2);
    assert.equal(
      await kubectl(['get', 'pods', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].metadata.uid}']),
      before,
    );
  });
});

/** By its name or its namespace; the two that Kubernetes puts into every namespace are nobody's. */
function isOfRelease(name: string): boolean {
  if (/\/(kube-root-ca\.crt|default)$/.test(name)) return false;
  return name.includes(` ${SYSTEM}/`) || /\/(sidegraph|seldon-config)/.test(name);
}

async function usersOwn(): Promise<string[]> {
  return (await namesOf(NAMESPACE)).filter((name) => name.includes(` ${NAMESPACE}/`));
}

/** `kind namespace/name`, sorted; what belongs to no namespace among them. */
async function namesOf(namespace: string): Promise<string[]> {
  const scope = namespace === '' ? ['-A'] : ['-n', namespace];
  const text = await kubectl([
    'get',
    KINDS.join(','),
    ...scope,
    '-o',
    'json',
    '--ignore-not-found',
  ]);
  const { items } = JSON.parse(text) as {
    items: { kind: string; metadata: { name: string; namespace?: string } }[];
  };
  return items
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    .sort();
}
