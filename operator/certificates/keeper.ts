// Keeps the certificates: makes the Secret or reads the one that another replica made, serves what it holds from the moment
// it changes, and on the leader applies the caBundle and takes the next step of a rotation.
import type { Log } from '../../lib/runtime/log.ts';
import { sleep } from '../../lib/kube/backoff.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { describeError, KubeError } from '../../lib/kube/error.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Reflector } from '../../lib/kube/reflector.ts';
import type { WatchMetrics } from '../../lib/kube/metrics.ts';
import { listTrusted, renderCaBundle } from './ca-bundle.ts';
import type { KeyPair, Lifetimes } from './make.ts';
import { makeAuthority, makeLeaf } from './make.ts';
import { fingerprint, parseSecret, renderSecret, trustedBundle } from './material.ts';
import type { Material } from './material.ts';
import type { RotationTimes, RotationStep } from './rotation.ts';
import { isRotating, nextStep } from './rotation.ts';
import { dropOldSeen, parseSeen, renderSeen, seenKey } from './seen.ts';

export interface KeeperOptions {
  readonly client: Pick<
    KubeClient,
    'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'apply'
  >;
  readonly namespace: string;
  readonly secretName: string;
  /** Name of the mutating and of the validating configuration. */
  readonly configurationName: string;
  /** Name of this pod. */
  readonly replica: string;
  /** What the API server calls us by. */
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly times: RotationTimes;
  readonly log: Log;
  readonly metrics?: WatchMetrics | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const MANAGER = 'sidegraph-certificates';
const CONFIGURATIONS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
/** How often is looked when nothing changes; changes are heard of at once. */
const IDLE_MS = 30_000;
const BUSY_MS = 5_000;

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #secrets: Reflector;
  readonly #configurations: readonly Reflector[];
  #material: Material | undefined;
  #serves = '';
  #isLeader = false;
  #isKept = false;
  #isAwake = Promise.withResolvers<void>();
  #onLeaf: (leaf: KeyPair) => void = () => {};

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { client, log, metrics, namespace } = options;
    const open = (apiVersion: string, kind: string, name: string, within?: string): Reflector =>
      new Reflector({
        client,
        kind: { apiVersion, kind },
        namespace: within,
        fieldSelector: `metadata.name=${name}`,
        onChange: () => this.#wake(),
        log,
        metrics,
      });
    this.#secrets = open('v1', 'Secret', options.secretName, namespace);
    this.#configurations = CONFIGURATIONS.map((kind) =>
      open('admissionregistration.k8s.io/v1', kind, options.configurationName),
    );
  }

  /** The certificate to start with: the Secret's, or one made now. Throws when the API server cannot be asked. */
  async load(): Promise<KeyPair> {
    const { client, namespace, secretName: name } = this.#options;
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name };
    const found = (await client.get(ref)) ?? (await this.#create(await this.#make()));
    const parsed = found === undefined ? undefined : parseSecret(found);
    // A Secret that cannot be read is mended by the leader; until then we serve what we made.
    this.#material = parsed ?? (await this.#make());
    this.#serves = fingerprint(this.#material.leaf.cert);
    return this.#material.leaf;
  }

  /** Whether what is served is what the Secret holds, and the caches that the leader's work needs are filled. */
  get hasSynced(): boolean {
    if (!this.#isKept) return false;
    return [this.#secrets, ...this.#configurations].every((reflector) => reflector.hasSynced);
  }

  /** What is served now: fingerprint of the certificate. */
  get serves(): string {
    return this.#serves;
  }

  /** Only the leader writes certificates and caBundles. */
  setLeader(isLeader: boolean): void {
    this.#isLeader = isLeader;
    this.#wake();
  }

  /** Works until the signal fires. `onLeaf` is told of every certificate after the first one. */
  async run(signal: AbortSignal, onLeaf: (leaf: KeyPair) => void): Promise<void> {
    this.#onLeaf = onLeaf;
    const reflecting = [this.#secrets, ...this.#configurations].map((each) => each.run(signal));
    while (!signal.aborted) {
      const changed = this.#isAwake.promise;
      try {
        if (this.#secrets.hasSynced) await this.#look();
      } catch (error) {
        const { log } = this.#options;
        const isRace = error instanceof KubeError && error.isConflict;
        if (!isRace) log.warn({ error: describeError(error) }, 'the certificates were not kept');
      }
      const isBusy = this.#material === undefined || isRotating(this.#material);
      const { lifetimes, times } = this.#options;
      const busyMs = Math.min(BUSY_MS, times.settleMs / 4);
      const idleMs = Math.min(IDLE_MS, lifetimes.leafMs / 30);
      const idle = new AbortController();
      await Promise.race([
        changed,
        sleep(isBusy ? busyMs : idleMs, AbortSignal.any([signal, idle.signal])),
      ]);
      idle.abort();
    }
    await Promise.all(reflecting);
  }

  #wake(): void {
    const awake = this.#isAwake;
    this.#isAwake = Promise.withResolvers();
    awake.resolve();
  }

  async #look(): Promise<void> {
    const { log, namespace, secretName } = this.#options;
    const secret = this.#secrets.store.get(`${namespace}/${secretName}`);
    const material = secret === undefined ? undefined : parseSecret(secret);
    if (secret === undefined || material === undefined) {
      log.warn({ secret: secretName }, 'the Secret of the certificates is gone or unreadable');
      await this.#mend(secret);
      return;
    }
    this.#material = material;
    this.#serve(material.leaf);
    this.#isKept = true;
    const configurations = this.#liveConfigurations();
    if (isRotating(material)) await this.#tellSeen(secret, listTrusted(configurations));
    if (!this.#isLeader) return;
    await this.#applyBundles(configurations, trustedBundle(material));
    const { hosts, times, now } = this.#options;
    const seen = parseSeen(secret);
    await this.#take(nextStep({ material, hosts, seen, nowMs: now(), times }), secret, material);
  }

  #serve(leaf: KeyPair): void {
    const served = fingerprint(leaf.cert);
    if (served === this.#serves) return;
    this.#onLeaf(leaf);
    this.#serves = served;
    this.#options.log.info({ certificate: served }, 'serving a new certificate');
  }

  /** Puts back what we serve, so that nobody notices; an unreadable Secret is the leader's. */
  async #mend(secret: KubeObject | undefined): Promise<void> {
    const material = this.#material ?? (await this.#make());
    if (secret === undefined) await this.#create(material);
    else if (this.#isLeader) await this.#write(secret, material);
  }

  async #tellSeen(secret: KubeObject, trusts: readonly string[]): Promise<void> {
    const { client, replica, now, times } = this.#options;
    const nowMs = now();
    const mine = { serves: this.#serves, trusts, atMs: nowMs };
    const key = seenKey(replica);
    const last = parseSeen(secret).find((each) => seenKey(each.replica) === key);
    const isSame = last?.serves === mine.serves && last.trusts.join() === trusts.join();
    if (isSame && nowMs - last.atMs < times.seenForMs / 3) return;
    const annotations = {
      ...dropOldSeen(secret, nowMs - 10 * times.seenForMs),
      [key]: renderSeen(mine),
    };
    const { namespace, name } = secret.metadata;
    const ref = {
      apiVersion: 'v1',
      kind: 'Secret',
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    await client.patch(ref, { metadata: { annotations } }, { manager: MANAGER, type: 'merge' });
  }

  async #applyBundles(configurations: readonly KubeObject[], bundle: string): Promise<void> {
    const { client, log } = this.#options;
    for (const live of configurations) {
      const wanted = renderCaBundle(live, bundle);
      if (wanted === undefined) continue;
      await client.apply(wanted, { manager: MANAGER, force: true });
      log.info({ kind: live.kind, name: live.metadata.name }, 'applied the caBundle');
    }
  }

  async #take(step: RotationStep, secret: KubeObject, material: Material): Promise<void> {
    const { hosts, lifetimes, now, log } = this.#options;
    if (step.kind === 'none') return;
    log.info({ step: step.kind }, 'the certificates go on');
    const stageMs = now();
    switch (step.kind) {
      case 'renew-leaf': {
        const leaf = await makeLeaf(material.ca, hosts, stageMs, lifetimes);
        return this.#write(secret, { ...material, leaf });
      }
      case 'stage-next': {
        const { ca, leaf } = await this.#make();
        return this.#write(secret, { ...material, next: { ca, leaf }, stageMs });
      }
      case 'serve-next': {
        if (material.next === undefined) return;
        const { ca, leaf } = material.next;
        return this.#write(secret, {
          ca,
          leaf,
          next: undefined,
          previousCa: material.ca.cert,
          stageMs,
        });
      }
      case 'drop-previous':
        return this.#write(secret, { ...material, previousCa: undefined, stageMs });
    }
  }

  async #make(): Promise<Material> {
    const { hosts, lifetimes, now } = this.#options;
    const stageMs = now();
    const ca = await makeAuthority(stageMs, lifetimes);
    const leaf = await makeLeaf(ca, hosts, stageMs, lifetimes);
    return { ca, leaf, next: undefined, previousCa: undefined, stageMs };
  }

  /** The Secret as it is then: ours, or that of the replica that was first. */
  async #create(material: Material): Promise<KubeObject | undefined> {
    const { client, namespace, secretName: name } = this.#options;
    const labels = { 'app.kubernetes.io/name': 'sidegraph' };
    try {
      return await client.create(renderSecret(material, { name, namespace, labels }), {
        manager: MANAGER,
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.isConflict)) throw error;
      return client.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    }
  }

  /** Fails with 409 when somebody wrote in between: the next look sees it. */
  async #write(secret: KubeObject, material: Material): Promise<void> {
    const { managedFields: _, ...metadata } = secret.metadata;
    await this.#options.client.replace(renderSecret(material, metadata), { manager: MANAGER });
  }

  #liveConfigurations(): KubeObject[] {
    return this.#configurations.flatMap((reflector) => [...reflector.store.values()]);
  }
}
