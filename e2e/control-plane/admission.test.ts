// The webhooks on a real API server: what it refuses and in which words, what becomes of pods, and certificates that change
// while it asks.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fingerprint } from '../../operator/certificates/material.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { ApiServer } from '../kube/apiserver.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import type { Balancer, Replica } from './admission-harness.ts';
import {
  NAMESPACE,
  renderConfigurations,
  SECRET,
  startBalancer,
  startReplica,
} from './admission-harness.ts';
import { applyCrd } from './apply-crd.ts';

const WRITE = { manager: 'test' };
/** Lives of seconds, so that a whole rotation fits in a test. */
const LIFETIMES = { caMs: 18_000, leafMs: 18_000 };
/** Reviews while authorities change: so many, in whatever time the machine takes for them. */
const LEAST_ASKED = 100;
const TIMES = { settleMs: 1_000, keepPreviousMs: 1_500, seenForMs: 4_000 };

let api: ApiServer;
let client: KubeClient;
let balancer: Balancer;

async function makeNamespace(
  name: string,
  annotations: Record<string, string> = {},
): Promise<void> {
  await client.create(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } },
    WRITE,
  );
}

function deployment(name: string, spec: unknown, namespace = 'demo', version = 'v1'): KubeObject {
  const apiVersion = `machinelearning.seldon.io/${version}`;
  return { apiVersion, kind: 'SeldonDeployment', metadata: { name, namespace }, spec };
}

function model(predictor = 'p'): object {
  return {
    predictors: [
      {
        name: predictor,
        graph: { name: 'm', type: 'MODEL' },
        componentSpecs: [{ spec: { containers: [{ name: 'm', image: 'i' }] } }],
      },
    ],
  };
}

function pod(
  name: string,
  graph: string,
  containers: readonly string[],
  namespace = 'demo',
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, annotations: { 'sidegraph.io/graph': graph } },
    spec: { containers: containers.map((each) => ({ name: each, image: 'i' })) },
  };
}

async function refusalOf(write: Promise<unknown>): Promise<KubeError> {
  const error = await write.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof KubeError, 'it was let in');
  return error;
}

/** Asks until the webhooks are called: the configurations reach the API server a moment after they were written. */
async function untilCalled(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const dry = { ...WRITE, dryRun: true };
    const error = await refusalOf(client.create(deployment('probe', {}, 'demo'), dry)).catch(
      () => undefined,
    );
    if (error?.message.includes('PREDICTORS_MISSING') === true) return;
    await sleep(50);
  }
  throw new Error('the webhooks are not called');
}

describe('the webhooks on a real API server', { skip: whyNoKube() }, () => {
  const replicas: Replica[] = [];
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
    await makeNamespace(NAMESPACE);
    // The chart makes the Secret empty, so that nobody needs the right to create one.
    const metadata = { name: SECRET, namespace: NAMESPACE };
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' }, WRITE);
    await makeNamespace('demo', { 'sidegraph.io/injection': 'enabled' });
    balancer = await startBalancer();
    for (const configuration of renderConfigurations(balancer.port))
      await client.create(configuration, WRITE);
    replicas.push(
      ...(await Promise.all(
        ['admission-0', 'admission-1'].map((name) =>
          startReplica(api, name, { lifetimes: LIFETIMES, times: TIMES }),
        ),
      )),
    );
    balancer.backends = replicas.map(({ port }) => port);
    await untilCalled();
  });
  after(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await balancer?.close();
    await client?.config.close();
    await api?.stop();
  });

  test('both replicas serve the certificate that the leader wrote into the one Secret', async () => {
    await eventually(async () => {
      const [one, other] = await Promise.all(replicas.map(({ port }) => shake(port, undefined)));
      const bundle = await readBundle(client);
      return one?.certificate === other?.certificate && one?.isTrustedBy(bundle) === true;
    }, 5_000);
  });

  describe('SeldonDeployments', () => {
    test('a right one is let in by every version', async () => {
      for (const version of ['v1', 'v1alpha2', 'v1alpha3'])
        await client.create(deployment(`right-${version}`, model(), 'demo', version), WRITE);
    });

    test('a wrong one is refused with everything that is wrong, whatever its version', async () => {
      const wrong = {
        protocol: 'sedon',
        predictors: [
          { name: 'p', traffic: 30, graph: { name: 'r', type: 'ROUTER' } },
          { name: 'p', traffic: 30, graph: { name: 'x', type: 'MODLE' } },
        ],
      };
      for (const version of ['v1', 'v1alpha2']) {
        const error = await refusalOf(
          client.create(deployment('wrong', wrong, 'demo', version), WRITE),
        );
        assert.equal(error.status, 422);
        assert.ok(error.causes.length >= 5, String(error.causes.length));
        const text = error.causes.map(({ field, message }) => `${field} ${message}`).join('\n');
        for (const code of [
          'PROTOCOL_UNKNOWN',
          'PREDICTOR_DUPLICATE',
          'TRAFFIC_SUM',
          'CHILDREN_MISSING',
          'CONTAINER_MISSING',
          'UNIT_TYPE_UNKNOWN',
        ])
          assert.match(text, new RegExp(code));
        assert.match(text, /spec\.predictors\[1\]\.graph\.type .*did you mean MODEL\?/);
        assert.match(error.message, /denied the request: the SeldonDeployment has \d+ errors:/);
      }
    });

    test('a name that another one holds is refused', async () => {
      await client.create(deployment('a-b', model('c')), WRITE);
      await sleep(300);
      const error = await refusalOf(client.create(deployment('a', model('b-c')), WRITE));
      assert.match(
        error.message,
        /NAME_TAKEN: the Service a-b-c belongs to the SeldonDeployment a-b/,
      );
    });

    test('what was stored before the webhook came can still be labelled, given a status, and deleted', async () => {
      const [validating] = renderConfigurations(balancer.port);
      assert.ok(validating !== undefined);
      await client.remove({ ...validating, name: 'sidegraph' });
      const name = 'stored';
      await retry(() => client.create(deployment(name, { predictors: [] }), WRITE));
      await client.create(validating, WRITE);
      await untilCalled();
      const ref = {
        apiVersion: 'machinelearning.seldon.io/v1',
        kind: 'SeldonDeployment',
        namespace: 'demo',
        name,
      };
      const merge = { ...WRITE, type: 'merge' } as const;
      await client.patch(ref, { metadata: { labels: { a: 'b' }, finalizers: ['test/x'] } }, merge);
      await client.patch(ref, { status: { state: 'Failed' } }, { ...merge, subresource: 'status' });
      const error = await refusalOf(client.patch(ref, { spec: { replicas: 2 } }, merge));
      assert.match(error.message, /PREDICTORS_MISSING/);
      await client.remove(ref);
      await client.patch(ref, { metadata: { finalizers: null } }, merge);
      assert.equal(await client.get(ref), undefined);
    });
  });

  describe('pods of others', () => {
    const here = (httpPort: number): object => ({ service_host: 'localhost', httpPort });
    const graph = {
      predictors: [
        {
          name: 'main',
          graph: {
            name: 'tr',
            type: 'TRANSFORMER',
            endpoint: here(9000),
            children: [{ name: 'far', endpoint: here(9001) }],
          },
        },
      ],
    };

    test('the entry gets sidecars that the API server takes, another one labels', async () => {
      await client.create(deployment('joined', graph), WRITE);
      const entry = await client.create(pod('entry', 'joined', ['tr', 'beside']), WRITE);
      const spec = entry['spec'] as {
        initContainers: { name: string }[];
        containers: { lifecycle?: object }[];
      };
      assert.deepEqual(
        spec.initContainers.map(({ name }) => name),
        ['sidegraph-filter', 'sidegraph-envoy'],
      );
      assert.equal(entry.metadata.labels?.['seldon-app'], 'joined-main');
      assert.deepEqual(spec.containers[0]?.lifecycle, { preStop: { sleep: { seconds: 10 } } });
      const other = await client.create(pod('other', 'joined/main', ['far']), WRITE);
      assert.equal((other['spec'] as { initContainers?: unknown }).initContainers, undefined);
      assert.equal(other.metadata.labels?.['seldon-app-svc-far'], 'joined-main-far');
    });

    test('one that cannot join is refused in words', async () => {
      const error = await refusalOf(client.create(pod('lost', 'jioned', ['tr']), WRITE));
      assert.match(
        error.message,
        /the pod cannot join the graph: namespace demo has no SeldonDeployment jioned/,
      );
    });

    test('without the annotation the webhook is not even asked', async () => {
      const plain = pod('plain', '', ['x']);
      const { annotations: _, ...metadata } = plain.metadata;
      balancer.backends = [1];
      await client.create({ ...plain, metadata }, WRITE);
      balancer.backends = replicas.map(({ port }) => port);
    });

    test('a namespace that was annotated just now is not missed', async () => {
      for (let round = 0; round < 5; round += 1) {
        const namespace = `fresh-${round}`;
        await makeNamespace(namespace, { 'sidegraph.io/injection': 'enabled' });
        await client.create(deployment('joined', graph, namespace), WRITE);
        const made = await client.create(pod('entry', 'joined', ['tr'], namespace), WRITE);
        assert.equal(made.metadata.labels?.['sidegraph.io/injected'], 'true');
      }
    });

    test('in a namespace without the annotation nothing is injected', async () => {
      await makeNamespace('plain');
      await client.create(deployment('joined', graph, 'plain'), WRITE);
      const made = await client.create(pod('entry', 'joined', ['tr'], 'plain'), WRITE);
      assert.equal((made['spec'] as { initContainers?: unknown }).initContainers, undefined);
    });
  });

  describe('certificates', () => {
    test('a caBundle that somebody took away is put back', async () => {
      const name = 'sidegraph';
      const ref = {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        name,
      };
      const ops = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
      await client.patch(ref, ops, { ...WRITE, type: 'json' });
      await eventually(async () => (await readBundle(client)) !== '', 5_000);
    });

    test('a Secret that somebody removed is made again from what is served', async () => {
      const ref = { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: SECRET };
      const before = await shake(replicas[0]?.port ?? 0, undefined);
      await client.remove(ref);
      await eventually(async () => (await client.get(ref)) !== undefined, 5_000);
      const after = await shake(replicas[0]?.port ?? 0, undefined);
      // A rotation may have gone on in between, but never to an authority that nobody trusts.
      assert.ok(
        after.isTrustedBy(await readBundle(client)) || after.certificate === before.certificate,
      );
    });

    test('authorities change under traffic without one failed admission or handshake', async () => {
      const seen = {
        authorities: new Set<string>(),
        certificates: new Set<string>(),
        most: 0,
        asked: 0,
      };
      const failures: string[] = [];
      const stop = new AbortController();
      const asking = ask(stop.signal, seen, failures);
      const shaking = shakeOn(stop.signal, replicas, seen, failures);
      try {
        await eventually(
          async () => seen.certificates.size >= 3 && seen.asked > LEAST_ASKED,
          40_000,
        );
      } finally {
        stop.abort();
        await Promise.allSettled([asking, shaking]);
      }
      assert.deepEqual(failures, []);
      assert.ok(seen.authorities.size >= 3, `${seen.authorities.size} authorities`);
      assert.equal(seen.most, 2);
    });
  });
});

interface Watched {
  readonly authorities: Set<string>;
  readonly certificates: Set<string>;
  /** The most authorities that were trusted at one moment. */
  most: number;
  asked: number;
}

/** Admissions without a pause, each of which must be answered by a webhook. */
async function ask(signal: AbortSignal, seen: Watched, failures: string[]): Promise<void> {
  const dry = { ...WRITE, dryRun: true };
  while (!signal.aborted) {
    await client.create(deployment(`asked-${seen.asked}`, model()), dry).catch((error: unknown) => {
      failures.push(`admission: ${String(error)}`);
    });
    seen.asked += 1;
    await sleep(20);
  }
}

/** New handshakes with every replica, each held against the caBundle that is live before it. */
async function shakeOn(
  signal: AbortSignal,
  replicas: readonly Replica[],
  seen: Watched,
  failures: string[],
): Promise<void> {
  while (!signal.aborted) {
    const bundle = await readBundle(client);
    const authorities = bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    for (const pem of authorities) seen.authorities.add(fingerprint(pem));
    seen.most = Math.max(seen.most, authorities.length);
    for (const { port, name } of replicas) {
      const { certificate, isTrustedBy } = await shake(port, undefined);
      seen.certificates.add(certificate);
      if (!isTrustedBy(bundle)) failures.push(`handshake: ${name} serves what is not trusted`);
    }
    await sleep(50);
  }
}

interface Handshake {
  /** Fingerprint. */
  readonly certificate: string;
  isTrustedBy(bundle: string): boolean;
}

function shake(port: number, ca: string | undefined): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
    };
    const socket = connect(options, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) return reject(new Error('no certificate'));
      resolve({
        certificate: fingerprint(certificate.toString()),
        isTrustedBy: (bundle) =>
          Date.parse(certificate.validTo) > Date.now() &&
          (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).some((pem) =>
            certificate.verify(new X509Certificate(pem).publicKey),
          ),
      });
    });
    socket.on('error', reject);
  });
}

/** What both configurations trust; '' while they differ. */
async function readBundle(from: KubeClient): Promise<string> {
  const bundles = await Promise.all(
    ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map(async (kind) => {
      const ref = { apiVersion: 'admissionregistration.k8s.io/v1', kind, name: 'sidegraph' };
      const live = await from.get(ref);
      const [webhook] = (live?.['webhooks'] ?? []) as { clientConfig: { caBundle?: string } }[];
      return webhook?.clientConfig.caBundle ?? '';
    }),
  );
  return Buffer.from(bundles[0] ?? '', 'base64').toString();
}

async function eventually(check: () => Promise<boolean>, withinMs: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 50) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error(`not within ${withinMs} ms`);
}

/** The API server forgets a removed webhook a moment later. */
async function retry<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries > 40) throw error;
      await sleep(50);
    }
  }
}
