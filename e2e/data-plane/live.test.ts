// The live page's data under load: what /live, `top`, `tap` and `trace` tell is what was sent, and nothing is written while nobody looks.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { LIVE_LINES_PER_SECOND } from '../../envoy/kit/limits.ts';
import type { LiveRequest } from '../../sidecar/live/requests.ts';
import type { LiveState } from '../../sidecar/live/state.ts';
import type { TreeUnit } from '../../sidecar/live/walk-tree.ts';
import { followLive } from '../../cli/live/follow.ts';
import { ask } from '../harness/client.ts';
import { LIVE_BODY, type LiveGraph, startLiveGraph } from '../harness/live-graph.ts';
import { startLoad } from '../harness/load.ts';
import { freePort } from '../harness/ports.ts';

const SIDEGRAPH = path.join(import.meta.dirname, '..', '..', 'bin', 'sidegraph');

let graph: LiveGraph;
before(async () => {
  graph = await startLiveGraph();
});
after(() => graph?.close());

const urlOf = (): string => graph.url;
const liveLogSize = (): number => statSync(graph.logPath).size;

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
    const load = startLoad(graph.running.port, 2, LIVE_BODY);
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
      share === null ? undefined : Math.round(share * 20) / 20,
    ]);
    assert.deepEqual(shares, [
      ['t', undefined],
      ['r', undefined],
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
      ask(graph.running.port, { body: LIVE_BODY, headers: { 'x-hold': unit } }),
    );
    const state = await stateThat(({ predictors }) => (predictors[0]?.units[2]?.inFlight ?? 0) > 0);
    graph.release();
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
    for (let at = 0; at < 20; at++) await ask(graph.running.port, { body: LIVE_BODY });
    // Longer than Envoy keeps lines in memory.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(liveLogSize(), size);
  });

  test('nothing is written for somebody who looks at the counters alone', async () => {
    const size = liveLogSize();
    let states = 0;
    for await (const { requests } of followLive(urlOf(), 'counters')) {
      assert.deepEqual(requests, []);
      await ask(graph.running.port, { body: LIVE_BODY });
      if (++states === 3) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(liveLogSize(), size);
  });

  test('of a busy graph so many lines are written as Envoy is allowed, and no more', async () => {
    const states = followLive(urlOf());
    await states.next();
    const beganAt = performance.now();
    const load = startLoad(graph.running.port, 8, LIVE_BODY);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const { requests } = await load.stop();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const lines = readFileSync(graph.logPath, 'utf8').split('\n').length - 1;
    const seconds = (performance.now() - beganAt) / 1000;
    await states.return(undefined);
    assert.ok(lines <= LIVE_LINES_PER_SECOND * (seconds + 1), `${lines} lines of ${requests}`);
    assert.ok(lines >= Math.min(requests, LIVE_LINES_PER_SECOND), `${lines} lines of ${requests}`);
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
    await ask(graph.running.port, { body: LIVE_BODY, headers });
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
        ['t', 0, null, [['transform-input', 'filter', LIVE_BODY.length]]],
        ['r', 1, last, [['route', 'filter', LIVE_BODY.length]]],
        [last, 2, null, [['predict', 'envoy', LIVE_BODY.length]]],
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
