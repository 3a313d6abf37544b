// One kind of objects on a small API server, kept in a store: lists, watches that end, break or fall silent, lost history.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FakeClock, settle } from '../../testing/fake-clock.ts';
import { RecordedLog } from '../../testing/recorded-log.ts';
import type { KubeObject } from './object.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { Change } from './store.ts';
import { type ApiCall, MemoryApi, MemoryClient, refusal } from './testing/memory-api.ts';

const KIND = { apiVersion: 'v1', kind: 'ConfigMap' };
/** What the reflector has where nothing is given. */
const LEAST_MS = 800;

interface Reflecting {
  readonly api: MemoryApi;
  readonly clock: FakeClock;
  readonly client: MemoryClient;
  readonly log: RecordedLog;
  readonly reflector: Reflector;
  /** `type key`, in order; emptied by the tests. */
  readonly changes: string[];
  stop(): Promise<void>;
}

/** `before` runs before each of its calls, from the first one on. */
function start(
  context: TestContext,
  api: MemoryApi,
  options: Partial<ReflectorOptions> = {},
  before: MemoryClient['before'] = () => {},
): Reflecting {
  const clock = new FakeClock(context);
  const client = new MemoryClient(api);
  client.before = before;
  const log = new RecordedLog();
  const changes: string[] = [];
  const onChange = ({ type, key }: Change): void => void changes.push(`${type} ${key}`);
  const { now } = clock;
  // Waits are the least there are: without chance nothing is added.
  const reflector = new Reflector({
    client,
    kind: KIND,
    log,
    onChange,
    now,
    random: () => 0,
    ...options,
  });
  const stop = new AbortController();
  const run = reflector.run(stop.signal);
  return {
    api,
    clock,
    client,
    log,
    reflector,
    changes,
    async stop() {
      stop.abort();
      await run;
    },
  };
}

function configMap(name: string, more: object = {}): KubeObject {
  return { ...KIND, metadata: { name, namespace: 'n' }, ...more };
}

function apiWith(...names: readonly string[]): MemoryApi {
  const api = new MemoryApi();
  for (const name of names) api.put(configMap(name));
  return api;
}

function keysOf({ reflector }: Reflecting): string[] {
  return [...reflector.store.keys()].sort();
}

/** A `before` that fails the next call of a verb. */
function failOnce(verb: ApiCall['verb'], error: Error): MemoryClient['before'] {
  let isDue = true;
  return (call) => {
    if (!isDue || call.verb !== verb) return;
    isDue = false;
    throw error;
  };
}

describe('the first list', () => {
  test('is read page by page, and then watched from where it was made', async (context) => {
    const each = start(context, apiWith('a', 'b', 'c', 'd', 'e'), { pageSize: 2 });
    const { version } = each.api;
    assert.equal(each.reflector.hasSynced, false);
    await each.clock.until(() => each.client.said('watch').length > 0, 'a watch');
    await each.reflector.synced;
    assert.deepEqual(
      each.client.calls.map(({ verb, options: { limit, continue: from } }) => [verb, limit, from]),
      [
        ['list', 2, undefined],
        ['list', 2, '2'],
        ['list', 2, '4'],
        ['watch', undefined, undefined],
      ],
    );
    assert.equal(each.client.calls.at(-1)?.options.resourceVersion, version);
    assert.deepEqual(keysOf(each), ['n/a', 'n/b', 'n/c', 'n/d', 'n/e']);
    assert.equal(each.changes.length, 5);
    await each.stop();
  });

  test('of nothing is a list all the same', async (context) => {
    const each = start(context, apiWith());
    await each.reflector.synced;
    assert.equal(each.reflector.hasSynced, true);
    assert.equal(each.reflector.store.size, 0);
    await each.stop();
  });

  test('fills nothing before its last page is there', async (context) => {
    const page = Promise.withResolvers<void>();
    const each = start(context, apiWith('a', 'b', 'c'), { pageSize: 2 }, ({ options }) =>
      options.continue === undefined ? undefined : page.promise,
    );
    await settle();
    assert.equal(each.reflector.store.size, 0);
    assert.equal(each.reflector.hasSynced, false);
    page.resolve();
    await each.reflector.synced;
    assert.equal(each.reflector.store.size, 3);
    await each.stop();
  });

  test('is begun anew where its token expires on the way', async (context) => {
    let pages = 0;
    const each = start(context, apiWith('a', 'b', 'c'), { pageSize: 2 }, ({ verb }) => {
      if (verb === 'list' && ++pages === 2) throw refusal(410, 'Expired');
    });
    await each.clock.pass(LEAST_MS);
    assert.deepEqual(
      each.client.calls.map(({ options }) => options.continue),
      [undefined, '2', undefined, '2', undefined],
    );
    assert.deepEqual(keysOf(each), ['n/a', 'n/b', 'n/c']);
    await each.stop();
  });

  test('is tried again after a wait where the server fails; nobody is told that all is there', async (context) => {
    const each = start(context, apiWith('a'), {}, failOnce('list', refusal(500, 'InternalError')));
    await each.clock.pass(LEAST_MS - 1);
    assert.deepEqual(each.client.said(), ['list ConfigMap']);
    assert.equal(each.reflector.hasSynced, false);
    await each.clock.pass(1);
    assert.equal(each.reflector.hasSynced, true);
    assert.deepEqual(each.log.messages(), ['trying again']);
    await each.stop();
  });

  test('that never comes is told to who waits for it, when all stops', async (context) => {
    const each = start(context, apiWith('a'), {}, () => {
      throw refusal(403, 'Forbidden');
    });
    await each.clock.pass(10 * LEAST_MS);
    await each.stop();
    await assert.rejects(each.reflector.synced, /stopped before ConfigMap were listed/);
  });
});

describe('a watch', () => {
  test('brings what is made, changed and removed, in order', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.changes.length = 0;
    each.api.put(configMap('b'));
    each.api.put(configMap('a', { data: { key: 'new' } }));
    each.api.remove('ConfigMap', 'n/b');
    await settle();
    assert.deepEqual(each.changes, ['added n/b', 'modified n/a', 'deleted n/b']);
    assert.deepEqual(each.reflector.store.get('n/a')?.['data'], { key: 'new' });
    assert.deepEqual(keysOf(each), ['n/a']);
    await each.stop();
  });

  test('that ends is resumed where it was: nothing is missed, told twice or listed again', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.api.put(configMap('b'));
    await settle();
    const { version } = each.api;
    const hold = Promise.withResolvers<void>();
    each.client.before = () => hold.promise;
    each.api.endWatches();
    await settle();
    each.api.put(configMap('c'));
    each.api.remove('ConfigMap', 'n/a');
    hold.resolve();
    await each.clock.until(() => each.reflector.store.get('n/c') !== undefined, 'c');
    await settle();
    assert.deepEqual(each.client.said(), ['list ConfigMap', 'watch ConfigMap', 'watch ConfigMap']);
    assert.equal(each.client.calls.at(-1)?.options.resourceVersion, version);
    assert.deepEqual(each.changes, ['added n/a', 'added n/b', 'added n/c', 'deleted n/a']);
    await each.stop();
  });

  test('is resumed from the last bookmark, so that history need not reach back', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.api.bookmark();
    await settle();
    const { version } = each.api;
    each.api.endWatches();
    await each.clock.until(() => each.client.said('watch').length === 2, 'a second watch');
    assert.equal(each.client.calls.at(-1)?.options.resourceVersion, version);
    assert.deepEqual(each.client.said('list'), ['list ConfigMap']);
    await each.stop();
  });

  test('that breaks is resumed after a wait', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.api.breakWatches(new Error('connection reset'));
    await each.clock.pass(LEAST_MS - 1);
    assert.equal(each.client.said('watch').length, 1);
    await each.clock.pass(1);
    assert.deepEqual(each.client.said(), ['list ConfigMap', 'watch ConfigMap', 'watch ConfigMap']);
    const [said] = each.log.entries.filter(({ level }) => level === 'warn');
    assert.equal(said?.fields['error'], 'connection reset');
    await each.stop();
  });

  test('that ends at once without a word is no watch: the next waits', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.api.endWatches();
    await each.clock.pass(LEAST_MS - 1);
    assert.equal(each.api.watches, 0);
    await each.clock.pass(1);
    assert.equal(each.api.watches, 1);
    await each.stop();
  });

  test('that ended after its time is resumed at once', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    await each.clock.pass(60_000);
    each.api.endWatches();
    await settle();
    assert.equal(each.api.watches, 1);
    await each.stop();
  });

  test('lasts a while that chance draws between its bounds', async (context) => {
    const watchSeconds = { least: 100, most: 200 };
    const each = start(context, apiWith(), { watchSeconds, random: () => 0.25 });
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    assert.equal(each.client.calls.at(-1)?.options.timeoutSeconds, 125);
    await each.stop();
  });

  test('ends when all stops, and the run with it', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    await each.stop();
    assert.equal(each.api.watches, 0);
    assert.deepEqual(each.log.messages(), []);
  });
});

describe('lost history', () => {
  test('leads to a new list at once, of which only differences are told', async (context) => {
    const each = start(context, apiWith('a', 'b', 'c'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    await each.clock.pass(60_000);
    each.changes.length = 0;
    const hold = Promise.withResolvers<void>();
    each.client.before = () => hold.promise;
    each.api.endWatches();
    await settle();
    each.api.remove('ConfigMap', 'n/a');
    each.api.put(configMap('b', { data: { key: 'new' } }));
    each.api.put(configMap('d'));
    each.api.forgetHistory();
    hold.resolve();
    await each.clock.until(() => each.reflector.store.get('n/d') !== undefined, 'd');
    assert.deepEqual(each.client.said('list').length, 2);
    assert.deepEqual(each.changes.sort(), ['added n/d', 'deleted n/a', 'modified n/b']);
    assert.deepEqual(keysOf(each), ['n/b', 'n/c', 'n/d']);
    assert.deepEqual(each.log.messages('info'), ['history is gone; listing anew']);
    await each.stop();
  });

  test('is also a server whose state is older than ours', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.client.before = failOnce('watch', refusal(500, 'Too large resource version: 900'));
    each.api.breakWatches(new Error('connection reset'));
    await each.clock.pass(LEAST_MS);
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    assert.equal(each.client.said('list').length, 2);
    await each.stop();
  });

  test('is also several watches in a row in which nothing is heard, not even a bookmark', async (context) => {
    const each = start(context, apiWith('a'), { silentWatches: 2 });
    for (const lists of [1, 1, 2]) {
      await each.clock.until(() => each.api.watches > 0, 'a watch');
      assert.equal(each.client.said('list').length, lists);
      await each.clock.pass(60_000);
      each.api.endWatches();
      await settle();
    }
    await each.stop();
  });

  test('is not several watches between which something is heard', async (context) => {
    const each = start(context, apiWith('a'), { silentWatches: 2 });
    for (let round = 0; round < 6; round += 1) {
      await each.clock.until(() => each.api.watches > 0, 'a watch');
      await each.clock.pass(60_000);
      if (round % 2 === 1) each.api.bookmark();
      await settle();
      each.api.endWatches();
      await settle();
    }
    assert.equal(each.client.said('list').length, 1);
    await each.stop();
  });
});

describe('waits', () => {
  test('are longer each time the server fails, and short again once it works', async (context) => {
    const each = start(context, apiWith('a'), { random: () => 1 }, () => {
      throw refusal(503, 'ServiceUnavailable');
    });
    const waits = (): unknown[] =>
      each.log.entries
        .filter(({ level }) => level === 'warn')
        .map(({ fields }) => fields['waitMs']);
    await each.clock.pass(120_000);
    assert.deepEqual(waits().slice(0, 6), [2400, 7200, 21_600, 30_000, 30_000, 30_000]);
    each.client.before = () => {};
    await each.clock.pass(30_000);
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    each.api.put(configMap('b'));
    await settle();
    each.api.breakWatches(new Error('connection reset'));
    await settle();
    assert.equal(waits().at(-1), 2400);
    await each.stop();
  });

  test('are at least as long as the server asks for', async (context) => {
    const error = refusal(429, 'TooManyRequests', 10_000);
    const each = start(context, apiWith('a'), {}, failOnce('list', error));
    await each.clock.pass(9_999);
    assert.equal(each.reflector.hasSynced, false);
    await each.clock.pass(1);
    assert.equal(each.reflector.hasSynced, true);
    await each.stop();
  });

  test('end at once when all stops', async (context) => {
    const each = start(context, apiWith('a'), {}, () => {
      throw refusal(503, 'ServiceUnavailable');
    });
    await settle();
    await each.stop();
  });
});

describe('who listens', () => {
  test('and fails is told to the log, and the others hear of it all the same', async (context) => {
    const heard: string[] = [];
    const each = start(context, apiWith('a'), {
      onChange: () => {
        throw new Error('a bug');
      },
    });
    each.reflector.onChange(({ key }) => heard.push(key));
    await each.reflector.synced;
    assert.deepEqual(heard, ['n/a']);
    assert.deepEqual(each.log.messages(), ['a listener failed']);
    await each.stop();
  });

  test('later hears what changes from then on', async (context) => {
    const each = start(context, apiWith('a'));
    await each.clock.until(() => each.api.watches > 0, 'a watch');
    const heard: string[] = [];
    each.reflector.onChange(({ type, key }) => heard.push(`${type} ${key}`));
    each.api.put(configMap('b'));
    await settle();
    assert.deepEqual(heard, ['added n/b']);
    await each.stop();
  });
});

test('what nobody reads is dropped before it is stored, of lists and of watches', async (context) => {
  const trim = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({
    apiVersion,
    kind,
    metadata,
  });
  const each = start(context, apiWith(), { trim });
  each.api.put(configMap('a', { data: { long: 'text' } }));
  await each.clock.until(() => each.api.watches > 0, 'a watch');
  each.api.put(configMap('b', { data: { long: 'text' } }));
  await settle();
  for (const key of ['n/a', 'n/b'])
    assert.deepEqual(Object.keys(each.reflector.store.get(key) ?? {}), [
      'apiVersion',
      'kind',
      'metadata',
    ]);
  await each.stop();
});

test('only what is selected is asked for', async (context) => {
  const api = apiWith('a', 'b');
  api.put({ ...KIND, metadata: { name: 'a', namespace: 'elsewhere' } });
  const each = start(context, api, { namespace: 'n', fieldSelector: 'metadata.name=a' });
  await each.clock.until(() => each.api.watches > 0, 'a watch');
  api.put(configMap('b', { data: {} }));
  await settle();
  assert.deepEqual(keysOf(each), ['n/a']);
  for (const { options } of each.client.calls) {
    assert.deepEqual([options.namespace, options.fieldSelector], ['n', 'metadata.name=a']);
  }
  await each.stop();
});

test('its age is that of the last word from the server', async (context) => {
  const each = start(context, apiWith('a'));
  await each.clock.until(() => each.api.watches > 0, 'a watch');
  await each.clock.pass(5_000);
  assert.equal(each.reflector.ageMs, 5_000);
  each.api.bookmark();
  await settle();
  assert.equal(each.reflector.ageMs, 0);
  await each.stop();
});
