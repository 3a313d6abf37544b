import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTAINERS, LABELS } from '../../cluster/names.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { LiveNoteCode } from './notes.ts';
import type { PodStatus } from './pod-streams.ts';
import { canTell, describeWatched, spread, trafficOf, withTraffic } from './watched-pods.ts';

interface PodFacts {
  readonly predictor?: string;
  readonly injected?: boolean;
  readonly started?: boolean;
}

function pod(name: string, facts: PodFacts = {}): KubeObject {
  const { predictor = 'main', injected = true, started = true } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'demo',
      labels: {
        [LABELS.predictor]: predictor,
        ...(injected ? { [LABELS.injected]: 'true' } : {}),
      },
    },
    status: {
      phase: 'Running',
      initContainerStatuses: [{ name: CONTAINERS.filter, started }],
    },
  };
}

const TRAFFIC = [
  { name: 'main', percent: 75, shadow: false },
  { name: 'next', percent: 25, shadow: false },
];
const LIVE: PodStatus = { state: 'live', why: '', code: undefined };
const silent = (code: LiveNoteCode, why: string): PodStatus => ({ state: 'silent', why, code });

function describe(pods: readonly KubeObject[], statuses: Readonly<Record<string, PodStatus>>) {
  const { entries, notes } = describeWatched(pods, TRAFFIC, (name) => statuses[name], 'demo');
  return {
    entries: entries.map(({ name, state, why }) => [name, state, why]),
    notes: notes.map(({ code, message, advice }) => ({ code, message, advice })),
  };
}

test('pods that tell are there without a word', () => {
  assert.deepEqual(describe([pod('a'), pod('b', { predictor: 'next' })], { a: LIVE, b: LIVE }), {
    entries: [
      ['a', 'live', ''],
      ['b', 'live', ''],
    ],
    notes: [],
  });
});

test('what is forbidden is said once for all pods, with the rule that is missing', () => {
  const forbidden = silent('FORWARD_FORBIDDEN', 'pods "a" is forbidden');
  const pods = ['a', 'b', 'c', 'd'];
  const { notes } = describe(
    pods.map((name) => pod(name)),
    Object.fromEntries(pods.map((name) => [name, forbidden])),
  );
  assert.equal(notes.length, 1);
  assert.equal(notes[0]?.code, 'FORWARD_FORBIDDEN');
  assert.equal(notes[0]?.message, 'a, b, c and 1 more: pods "a" is forbidden');
  assert.match(
    notes[0]?.advice ?? '',
    /\{apiGroups: \[""\], resources: \[pods\/portforward\], verbs: \[get, create\]\}.*kubectl create rolebinding .* -n demo/,
  );
});

test('one pod with older sidecars is told, and the others go on', () => {
  const { entries, notes } = describe([pod('new'), pod('old')], {
    new: LIVE,
    old: silent('POD_SILENT', 'its sidecars do not listen on port 15025'),
  });
  assert.deepEqual(entries, [
    ['new', 'live', ''],
    ['old', 'silent', 'its sidecars do not listen on port 15025'],
  ]);
  assert.deepEqual(
    notes.map(({ code }) => code),
    ['POD_SILENT'],
  );
});

test('a predictor whose pods have no sidecars is told; further pods of one that has some are not', () => {
  const bare = pod('bare', { predictor: 'next', injected: false });
  const unit = pod('unit', { injected: false });
  const { entries, notes } = describe([pod('entry'), unit, bare], { entry: LIVE });
  assert.deepEqual(entries, [
    ['entry', 'live', ''],
    ['bare', 'silent', 'it has no sidecars'],
  ]);
  assert.deepEqual(
    notes.map(({ code }) => code),
    ['NOT_INJECTED'],
  );
  assert.match(notes[0]?.advice ?? '', /kubectl annotate namespace demo/);
});

test('a pod that is starting is no trouble, and one too many is', () => {
  const starting = pod('starting', { started: false });
  assert.equal(canTell(starting), false);
  const { entries, notes } = describe([starting, pod('more')], {});
  assert.deepEqual(entries, [
    ['starting', 'silent', 'its sidecars have not started'],
    ['more', 'silent', 'not watched'],
  ]);
  assert.deepEqual(
    notes.map(({ code, message }) => [code, message.slice(0, 30)]),
    [['PODS_LEFT_OUT', '1 of 2 pods are not watched, a']],
  );
});

test('of many pods some of each predictor are watched', () => {
  const pods = [...'aaaaaaab'].map((group, at) => ({ group, at }));
  const chosen = spread(pods, ({ group }) => group, 4);
  assert.deepEqual(
    chosen.map(({ group, at }) => `${group}${at}`),
    ['a0', 'b7', 'a1', 'a2'],
  );
  assert.equal(spread(pods, ({ group }) => group, 99).length, 8);
});

test('shares are those of the status, and before there is one those that are written', () => {
  const spec = {
    predictors: [
      { name: 'main', traffic: 60 },
      { name: 'next', traffic: 40 },
      { name: 'copy', shadow: true },
    ],
  };
  const object = { apiVersion: 'x', kind: 'y', metadata: { name: 'iris' }, spec };
  const status = { predictors: [{ name: 'main', traffic: 75, ready: true }] };
  assert.deepEqual(trafficOf({ ...object, status }), [
    { name: 'main', percent: 75, shadow: false },
    { name: 'next', percent: 40, shadow: false },
    { name: 'copy', percent: 0, shadow: true },
  ]);
  assert.deepEqual(trafficOf(undefined), []);
  const predictor = {
    name: 'next',
    plan: '',
    percent: 100,
    shadow: false,
    predictions: [],
    feedback: [],
    units: [],
  };
  const shape = {
    namespace: 'demo',
    deployment: 'iris',
    predictors: [predictor, { ...predictor, name: 'other' }],
  };
  assert.deepEqual(
    withTraffic(shape, TRAFFIC).predictors.map(({ name, percent }) => [name, percent]),
    [
      ['next', 25],
      ['other', 100],
    ],
  );
});
