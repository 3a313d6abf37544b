// Replicas that keep the certificates of one Secret on a small API server, through failures and a whole change of authorities: at
// each moment the API server must trust what each of them serves.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { MemoryApi, MemoryClient, refusal } from '../../lib/kube/testing/memory-api.ts';
import { FakeClock, settle } from '../../testing/fake-clock.ts';
import { RecordedLog } from '../../testing/recorded-log.ts';
import { CertificateKeeper } from './keeper.ts';
import type { KeyPair } from './make.ts';
import type { Material } from './material.ts';
import { fingerprint, parseSecret } from './material.ts';

const SECRET = 'system/certificates';
const HOSTS = ['admission.system.svc'];
const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
const MINUTE_MS = 60_000;
/** Two thirds of a life are used before it is renewed. */
const LIFETIMES = { caMs: 180 * MINUTE_MS, leafMs: 60 * MINUTE_MS };
const TIMES = { settleMs: 60_000, keepPreviousMs: 300_000, seenForMs: 120_000 };
/** Longer than the longest pause between two looks. */
const LOOK_MS = 30_000;
/** Steps in which long times pass. */
const STEP_MS = 5_000;

class Replica {
  readonly client: MemoryClient;
  readonly log = new RecordedLog();
  readonly keeper: CertificateKeeper;
  /** What it serves, the first one first. */
  readonly served: KeyPair[] = [];
  readonly #stop = new AbortController();
  #run: Promise<void> = Promise.resolve();

  constructor(api: MemoryApi, clock: FakeClock, name: string, hosts = HOSTS) {
    this.client = new MemoryClient(api);
    this.keeper = new CertificateKeeper({
      client: this.client,
      namespace: 'system',
      secretName: 'certificates',
      configurationName: 'sidegraph',
      replica: name,
      hosts,
      lifetimes: LIFETIMES,
      times: TIMES,
      log: this.log,
      now: clock.now,
    });
  }

  async start(isLeader: boolean): Promise<void> {
    this.served.push(await this.keeper.load());
    this.keeper.setLeader(isLeader);
    this.#run = this.keeper.run(this.#stop.signal, (leaf) => this.served.push(leaf));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  get leaf(): KeyPair {
    const leaf = this.served.at(-1);
    assert.ok(leaf !== undefined, 'it serves something');
    return leaf;
  }
}

/** A server with the webhooks that the chart makes, and a clock. */
function open(context: TestContext): { api: MemoryApi; clock: FakeClock } {
  const api = new MemoryApi();
  for (const kind of KINDS) api.put(configuration(kind));
  return { api, clock: new FakeClock(context) };
}

function configuration(kind: string): KubeObject {
  const webhooks = ['one', 'two'].map((name) => ({ name, clientConfig: { service: { name } } }));
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'sidegraph' },
    webhooks,
  };
}

function materialOf(api: MemoryApi): Material {
  const secret = api.find('Secret', SECRET);
  const material = secret === undefined ? undefined : parseSecret(secret);
  assert.ok(material !== undefined, 'the Secret can be read');
  return material;
}

/** The bundles of all webhooks, PEM. */
function bundlesOf(api: MemoryApi): string[] {
  return KINDS.flatMap((kind) => {
    const webhooks = api.find(kind, 'sidegraph')?.['webhooks'] as readonly {
      clientConfig: { caBundle?: string };
    }[];
    return webhooks.map(({ clientConfig: { caBundle = '' } }) =>
      Buffer.from(caBundle, 'base64').toString(),
    );
  });
}

/** Whether every webhook trusts what is served. */
function isTrusted(api: MemoryApi, { cert }: KeyPair): boolean {
  const leaf = new X509Certificate(cert);
  return bundlesOf(api).every((bundle) =>
    (bundle.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []).some((pem) =>
      leaf.verify(new X509Certificate(pem).publicKey),
    ),
  );
}

function isSame(one: KeyPair, other: KeyPair): boolean {
  return fingerprint(one.cert) === fingerprint(other.cert);
}

describe('a replica that starts', () => {
  test('makes the Secret where there is none: a certificate for its hosts, signed by its authority', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    const leaf = await one.keeper.load();
    const { ca, leaf: kept } = materialOf(api);
    assert.ok(isSame(leaf, kept));
    const certificate = new X509Certificate(leaf.cert);
    assert.ok(certificate.verify(new X509Certificate(ca.cert).publicKey));
    assert.ok(certificate.checkHost('admission.system.svc'));
    assert.equal(one.keeper.serves, fingerprint(leaf.cert));
  });

  test('serves what the Secret holds already', async (context) => {
    const { api, clock } = open(context);
    const first = await new Replica(api, clock, 'one').keeper.load();
    const two = new Replica(api, clock, 'two');
    assert.ok(isSame(await two.keeper.load(), first));
    assert.deepEqual(two.client.said('create', 'replace'), []);
  });

  test('takes what another made a moment before', async (context) => {
    const { api, clock } = open(context);
    const both = ['one', 'two'].map((name) => new Replica(api, clock, name));
    const [first, second] = await Promise.all(both.map(({ keeper }) => keeper.load()));
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(isSame(first, second));
    assert.ok(isSame(first, materialOf(api).leaf));
  });

  test('serves one of its own beside a Secret that cannot be read, and leaves that as it is', async (context) => {
    const { api, clock } = open(context);
    const before = api.put(secretOf({ 'tls.crt': 'bm90IGEgY2VydGlmaWNhdGU=' }));
    const one = new Replica(api, clock, 'one');
    assert.ok(
      new X509Certificate((await one.keeper.load()).cert).checkHost('admission.system.svc'),
    );
    assert.deepEqual(api.find('Secret', SECRET), before);
  });

  test('fails where the API server cannot be asked', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    one.client.before = () => {
      throw refusal(0, 'NoAnswer');
    };
    await assert.rejects(one.keeper.load(), /NoAnswer/);
  });
});

describe('a replica that runs', () => {
  test('writes the bundle into every webhook of both configurations if it leads, and leaves the rest of them', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    await one.start(true);
    await clock.pass(LOOK_MS);
    assert.ok(isTrusted(api, one.leaf));
    const webhooks = api.find(KINDS[0], 'sidegraph')?.['webhooks'];
    const services = (webhooks as { clientConfig: { service: unknown } }[]).map(
      ({ clientConfig }) => clientConfig.service,
    );
    assert.deepEqual(services, [{ name: 'one' }, { name: 'two' }]);
    await one.stop();
  });

  test('writes nothing if it does not lead, until it does', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    await one.start(false);
    await clock.pass(2 * LOOK_MS);
    assert.deepEqual(one.client.said('apply', 'replace', 'patch'), []);
    one.keeper.setLeader(true);
    await settle();
    await clock.until(() => isTrusted(api, one.leaf), 'the bundle', 1_000);
    await one.stop();
  });

  test('has synced once it has looked at the Secret and the configurations', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    assert.equal(one.keeper.hasSynced, false);
    await one.start(false);
    await clock.pass(LOOK_MS);
    assert.equal(one.keeper.hasSynced, true);
    await one.stop();
  });

  test('puts a bundle back that somebody has changed, at once', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    await one.start(true);
    await clock.pass(LOOK_MS);
    api.put(configuration(KINDS[1]));
    assert.equal(isTrusted(api, one.leaf), false);
    await clock.until(() => isTrusted(api, one.leaf), 'the bundle');
    await one.stop();
  });

  test('puts a Secret back that somebody has removed, with what it serves', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    await one.start(true);
    await clock.pass(LOOK_MS);
    api.remove('Secret', SECRET);
    await clock.pass(LOOK_MS);
    assert.ok(isSame(materialOf(api).leaf, one.leaf));
    assert.equal(one.served.length, 1);
    assert.match(one.log.messages().join(), /gone or unreadable/);
    await one.stop();
  });

  test('mends a Secret that cannot be read if it leads, and only then', async (context) => {
    const { api, clock } = open(context);
    api.put(secretOf({}));
    const one = new Replica(api, clock, 'one');
    await one.start(false);
    await clock.pass(2 * LOOK_MS);
    assert.deepEqual(api.find('Secret', SECRET)?.['data'], {});
    one.keeper.setLeader(true);
    await clock.pass(LOOK_MS);
    assert.ok(isSame(materialOf(api).leaf, one.leaf));
    await one.stop();
  });

  test('serves another certificate from the moment that the Secret holds it', async (context) => {
    const { api, clock } = open(context);
    const [one, two] = ['one', 'two'].map((name) => new Replica(api, clock, name));
    assert.ok(one !== undefined && two !== undefined);
    await one.start(true);
    await two.start(false);
    await clock.pass(LOOK_MS);
    const first = one.leaf;
    await clock.pass((LIFETIMES.leafMs * 2) / 3, STEP_MS);
    await clock.until(() => !isSame(one.leaf, first), 'a new certificate', 1_000);
    await clock.until(() => isSame(one.leaf, two.leaf), 'the same on the other replica', 1_000);
    assert.ok(isTrusted(api, one.leaf), 'the authority is the same');
    assert.ok(two.client.said('replace').length === 0, 'the leader alone writes it');
    await one.stop();
    await two.stop();
  });

  test('gets a certificate for a host that was added', async (context) => {
    const { api, clock } = open(context);
    await new Replica(api, clock, 'before').keeper.load();
    const one = new Replica(api, clock, 'one', [...HOSTS, 'new.system.svc']);
    await one.start(true);
    await clock.pass(LOOK_MS);
    await clock.until(() => one.served.length === 2, 'a new certificate', 1_000);
    assert.ok(new X509Certificate(one.leaf.cert).checkHost('new.system.svc'));
    await one.stop();
  });

  test('goes on after a failure, which it tells; a lost race it does not', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    let error = refusal(500, 'InternalError');
    one.client.before = ({ verb }) => {
      if (verb === 'apply') throw error;
    };
    await one.start(true);
    await clock.pass(LOOK_MS);
    assert.deepEqual([...new Set(one.log.messages())], ['the certificates were not kept']);
    one.log.entries.length = 0;
    error = refusal(409, 'Conflict');
    await clock.pass(2 * LOOK_MS);
    assert.deepEqual(one.log.messages(), []);
    one.client.before = () => {};
    await clock.pass(LOOK_MS + 1);
    await clock.until(() => isTrusted(api, one.leaf), 'the bundle', 1_000);
    await one.stop();
  });

  test('ends when it is told to, in the middle of a pause', async (context) => {
    const { api, clock } = open(context);
    const one = new Replica(api, clock, 'one');
    await one.start(false);
    await clock.pass(LOOK_MS);
    await one.stop();
    assert.equal(api.watches, 0);
  });
});

describe('a change of authorities', () => {
  test('goes stage by stage, and what is served is trusted at each moment', async (context) => {
    const { api, clock } = open(context);
    const both = ['one', 'two'].map((name) => new Replica(api, clock, name));
    const [one, two] = both;
    assert.ok(one !== undefined && two !== undefined);
    await one.start(true);
    await two.start(false);
    await clock.pass(LOOK_MS);
    const first = materialOf(api).ca;
    const stages: string[] = [];
    const look = (): void => {
      const { ca, next, previousCa } = materialOf(api);
      const authority = isSame(ca, first) ? 'old' : 'new';
      const stage = `${authority}${next === undefined ? '' : ', next'}${previousCa === undefined ? '' : ', previous'}`;
      if (stages.at(-1) !== stage) stages.push(stage);
      for (const { leaf } of both) assert.ok(isTrusted(api, leaf), `trusted while ${stage}`);
    };
    // Keys are made in real time, while the clock goes on: so it is looked at each call, too.
    for (const { client } of both) client.before = look;
    for (let passedMs = 0; passedMs < LIFETIMES.caMs && stages.length < 4; passedMs += LOOK_MS) {
      await clock.pass(LOOK_MS, STEP_MS);
      look();
    }
    assert.deepEqual(stages, ['old', 'old, next', 'new, previous', 'new']);
    assert.equal(
      bundlesOf(api).every((bundle) => bundle.split('BEGIN').length === 2),
      true,
    );
    assert.ok(isSame(one.leaf, two.leaf));
    for (const each of both) await each.stop();
  });
});

function secretOf(data: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'certificates', namespace: 'system' },
    type: 'Opaque',
    data,
  };
}
