// The live page's data under load: what /live, `top` and `tap` tell is what was sent, nothing is written while nobody looks, and the
// page itself works in a browser, by keyboard, in both colour schemes and enlarged.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { LiveRequest } from '../../sidecar/live/requests.ts';
import type { LiveState } from '../../sidecar/live/state.ts';
import type { TreeUnit } from '../../sidecar/live/walk-tree.ts';
import { followLive } from '../../cli/live/follow.ts';
import { findChromium, openPage, type Page } from '../harness/browser.ts';
import { ask } from '../harness/client.ts';
import { startLoad } from '../harness/load.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

const SIDEGRAPH = path.join(import.meta.dirname, '..', '..', 'bin', 'sidegraph');
const BODY = '{"data":{"ndarray":[[1]]}}';
/** A branch name that would be markup if it were not escaped. */
const HOSTILE_PATH = '/api/v1.0/predictions?<img src=x onerror=alert(1)>';

let running: Running;
let adminPort: number;
/** Units that the header `x-hold` names wait for this. */
const held = Promise.withResolvers<void>();
const units = new Map<string, RestUnit>();

before(async () => {
  let asked = 0;
  units.set(
    'r',
    await startRestUnit(({ headers }) => {
      const branch = headers['x-hold'] === undefined && asked++ % 4 === 3 ? 1 : 0;
      return { body: `{"data":{"ndarray":[[${branch}]]}}` };
    }),
  );
  for (const name of ['t', 'a']) {
    const unit = await startRestUnit(async ({ headers }) => {
      if (headers['x-hold'] === name) await held.promise;
      return { body: BODY };
    });
    units.set(name, unit);
  }
  units.set('b', await startRestUnit(() => ({ status: 503, body: '{}' })));
  const port = (name: string): number => units.get(name)?.port ?? 0;
  const graph: Node = {
    name: 't',
    type: 'TRANSFORMER',
    port: port('t'),
    children: [
      {
        name: 'r',
        type: 'ROUTER',
        port: port('r'),
        children: [model('a', port('a')), model('b', port('b'))],
      },
    ],
  };
  adminPort = await freePort();
  running = await runGraph(deployment(graph), { args: ['--admin-port', String(adminPort)] });
});
after(async () => {
  await running?.stop();
  for (const unit of units.values()) await unit.close();
});

const urlOf = (): string => `http://127.0.0.1:${adminPort}`;
const liveLogSize = (): number =>
  statSync(path.join(path.dirname(running.file), 's', 'live.log')).size;

async function sidegraph(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(SIDEGRAPH, args);
  return stdout;
}

/** States until one is as wanted. */
async function stateThat(isRight: (state: LiveState) => boolean): Promise<LiveState> {
  let states = 0;
  for await (const state of followLive(urlOf())) {
    if (isRight(state)) return state;
    if (++states > 20) assert.fail(`no state is so; the last: ${JSON.stringify(state)}`);
  }
  assert.fail('the states ended');
}

describe('the live data', () => {
  test('counts, shares and errors are those of the load, and requests have their way', async () => {
    const load = startLoad(running.port, 2, BODY);
    const state = await stateThat(({ predictors }) => (predictors[0]?.units[2]?.total ?? 0) > 50);
    const during = (await sidegraph('top', '--url', urlOf(), '--once', '-o', 'json')).trim();
    const tapped = await sidegraph(
      'tap',
      '--url',
      urlOf(),
      '--once',
      '-o',
      'json',
      '--status',
      '5xx',
      '--unit',
      'b',
    );
    const { requests, statuses } = await load.stop();

    assert.equal(state.deployment, 'test');
    const fromTop = JSON.parse(during) as LiveState;
    const [predictor] = fromTop.predictors;
    assert.ok(predictor !== undefined);
    assert.ok(predictor.perSecond > 0 && predictor.errorsPerSecond > 0 && predictor.p50Ms !== null);
    const shares = predictor.units.map(({ name, share }) => [
      name,
      share === null ? null : Math.round(share * 20) / 20,
    ]);
    assert.deepEqual(shares, [
      ['t', null],
      ['r', null],
      ['a', 0.75],
      ['b', 0.25],
    ]);

    const failed = tapped
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LiveRequest);
    assert.ok(failed.length > 0);
    const walked = failed.filter(({ calls }) => calls.length > 0);
    assert.ok(walked.length > 0, 'the calls of the filter are there too');
    for (const { calls, unitAtMs } of walked) {
      assert.deepEqual(
        calls.map(({ unit, verb, status }) => [unit, verb, status]),
        [
          ['t', 'transform-input', 200],
          ['r', 'route', 200],
        ],
      );
      for (const { atMs, ms } of calls) assert.ok(ms !== null && atMs + ms <= (unitAtMs ?? 0) + 1);
    }
    for (const { status, unit, routing, path: asked, ms, unitAtMs, unitMs } of failed) {
      assert.deepEqual(
        [status, unit, routing, asked],
        [503, 'b', { r: 1 }, '/api/v1.0/predictions'],
      );
      assert.ok(unitAtMs !== null && unitMs !== null && unitAtMs + unitMs <= ms + 1);
    }

    const last = await stateThat(({ predictors }) => predictors[0]?.perSecond === 0);
    assert.equal(last.predictors[0]?.total, requests);
    assert.equal(last.predictors[0]?.errors, statuses.get(503));
    assert.deepEqual(
      last.predictors[0]?.units.map(({ total }) => total),
      [requests, requests, statuses.get(200), statuses.get(503)],
    );
  });

  test('calls under way are seen, those of the filter and those of Envoy', async () => {
    const asked = ['t', 'a', 'a'].map((unit) =>
      ask(running.port, { body: BODY, headers: { 'x-hold': unit } }),
    );
    const state = await stateThat(({ predictors }) => (predictors[0]?.units[2]?.inFlight ?? 0) > 0);
    held.resolve();
    assert.deepEqual(
      state.predictors[0]?.units.map(({ inFlight }) => inFlight),
      [1, 0, 2, 0],
    );
    assert.equal(state.inFlight, 3);
    const replies = await Promise.all(asked);
    assert.ok(replies.every(({ status }) => status === 200));
  });

  test('nothing is written of requests while nobody looks', async () => {
    // What was written while somebody looked has to be there first: Envoy keeps lines for a second.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const size = liveLogSize();
    for (let at = 0; at < 20; at++) await ask(running.port, { body: BODY });
    // Longer than Envoy keeps lines in memory.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(liveLogSize(), size);
  });

  test('only reading is offered, and nothing may be loaded from elsewhere', async () => {
    const page = await fetch(`${urlOf()}/`);
    assert.equal(page.status, 200);
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; script-src 'self'/,
    );
    assert.doesNotMatch(await page.text(), /https?:\/\//);
    assert.equal((await fetch(`${urlOf()}/live`, { method: 'POST' })).status, 405);
    assert.equal((await fetch(`${urlOf()}/page/../run.ts`)).status, 404);
    assert.equal((await fetch(`${urlOf()}/ready`)).status, 200);
    const script = await fetch(`${urlOf()}/page/picture.ts`);
    assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.doesNotMatch(await script.text(), /: readonly|interface /);
  });

  test('one request is traced by its id and by that of its trace, and one that comes later is waited for', async () => {
    const traceId = 'ab'.repeat(16);
    const headers = {
      'seldon-puid': 'traced-1',
      traceparent: `00-${traceId}-${'cd'.repeat(8)}-01`,
    };
    const waiting = sidegraph('trace', traceId, '--url', urlOf(), '--wait', '20', '-o', 'json');
    await stateThat(() => true);
    await ask(running.port, { body: BODY, headers });
    const { request, units: tree } = JSON.parse(await waiting) as {
      request: LiveRequest;
      units: readonly TreeUnit[];
    };
    assert.deepEqual([request.puid, request.traceId], ['traced-1', traceId]);
    const last = request.routing['r'] === 0 ? 'a' : 'b';
    assert.deepEqual(
      tree.map(({ unit, depth, chosen, calls }) => [
        unit,
        depth,
        chosen,
        calls.map(({ verb, by, bytesOut }) => [verb, by, bytesOut]),
      ]),
      [
        ['t', 0, null, [['transform-input', 'filter', BODY.length]]],
        ['r', 1, last, [['route', 'filter', BODY.length]]],
        [last, 2, null, [['predict', 'envoy', BODY.length]]],
      ],
    );
    // Kept only while somebody looks.
    await assert.rejects(sidegraph('trace', 'traced-1', '--url', urlOf()), /REQUEST_UNKNOWN/);
  });

  test('a unit that the graph does not have is told, with those that it has', async () => {
    await assert.rejects(
      sidegraph('tap', '--url', urlOf(), '--unit', 'nope'),
      /it has: t, r, a, b[^]*UNIT_UNKNOWN/,
    );
  });

  test('an address where nothing runs is told', async () => {
    await assert.rejects(
      sidegraph('top', '--url', `http://127.0.0.1:${await freePort()}`, '--once'),
      /LIVE_UNREACHABLE/,
    );
  });
});

describe('the live page in a browser', {
  skip: findChromium() === null && 'no Chromium here',
}, () => {
  let page: Page;
  before(async () => {
    page = await openPage(`${urlOf()}/`);
  });
  after(() => page?.close());

  const text = async (selector: string): Promise<string> =>
    String(
      await page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`),
    );

  test('it draws the graph, and requests appear with their numbers', async () => {
    await page.waitUntil("document.querySelectorAll('#graph svg .box').length === 5");
    for (let at = 0; at < 8; at++) await ask(running.port, { body: BODY });
    await ask(running.port, { body: BODY, path: encodeURI(HOSTILE_PATH) });
    await page.waitUntil("document.querySelectorAll('#requests tr').length >= 9");
    await page.waitUntil(
      "[...document.querySelectorAll('#graph svg text')].some((each) => each.textContent.includes('errors'))",
    );
    assert.match(await text('#title'), /^ns\/test$/);
    assert.match(await text('#units'), /ROUTER/);
    assert.equal(await page.evaluate("document.querySelectorAll('#requests img').length"), 0);
  });

  test('one request is opened and closed by the keyboard', async () => {
    await page.evaluate("document.querySelector('#requests button').focus()");
    await page.press('Enter');
    await page.waitUntil("!document.querySelector('#detail').hidden");
    assert.match(await text('#detail'), /Seldon-Puid/);
    assert.ok(Number(await page.evaluate("document.querySelectorAll('#detail rect').length")) >= 4);
    assert.equal(
      await page.evaluate("document.activeElement.getAttribute('aria-expanded')"),
      'true',
    );
    await page.press('Escape');
    await page.waitUntil("document.querySelector('#detail').hidden");
  });

  test('filters leave what is wanted', async () => {
    await page.evaluate(
      "(() => { const field = document.querySelector('#status'); field.value = '5xx'; field.dispatchEvent(new Event('input')); })()",
    );
    const shown = await page.evaluate(
      "[...document.querySelectorAll('#requests td:nth-child(2)')].map((cell) => cell.textContent)",
    );
    assert.ok(Array.isArray(shown) && shown.length > 0 && shown.every((each) => each === '503'));
  });

  test('nothing runs out of the window from 100 to 200 percent, in light and dark', async () => {
    const grounds = new Set<unknown>();
    for (const dark of [false, true])
      for (const zoom of [1, 1.5, 2]) {
        await page.setView({ zoom, dark });
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
          true,
          `${zoom}`,
        );
        grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      }
    assert.equal(grounds.size, 2);
  });

  test('it breaks no rule of its own', () => {
    assert.deepEqual(page.complaints(), []);
  });
});
