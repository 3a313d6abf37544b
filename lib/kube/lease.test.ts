// Replicas compete for one Lease on a small API server, in time that passes only as the tests say: who leads, from when to when.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FakeClock, settle } from '../../testing/fake-clock.ts';
import { RecordedLog } from '../../testing/recorded-log.ts';
import { LeaseElector, type LeaseOptions, microTime } from './lease.ts';
import type { KubeObject } from './object.ts';
import { Registry } from './registry.ts';
import { MemoryApi, MemoryClient, refusal } from './testing/memory-api.ts';

const KEY = 'system/leader';
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
/** What the elector has where nothing is given. */
const LEASE_MS = 40_000;
const DEADLINE_MS = 30_000;
const RETRY_MS = 3_000;

interface Replica {
  readonly elector: LeaseElector;
  readonly client: MemoryClient;
  readonly log: RecordedLog;
  /** When it began and when it was told to end leading, milliseconds of the clock. */
  readonly terms: { from: number; to?: number }[];
  stop(): Promise<void>;
}

/** Starts a replica; `work` is what it does while it leads: by default it waits until it is told to end. */
function start(
  api: MemoryApi,
  clock: FakeClock,
  identity: string,
  options: Partial<LeaseOptions> = {},
  work: (signal: AbortSignal) => Promise<void> = untilAborted,
): Replica {
  const client = new MemoryClient(api);
  const log = new RecordedLog();
  const { now } = clock;
  const name = { namespace: 'system', name: 'leader' };
  const elector = new LeaseElector({
    client,
    ...name,
    identity,
    log,
    now,
    random: () => 0,
    ...options,
  });
  const terms: Replica['terms'] = [];
  const stop = new AbortController();
  const run = elector.run(stop.signal, async (signal) => {
    const term: Replica['terms'][number] = { from: now() };
    terms.push(term);
    signal.addEventListener('abort', () => (term.to = now()), { once: true });
    await work(signal);
  });
  return {
    elector,
    client,
    log,
    terms,
    async stop() {
      stop.abort();
      await run;
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

function specOf(api: MemoryApi): Readonly<Record<string, unknown>> {
  return (api.find('Lease', KEY)?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** A lease that somebody holds who may be dead. Its times are of another clock. */
function heldBy(holderIdentity: string): KubeObject {
  return {
    ...LEASE,
    metadata: { name: 'leader', namespace: 'system' },
    spec: {
      holderIdentity,
      leaseDurationSeconds: 40,
      acquireTime: '2031-01-01T00:00:00.000000Z',
      renewTime: '2031-01-01T00:00:00.000000Z',
      leaseTransitions: 4,
    },
  };
}

function open(context: TestContext): { api: MemoryApi; clock: FakeClock } {
  return { api: new MemoryApi(), clock: new FakeClock(context) };
}

describe('who wants the lease', () => {
  test('makes it where there is none, and leads', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    assert.equal(one.elector.isLeader, false);
    await settle();
    assert.equal(one.elector.isLeader, true);
    assert.equal(one.elector.holder, 'one');
    const time = microTime(new Date(clock.now()));
    assert.match(time, /\.\d{6}Z$/);
    assert.deepEqual(specOf(api), {
      holderIdentity: 'one',
      leaseDurationSeconds: LEASE_MS / 1000,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    });
    await one.stop();
  });

  test('waits while the holder renews it, however long', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await settle();
    const two = start(api, clock, 'two');
    await clock.pass(5 * LEASE_MS);
    assert.equal(one.elector.isLeader, true);
    assert.equal(two.elector.isLeader, false);
    assert.equal(two.elector.holder, 'one');
    assert.deepEqual(two.client.said('create', 'replace'), []);
    const { acquireTime, renewTime } = specOf(api);
    assert.ok(String(renewTime) > String(acquireTime), 'a renewal keeps the time of the first');
    await one.stop();
    await two.stop();
  });

  test('takes one that nobody renews when it has lasted, by its own clock, and not before', async (context) => {
    const { api, clock } = open(context);
    api.put(heldBy('dead'));
    const two = start(api, clock, 'two');
    await clock.pass(LEASE_MS - 1);
    assert.equal(two.elector.isLeader, false);
    await clock.pass(RETRY_MS + 1);
    assert.equal(two.elector.isLeader, true);
    assert.equal(specOf(api)['leaseTransitions'], 5);
    assert.equal(specOf(api)['acquireTime'], specOf(api)['renewTime']);
    await two.stop();
  });

  test('waits anew after each renewal that it sees', async (context) => {
    const { api, clock } = open(context);
    api.put(heldBy('slow'));
    const two = start(api, clock, 'two');
    await clock.pass(LEASE_MS - RETRY_MS);
    api.put(heldBy('slow'));
    await clock.pass(LEASE_MS - RETRY_MS);
    assert.equal(two.elector.isLeader, false);
    await clock.pass(3 * RETRY_MS);
    assert.equal(two.elector.isLeader, true);
    await two.stop();
  });

  test('takes one that was given away at its next try', async (context) => {
    const { api, clock } = open(context);
    api.put(heldBy(''));
    const two = start(api, clock, 'two');
    await settle();
    assert.equal(two.elector.isLeader, true);
    await two.stop();
  });

  test('at the same time as another gets it alone, and the other waits without a complaint', async (context) => {
    const { api, clock } = open(context);
    const both = ['one', 'two'].map((identity) => start(api, clock, identity));
    await clock.pass(2 * LEASE_MS);
    assert.deepEqual(
      both.map(({ elector }) => elector.isLeader),
      [true, false],
    );
    for (const { log } of both) assert.deepEqual(log.messages(), []);
    await Promise.all(both.map((each) => each.stop()));
  });

  test('tries again where the server fails, and says so', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    let fails = true;
    one.client.before = () => {
      if (fails) throw refusal(503, 'ServiceUnavailable');
    };
    await clock.pass(RETRY_MS);
    assert.equal(one.elector.isLeader, false);
    assert.deepEqual([...new Set(one.log.messages())], ['the lease could not be written']);
    fails = false;
    await clock.pass(RETRY_MS);
    assert.equal(one.elector.isLeader, true);
    await one.stop();
  });
});

describe('who leads', () => {
  test('ends at the deadline when it cannot renew, before anybody else begins', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await settle();
    const two = start(api, clock, 'two');
    await clock.pass(10_000);
    const [term] = one.terms;
    assert.ok(term !== undefined);
    one.client.before = () => {
      throw refusal(0, 'NoAnswer');
    };
    const failsFrom = clock.now();
    await clock.pass(LEASE_MS + 3 * RETRY_MS);
    assert.ok(term.to !== undefined, 'its work was told to end');
    assert.ok(term.to >= failsFrom + DEADLINE_MS - RETRY_MS && term.to <= failsFrom + DEADLINE_MS);
    assert.equal(one.elector.isLeader, false);
    assert.equal(two.elector.isLeader, true);
    assert.ok((two.terms[0]?.from ?? 0) > term.to);
    await one.stop();
    await two.stop();
  });

  test('goes on where a renewal works again before the deadline', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await settle();
    one.client.before = () => {
      throw refusal(500, 'InternalError');
    };
    await clock.pass(DEADLINE_MS - 2 * RETRY_MS);
    one.client.before = () => {};
    await clock.pass(2 * DEADLINE_MS);
    assert.equal(one.elector.isLeader, true);
    assert.equal(one.terms.length, 1);
    await one.stop();
  });

  test('breaks a call off that hangs, and ends at the deadline all the same', async (context) => {
    const { api, clock } = open(context);
    // What ends a call that hangs is a real timer.
    const one = start(api, clock, 'one', { deadlineMs: 100, retryMs: 20 });
    await settle();
    let broken = 0;
    one.client.before = async ({ options: { signal } }) => {
      // The release is bounded by the client itself.
      if (signal === undefined) throw refusal(0, 'Timeout');
      await untilAborted(signal);
      broken += 1;
    };
    await clock.pass(20);
    await clock.until(() => broken > 0, 'the call is broken off');
    assert.equal(one.elector.isLeader, true);
    await clock.until(() => one.terms[0]?.to !== undefined, 'its work is told to end', 1);
    assert.equal(one.elector.isLeader, false);
    await one.stop();
  });

  test('ends at once when it finds another holder, and leaves the lease to that one', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await clock.pass(RETRY_MS);
    api.put(heldBy('other'));
    await clock.pass(RETRY_MS);
    assert.equal(one.elector.isLeader, false);
    assert.ok(one.terms[0]?.to !== undefined);
    assert.equal(specOf(api)['holderIdentity'], 'other');
    await one.stop();
    assert.equal(specOf(api)['holderIdentity'], 'other');
  });

  test('makes the lease anew when somebody removed it, and leads on', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await settle();
    api.remove('Lease', KEY);
    await clock.pass(2 * RETRY_MS);
    assert.equal(specOf(api)['holderIdentity'], 'one');
    assert.equal(one.terms.length, 1);
    await one.stop();
  });

  test('is 1 in the metrics, and everybody else 0', async (context) => {
    const { api, clock } = open(context);
    const registry = new Registry();
    const leader = registry.gauge('leader', 'Who leads.', 'name');
    const one = start(api, clock, 'one', { leader });
    assert.match(registry.render(), /leader\{name="leader"\} 0/);
    await settle();
    assert.match(registry.render(), /leader\{name="leader"\} 1/);
    await one.stop();
    assert.match(registry.render(), /leader\{name="leader"\} 0/);
  });
});

describe('a leader that is told to stop', () => {
  test('gives the lease away once its work has ended, so that the next need not wait', async (context) => {
    const { api, clock } = open(context);
    const work = Promise.withResolvers<void>();
    const one = start(api, clock, 'one', {}, () => work.promise);
    await settle();
    const two = start(api, clock, 'two');
    await settle();
    const stopped = one.stop();
    await clock.pass(2 * RETRY_MS);
    assert.equal(one.elector.isLeader, false);
    assert.equal(specOf(api)['holderIdentity'], 'one', 'its work still runs');
    assert.equal(two.elector.isLeader, false);
    work.resolve();
    await stopped;
    assert.equal(specOf(api)['holderIdentity'], '');
    await clock.pass(RETRY_MS);
    assert.equal(two.elector.isLeader, true);
    await two.stop();
  });

  test('stops all the same when the lease cannot be given away, and says so', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one');
    await settle();
    one.client.before = () => {
      throw refusal(500, 'InternalError');
    };
    await one.stop();
    assert.deepEqual(one.log.messages(), ['the lease could not be released']);
  });

  test('stops at once while it waits for another', async (context) => {
    const { api, clock } = open(context);
    api.put(heldBy('other'));
    const two = start(api, clock, 'two');
    await settle();
    await two.stop();
    assert.deepEqual(two.terms, []);
    assert.equal(specOf(api)['holderIdentity'], 'other');
  });
});

describe('work of the leader', () => {
  test('that fails is told, gives the lease away and is tried again after a pause', async (context) => {
    const { api, clock } = open(context);
    let tries = 0;
    const one = start(api, clock, 'one', {}, async (signal) => {
      tries += 1;
      if (tries === 1) throw new Error('no work today');
      await untilAborted(signal);
    });
    await settle();
    assert.equal(one.elector.isLeader, false);
    assert.equal(specOf(api)['holderIdentity'], '');
    const said = one.log.entries.find(({ level }) => level === 'error');
    assert.equal(said?.message, 'what the leader does failed');
    assert.equal(said.fields['error'], 'no work today');
    await clock.pass(RETRY_MS);
    assert.equal(one.elector.isLeader, true);
    assert.equal(tries, 2);
    await one.stop();
  });

  test('that ends by itself writes the lease once a pause, not without end', async (context) => {
    const { api, clock } = open(context);
    const one = start(api, clock, 'one', {}, async () => {});
    await clock.pass(10 * RETRY_MS);
    assert.ok(one.terms.length >= 9 && one.terms.length <= 11, `${one.terms.length} terms`);
    await one.stop();
  });
});
