// Live data of a deployment in the cluster: what `top` and `tap` tell is what was sent through the gateway, with the rights of the
// documented role and no others, while pods come and go; and nothing of it is on the pods' network.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PORTS } from '../../cluster/names.ts';
import type { LiveRequest } from '../../sidecar/live/requests.ts';
import type { LiveState, NamespaceState } from '../../sidecar/live/state.ts';
import { readEvents } from '../../cli/cluster/read-events.ts';
import { findViolations } from '../harness/axe.ts';
import { findChromium, openPage, type Page } from '../harness/browser.ts';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  installChart,
  pause,
  predict,
} from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import {
  apply,
  KUBECONFIG,
  kubectl,
  run,
  type Ran,
  ROOT,
  until,
  whyNoCluster,
} from './harness/kubectl.ts';
import { podsOf } from './harness/pods.ts';

const NAMESPACE = 'live';
const NAME = 'watched';
const SIDEGRAPH = join(ROOT, 'bin/sidegraph');
const SENT = 60;
const LIVE_LOG_SIZE = `console.log(require('node:fs').statSync('/run/sidegraph/live.log').size)`;

/** A walk for one predictor, so that its calls are seen too; Envoy alone for the other. */
function watched(replicas: number): object {
  return seldonDeployment(NAME, [
    {
      name: 'main',
      traffic: 75,
      replicas,
      graph: {
        name: 'scaler',
        model: 'Scaler',
        type: 'TRANSFORMER',
        children: [iris('logistic')],
      },
    },
    { name: 'next', traffic: 25, graph: iris('bayes') },
  ]);
}

describe('live data of a deployment', { skip: whyNoCluster() }, () => {
  let dir: string;
  const configs: Record<string, string> = {};
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
    dir = mkdtempSync(join(tmpdir(), 'sidegraph-live-'));
    await apply(NAMESPACE, ...['watcher', 'reader', 'stranger'].map(account));
    await bind('watcher', 'sidegraph-watch-seldondeployments');
    await bind('reader', 'view');
    for (const name of ['watcher', 'reader', 'stranger']) configs[name] = await configOf(name, dir);
    await deploy(NAMESPACE, watched(1), 240_000);
    await answers(NAMESPACE, NAME);
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await deleteNamespace(NAMESPACE);
  });

  const as = (who: string, command: string, ...args: readonly string[]): readonly string[] => [
    command,
    '-n',
    NAMESPACE,
    NAME,
    '--kubeconfig',
    configs[who] ?? '',
    ...args,
  ];

  test('what top and tap tell is what was sent, with the rights of the role', async () => {
    const top = follow<LiveState>(as('watcher', 'top', '-o', 'json'));
    const tap = follow<LiveRequest>(as('watcher', 'tap', '-o', 'json'));
    try {
      await until('both pods tell', async () => {
        const pods = top.last()?.pods ?? [];
        return pods.length === 2 && pods.every(({ state }) => state === 'live');
      });
      // The tap begins as the top does; a request that it has shows that it has begun.
      await until('the tap sees requests of both predictors', async () => {
        await predict(NAMESPACE, NAME);
        return new Set(tap.all.map(({ predictor }) => predictor)).size === 2;
      });
      await pause(2500);
      const before = totals(top.last());
      const seen = tap.all.length;
      const sent = new Set<string>();
      for (let at = 0; at < SENT; at++) {
        const response = await predict(NAMESPACE, NAME);
        assert.equal(response.status, 200, response.text);
        sent.add(String(at));
        if (at % 10 === 0) await pause(200);
      }
      await until('the tap has them all', async () => tap.all.length === seen + sent.size, 15_000);
      const fresh = tap.all.slice(seen);
      await until(
        'the top has them all',
        async () => sum(totals(top.last())) === sum(before) + SENT,
        15_000,
      );
      const pods = await podsOf(NAMESPACE, NAME);
      for (const request of fresh) {
        assert.equal(request.status, 200);
        assert.ok(
          pods.some(({ name }) => name === request.pod),
          request.pod,
        );
        assert.equal(request.unit, 'classifier');
        assert.match(request.path, /\/api\/v1\.0\/predictions$/);
      }
      const walked = fresh.filter(({ predictor }) => predictor === 'main');
      assert.ok(walked.length > 0 && walked.length < SENT);
      assert.ok(walked.some(({ calls }) => calls.some(({ unit }) => unit === 'scaler')));
      const counted = totals(top.last());
      assert.equal((counted['main'] ?? 0) - (before['main'] ?? 0), walked.length);
      const state = top.last();
      assert.deepEqual(state?.predictors.map(({ name, percent }) => [name, percent]).toSorted(), [
        ['main', 75],
        ['next', 25],
      ]);
      assert.deepEqual(state?.notes, []);
      assert.ok(
        top.all.some(({ predictors }) => predictors.some(({ perSecond }) => perSecond > 0)),
      );
    } finally {
      top.end();
      tap.end();
    }
  });

  test('nothing is written when nobody looks, nor for the top', async () => {
    // What Envoy still holds comes within a second, and a watcher that is gone is noticed at once.
    await pause(3000);
    const pods = await podsOf(NAMESPACE, NAME);
    const sizes = () => Promise.all(pods.map(({ name }) => liveLogSize(name)));
    const before = await sizes();
    const top = follow<LiveState>(as('watcher', 'top', '-o', 'json'));
    await until('top tells', async () => top.all.length > 2);
    for (let at = 0; at < 20; at++) await predict(NAMESPACE, NAME);
    await pause(2000);
    top.end();
    assert.deepEqual(await sizes(), before);
  });

  test('one request is traced through its pod', async () => {
    const trace = sidegraph(as('watcher', 'trace', '--wait', '30', '-o', 'json'));
    const traced = await until('a request comes by', async () => {
      await predict(NAMESPACE, NAME);
      return Promise.race([trace, pause(300).then(() => undefined)]);
    });
    assert.equal(traced.code, 0, traced.stderr);
    const { request, units } = JSON.parse(traced.stdout) as {
      request: LiveRequest;
      units: readonly { unit: string }[];
    };
    assert.match(request.pod, new RegExp(`^${NAME}-`));
    assert.ok(units.some(({ unit }) => unit === 'classifier'));
  });

  test('a port of the pods is open to nobody on their network', async () => {
    for (const { ip } of await podsOf(NAMESPACE, NAME)) {
      await assert.rejects(fetch(`http://${ip}:${PORTS.live}/live`), /fetch failed/);
      assert.equal((await fetch(`http://${ip}:${PORTS.status}/ready`)).status, 200);
    }
  });

  test('who may read but not connect is told the rule that is missing', async () => {
    const { code, stdout, stderr } = await sidegraph(as('reader', 'top', '--once'));
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /pods "watched-.*" is forbidden.*portforward.*\(FORWARD_FORBIDDEN\)/);
    assert.match(stderr, /resources: \[pods\/portforward\], verbs: \[get, create\]/);
    assert.match(stderr, /kubectl create rolebinding .* -n live --clusterrole=sidegraph-watch-/);
    assert.match(stderr, /\[CLUSTER_REFUSED\]/);
  });

  test('who may do nothing is told what to ask for', async () => {
    const { code, stderr } = await sidegraph(as('stranger', 'tap', '--once'));
    assert.equal(code, 1);
    assert.match(stderr, /cannot list resource "pods"/);
    assert.match(stderr, /resources: \[pods\], verbs: \[list\].*\[CLUSTER_REFUSED\]/s);
  });

  test('a deployment that is not there is told', async () => {
    const args = [
      'top',
      '-n',
      NAMESPACE,
      'nobody',
      '--kubeconfig',
      configs['watcher'] ?? '',
      '--once',
    ];
    const { code, stderr } = await sidegraph(args);
    assert.equal(code, 1);
    assert.match(stderr, /namespace live has no SeldonDeployment nobody.*\[DEPLOYMENT_UNKNOWN\]/s);
  });

  describe('the dashboard', () => {
    let child: ChildProcess;
    let url = '';
    before(async () => {
      const args = [
        'dashboard',
        '-n',
        NAMESPACE,
        '--port',
        '0',
        '--kubeconfig',
        configs['watcher'] ?? '',
      ];
      child = spawn(SIDEGRAPH, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout?.on('data', (piece: Buffer) => (said += piece.toString()));
      url = await until('it says where it is', async () => /http:\S+\//.exec(said)?.[0]);
    });
    after(async () => {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | undefined];
      assert.equal(code, 0);
    });

    test('the page has the requests that were sent, and the list their rates', async () => {
      const page = listen<LiveState>(`${url}d/${NAME}/live`);
      const list = listen<NamespaceState>(`${url}live`);
      try {
        await until('both pods tell', async () => {
          const pods = page.last()?.pods ?? [];
          return pods.length === 2 && pods.every(({ state }) => state === 'live');
        });
        await until('the page sees requests', async () => {
          await predict(NAMESPACE, NAME);
          return page.all.some(({ requests }) => requests.length > 0);
        });
        await pause(2500);
        const before = sum(totals(page.last()));
        const seen = page.all.flatMap(({ requests }) => requests).length;
        for (let at = 0; at < SENT; at++) {
          assert.equal((await predict(NAMESPACE, NAME)).status, 200);
          if (at % 20 === 0) await pause(200);
        }
        await until('the page has them all', async () => {
          const requests = page.all.flatMap((state) => state.requests);
          return requests.length === seen + SENT && sum(totals(page.last())) === before + SENT;
        });
        assert.ok(list.all.some(({ deployments }) => (deployments[0]?.perSecond ?? 0) > 0));
        // It looks by itself, up to a second later.
        await until(
          'the list has them all',
          async () => list.last()?.deployments[0]?.total === before + SENT,
        );
        const [listed] = list.last()?.deployments ?? [];
        assert.deepEqual(
          [listed?.name, listed?.state, listed?.pods],
          [NAME, 'Available', { live: 2, all: 2 }],
        );
        assert.deepEqual(list.last()?.notes, []);
      } finally {
        page.end();
        list.end();
      }
    });

    describe('in a browser', { skip: findChromium() === undefined && 'no Chromium here' }, () => {
      let browser: Page;
      before(async () => {
        browser = await openPage(url);
      });
      after(() => browser?.close());

      test('a link leads from the list to a deployment with its pods, and one back', async () => {
        await browser.waitUntil(
          `document.querySelector('#deployments a')?.textContent === '${NAME}'`,
        );
        await browser.evaluate("document.querySelector('#deployments a').focus()");
        assert.deepEqual(await findViolations(browser), []);
        await browser.press('Enter');
        await browser.waitUntil("document.querySelectorAll('#pod-rows tr').length === 2");
        await browser.waitUntil("document.querySelectorAll('#graph svg').length === 2");
        for (let at = 0; at < 8; at++) await predict(NAMESPACE, NAME);
        await browser.waitUntil("document.querySelectorAll('#requests tr').length >= 8");
        assert.match(
          String(await browser.evaluate("document.querySelector('#requests').textContent")),
          new RegExp(`${NAME}-main-`),
        );
        assert.equal(await browser.evaluate("document.querySelector('#noted').hidden"), true);
        assert.deepEqual(await findViolations(browser), []);
        await browser.evaluate("document.querySelector('#back a').focus()");
        await browser.press('Enter');
        await browser.waitUntil("document.querySelectorAll('#deployments tr').length === 1");
        assert.deepEqual(browser.complaints(), []);
      });
    });
  });

  test('a namespace is a table of its deployments', async () => {
    const args = ['top', '-n', NAMESPACE, '--kubeconfig', configs['watcher'] ?? '', '--once'];
    const { code, stdout } = await sidegraph(args);
    assert.equal(code, 0);
    assert.match(stdout, /^watched +Available +2\/2 /m);
  });

  test('pods that come are watched, and those that go are not missed', async () => {
    const top = follow<LiveState>(as('watcher', 'top', '-o', 'json'));
    try {
      const has = (count: number) => async (): Promise<boolean> => {
        const pods = top.last()?.pods.filter(({ state }) => state === 'live') ?? [];
        return pods.length === count;
      };
      await until('two pods tell', has(2));
      await apply(NAMESPACE, watched(2));
      await until('three pods tell', has(3), 180_000);
      await apply(NAMESPACE, watched(1));
      await until('two pods tell again', has(2), 120_000);
      await until(
        'the pod that went is not listed',
        async () => top.last()?.pods.length === 2,
        60_000,
      );
      for (let at = 0; at < 5; at++) assert.equal((await predict(NAMESPACE, NAME)).status, 200);
      await until('requests are counted on', async () =>
        top.last()?.predictors.some(({ perSecond }) => perSecond > 0),
      );
    } finally {
      top.end();
    }
  });
});

function account(name: string): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
}

async function bind(name: string, clusterRole: string): Promise<void> {
  const subject = `--serviceaccount=${NAMESPACE}:${name}`;
  await kubectl([
    'create',
    'rolebinding',
    name,
    '-n',
    NAMESPACE,
    `--clusterrole=${clusterRole}`,
    subject,
  ]);
}

/** A kubeconfig with a token of the account, and nothing else of the administrator's. */
async function configOf(name: string, dir: string): Promise<string> {
  const token = (await kubectl(['create', 'token', name, '-n', NAMESPACE])).trim();
  const view = ['config', 'view', '--raw', '--minify', '-o', 'json', '--kubeconfig', KUBECONFIG];
  const admin = JSON.parse(await kubectl(view)) as { clusters: readonly object[] };
  const [cluster] = admin.clusters as readonly { name: string }[];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: admin.clusters,
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: cluster?.name, user: name } }],
    'current-context': name,
  };
  const file = join(dir, name);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function sidegraph(args: readonly string[]): Promise<Ran> {
  return run(SIDEGRAPH, args, { timeoutMs: 60_000 });
}

interface Followed<T> {
  readonly all: readonly T[];
  last(): T | undefined;
  end(): void;
}

/** A command that goes on, by its lines of JSON. */
function follow<T>(args: readonly string[]): Followed<T> {
  const all: T[] = [];
  const child = spawn(SIDEGRAPH, [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  child.stdout.on('data', (piece: Buffer) => {
    const lines = `${rest}${piece.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) all.push(JSON.parse(line) as T);
  });
  return { all, last: () => all.at(-1), end: () => void child.kill('SIGTERM') };
}

/** Server-sent events, as they come. */
function listen<T>(url: string): Followed<T> {
  const all: T[] = [];
  const outgoing = new AbortController();
  const read = async (): Promise<void> => {
    const response = await fetch(url, { signal: outgoing.signal });
    const chunks = (async function* () {
      for await (const chunk of response.body ?? []) yield Buffer.from(chunk);
    })();
    for await (const event of readEvents(chunks)) all.push(JSON.parse(event) as T);
  };
  read().catch((error: unknown) => {
    if (!outgoing.signal.aborted) throw error;
  });
  return { all, last: () => all.at(-1), end: () => outgoing.abort() };
}

function totals(state: LiveState | undefined): Record<string, number> {
  return Object.fromEntries((state?.predictors ?? []).map(({ name, total }) => [name, total]));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

async function liveLogSize(pod: string): Promise<number> {
  const node = ['/usr/local/bin/node', '-e', LIVE_LOG_SIZE];
  const where = ['-n', NAMESPACE, pod, '-c', 'sidegraph-filter'];
  return Number(await kubectl(['exec', ...where, '--', ...node]));
}
