// Which replica leads, by a Lease: who holds it renews it every three seconds; who wants it takes it when it saw no renewal
// for as long as the lease lasts. Times are those of our own clock at which a change was seen, so clocks need not agree.
// Leading ends before anybody else can begin: on a failed renewal at the deadline, on a stop with a release.
import type { Log } from '../runtime/log.ts';
import { sleep } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { describeError, KubeError } from './error.ts';
import type { KubeObject } from './object.ts';
import type { Gauge } from './registry.ts';

const MANAGER = 'sidegraph-lease';
/**
 * Longer than client-go's 15, 10 and 2 s: on a starved machine a renewal takes its time, and each change of leaders makes statuses wait.
 * Requests do not depend on who leads, and a leader that is told to end gives the Lease away at once.
 */
const LEASE_MS = 40_000;
const DEADLINE_MS = 30_000;
const RETRY_MS = 3_000;
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

export interface LeaseOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Unique among the replicas: the pod's name and something random. */
  readonly identity: string;
  readonly log: Log;
  /** Label: name. */
  readonly leader?: Gauge | undefined;
  /** 40, 30 and 3 s where not given. */
  readonly leaseMs?: number;
  readonly deadlineMs?: number;
  readonly retryMs?: number;
  readonly random?: () => number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** For the times that are written, which people read. */
  readonly wallClock?: () => Date;
}

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

export class LeaseElector {
  readonly #options: LeaseOptions;
  readonly #leaseMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  readonly #now: () => number;
  /** The lease as last seen, and when it was first seen so. */
  #seen: { readonly lease: KubeObject; readonly at: number } | undefined;
  #isLeader = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#retryMs = options.retryMs ?? RETRY_MS;
    this.#now = options.now ?? (() => performance.now());
    this.#setLeader(false);
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Who holds it as far as we know; empty where nobody does. */
  get holder(): string {
    return this.#seen === undefined ? '' : readSpec(this.#seen.lease).holderIdentity;
  }

  /**
   * Competes until the signal fires. Whenever the lease is won, `lead` is called with a signal that fires when it is lost or
   * when all stops; the next round (or the release) waits until `lead` has ended.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { log, name, identity } = this.#options;
    while (!signal.aborted) {
      const acquiredAt = await this.#acquire(signal);
      if (acquiredAt === undefined) break;
      const term = new AbortController();
      this.#setLeader(true);
      log.info({ lease: name, identity }, 'leading');
      const work = lead(AbortSignal.any([signal, term.signal])).catch((error: unknown) =>
        log.error({ lease: name, error: describeError(error) }, 'what the leader does failed'),
      );
      await this.#renew(signal, acquiredAt, work);
      this.#setLeader(false);
      term.abort(new Error('the lease was lost'));
      await work;
      log.info({ lease: name, identity }, 'no longer leading');
      await this.#release();
      // Else work that ends at once would write the lease without pause.
      await sleep(this.#retryMs, signal);
    }
  }

  /** When the try that won it began; undefined when all stops. */
  async #acquire(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const triedAt = this.#now();
      if (await this.#try(signal, this.#deadlineMs)) return triedAt;
      // A little more each time differently, so that replicas do not race in step.
      const random = this.#options.random ?? Math.random;
      await sleep(this.#retryMs * (1 + random() * 0.2), signal);
    }
    return undefined;
  }

  /** Returns when the lease could not be renewed in time, belongs to another, all stops, or the work has ended by itself. */
  async #renew(signal: AbortSignal, acquiredAt: number, work: Promise<void>): Promise<void> {
    let renewedAt = acquiredAt;
    let hasEnded = false;
    const ended = work.then(() => {
      hasEnded = true;
    });
    for (;;) {
      const deadline = renewedAt + this.#deadlineMs;
      const pauseMs = Math.min(this.#retryMs, Math.max(0, deadline - this.#now()));
      await Promise.race([sleep(pauseMs, signal), ended]);
      if (signal.aborted || hasEnded) return;
      const triedAt = this.#now();
      if (triedAt >= deadline) return;
      if (await this.#try(signal, deadline - triedAt)) renewedAt = triedAt;
      else if (this.holder !== this.#options.identity) return;
    }
  }

  /** One look and, where it may be ours, one write. False when it is not ours afterwards. */
  async #try(signal: AbortSignal, timeoutMs: number): Promise<boolean> {
    const { client, namespace, name, identity, log } = this.#options;
    // Of the look and the write together: a leader must know in time that it is none.
    const limit = AbortSignal.timeout(Math.ceil(Math.min(timeoutMs, this.#deadlineMs / 2)));
    const limits = { signal: AbortSignal.any([signal, limit]) };
    try {
      const found = await client.get({ ...LEASE, namespace, name }, limits);
      if (found === undefined) {
        const metadata = { name, namespace };
        const lease = { ...LEASE, metadata, spec: this.#spec(undefined) };
        this.#observe(await client.create(lease, { manager: MANAGER, ...limits }));
        return true;
      }
      this.#observe(found);
      const spec = readSpec(found);
      if (spec.holderIdentity !== identity && spec.holderIdentity !== '' && !this.#isOver(spec))
        return false;
      const lease = { ...found, spec: this.#spec(spec) };
      this.#observe(await client.replace(lease, { manager: MANAGER, ...limits }));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof KubeError && error.isConflict))
        log.warn({ lease: name, error: describeError(error) }, 'the lease could not be written');
      return false;
    }
  }

  #observe(lease: KubeObject): void {
    const known = this.#seen?.lease.metadata.resourceVersion;
    if (known === undefined || known !== lease.metadata.resourceVersion)
      this.#seen = { lease, at: this.#now() };
  }

  #isOver(spec: LeaseSpec): boolean {
    const at = this.#seen?.at ?? this.#now();
    return this.#now() - at >= spec.leaseDurationSeconds * 1000;
  }

  #spec(before: LeaseSpec | undefined): LeaseSpec {
    const time = microTime((this.#options.wallClock ?? (() => new Date()))());
    const isOurs = before?.holderIdentity === this.#options.identity;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
      acquireTime: isOurs ? before.acquireTime : time,
      renewTime: time,
      leaseTransitions: before === undefined ? 0 : before.leaseTransitions + (isOurs ? 0 : 1),
    };
  }

  /** Lets go of a lease that is ours, so that another replica need not wait it out. */
  async #release(): Promise<void> {
    const { client, name, identity, log } = this.#options;
    const seen = this.#seen;
    if (seen === undefined || readSpec(seen.lease).holderIdentity !== identity) return;
    const spec = { ...readSpec(seen.lease), holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      const limits = { timeoutMs: this.#retryMs };
      this.#observe(await client.replace({ ...seen.lease, spec }, { manager: MANAGER, ...limits }));
    } catch (error) {
      log.warn({ lease: name, error: describeError(error) }, 'the lease could not be released');
    }
  }

  #setLeader(isLeader: boolean): void {
    this.#isLeader = isLeader;
    this.#options.leader?.set(isLeader ? 1 : 0, this.#options.name);
  }
}

/** A Date as Kubernetes's MicroTime, which has six digits and refuses three. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function readSpec(lease: KubeObject): LeaseSpec {
  const spec: Partial<LeaseSpec> =
    typeof lease.spec === 'object' && lease.spec !== null ? lease.spec : {};
  return {
    holderIdentity: spec.holderIdentity ?? '',
    leaseDurationSeconds: spec.leaseDurationSeconds ?? 1,
    acquireTime: spec.acquireTime ?? spec.renewTime ?? '',
    renewTime: spec.renewTime ?? '',
    leaseTransitions: spec.leaseTransitions ?? 0,
  };
}
