// An Envoy that is played: it refuses tables that hold certain deployments, and remembers all tables that it was sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentPart } from '../config/deployment-part.ts';
import { partKey } from '../config/snapshot.ts';
import { sketchPart } from '../testing/objects.ts';
import { findRefused } from './find-refused.ts';

function partOf(namespace: string, name: string): DeploymentPart {
  return sketchPart({ namespace, name, predictors: [{ name: 'p' }] });
}

function mapOf(parts: readonly DeploymentPart[]): Map<string, DeploymentPart> {
  return new Map(parts.map((part) => [partKey(part), part]));
}

function playEnvoy(
  isBad: (keys: ReadonlySet<string>, parts: readonly DeploymentPart[]) => boolean,
) {
  const tables: ReadonlySet<string>[] = [];
  const send = async (parts: Iterable<DeploymentPart>): Promise<string | undefined> => {
    const all = [...parts];
    const keys = new Set(all.map(partKey));
    tables.push(keys);
    return isBad(keys, all) ? 'no' : undefined;
  };
  return { send, tables };
}

test('one of two thousand is found with few tables, and none that is served is ever missing', async () => {
  const served = Array.from({ length: 1000 }, (_, at) => partOf('old', `m-${at}`));
  const fresh = Array.from({ length: 1000 }, (_, at) => partOf('new', `m-${at}`));
  const envoy = playEnvoy((keys) => keys.has('new/m-617'));
  const { refused, taken } = await findRefused({
    wanted: mapOf([...served, ...fresh]),
    taken: mapOf(served),
    isTakenLive: true,
    send: envoy.send,
  });
  assert.deepEqual([...refused], [['new/m-617', 'no']]);
  assert.equal(taken.size, 1999);
  assert.ok(envoy.tables.length <= 2 * 10 + 2, `${envoy.tables.length} tables`);
  for (const table of envoy.tables) for (const part of served) assert.ok(table.has(partKey(part)));
});

test('several are found, and of two that fail only together the younger', async () => {
  const parts = Array.from({ length: 50 }, (_, at) => partOf('demo', `m-${10 + at}`));
  const envoy = playEnvoy(
    (keys) =>
      keys.has('demo/m-11') ||
      keys.has('demo/m-59') ||
      (keys.has('demo/m-20') && keys.has('demo/m-40')),
  );
  const { refused } = await findRefused({
    wanted: mapOf(parts),
    taken: new Map(),
    isTakenLive: false,
    send: envoy.send,
  });
  assert.deepEqual([...refused.keys()].sort(), ['demo/m-11', 'demo/m-40', 'demo/m-59']);
});

test('an older form that Envoy does not take any more is tried like everything else', async () => {
  const old = partOf('demo', 'bad');
  const good = partOf('demo', 'good');
  const envoy = playEnvoy((keys) => keys.has('demo/bad'));
  const { refused, taken } = await findRefused({
    wanted: mapOf([old, good]),
    taken: mapOf([old]),
    isTakenLive: false,
    send: envoy.send,
  });
  assert.deepEqual([...refused.keys()], ['demo/bad']);
  assert.deepEqual([...taken.keys()], ['demo/good']);
});

test('a deployment whose new form is refused keeps the one that it had', async () => {
  const before = partOf('demo', 'm');
  const after = partOf('demo', 'm');
  const envoy = playEnvoy((_keys, parts) => parts.includes(after));
  const { refused, taken } = await findRefused({
    wanted: mapOf([after]),
    taken: mapOf([before]),
    isTakenLive: true,
    send: envoy.send,
  });
  assert.deepEqual([...refused.keys()], ['demo/m']);
  assert.equal(taken.get('demo/m'), before);
});

test('a namespace of many that are refused holds no other namespace up', async () => {
  const parts = ['a', 'b', 'c'].flatMap((namespace) =>
    Array.from({ length: 500 }, (_, at) => partOf(namespace, `m-${at}`)),
  );
  const envoy = playEnvoy((keys) => [...keys].some((key) => key.startsWith('b/')));
  const { refused, taken } = await findRefused({
    wanted: mapOf(parts),
    taken: new Map(),
    isTakenLive: false,
    send: envoy.send,
  });
  assert.equal(refused.size, 500);
  assert.equal(taken.size, 1000);
  assert.ok(envoy.tables.length < 100, `${envoy.tables.length} tables`);
});
