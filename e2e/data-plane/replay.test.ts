// Captured requests that are sent again: to the graph that captured them and to another one, out of the run and out of a file, over REST
// and gRPC. What is the same and what differs is told, and the exit code says it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { MAX_CAPTURED_BODY_BYTES } from '../../extproc/live/limits.ts';
import type { Comparison } from '../../sidecar/live/page/compare.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph } from '../harness/run.ts';
import {
  echo,
  type GrpcUnit,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from '../harness/unit.ts';

const SIDEGRAPH = path.join(import.meta.dirname, '..', '..', 'bin', 'sidegraph');
const BODY = '{"data":{"ndarray":[[1.5]]}}';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function sidegraph(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(SIDEGRAPH, args, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

interface Line extends Comparison {
  readonly puid: string;
  readonly sentAs: string;
  readonly failed?: string;
}

const linesOf = ({ out }: Ended): Line[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
/** Of each call that is not the same: what differs. */
const differing = ({ calls, response }: Comparison): unknown[] =>
  [...calls, response]
    .filter(({ state }) => state !== 'same')
    .map(({ unit, state, differences }) => [
      unit,
      state,
      ...differences.map(({ what, path: at, before: was, after: is }) => [what, at, was, is]),
    ]);

describe('a captured request', () => {
  let dir: string;
  let units: Map<string, RestUnit>;
  let grpcUnit: GrpcUnit;
  let running: Running;
  let url: string;
  /** What the units say from now on. */
  const says = { branch: 0, value: 2 };

  const unitAt = (name: string): Node => ({ name, port: units.get(name)?.port ?? 0 });
  const puidOf = async (puid: string, headers: object = {}, body = BODY): Promise<void> => {
    await ask(running.port, { body, headers: { 'seldon-puid': puid, ...headers } });
  };
  /** Waits until the newest one is kept. */
  const kept = async (puid: string): Promise<void> => {
    for (let tries = 0; tries < 100; tries++) {
      if ((await (await fetch(`${url}/captures`)).text()).includes(`"puid":"${puid}"`)) return;
      await sleep(100);
    }
    assert.fail(`${puid} is not kept`);
  };
  const replay = (...args: readonly string[]): Promise<Ended> =>
    sidegraph('replay', '--url', url, ...args);
  const json = async (...args: readonly string[]): Promise<{ ended: Ended; lines: Line[] }> => {
    // What follows -- is not for it.
    const ended = await replay('-o', 'json', ...args);
    assert.notEqual(ended.out, '', ended.err);
    return { ended, lines: linesOf(ended) };
  };
  const writeGraph = (name: string, graph: Node): string => {
    const file = path.join(dir, name);
    writeFileSync(file, JSON.stringify(deployment(graph)));
    return file;
  };

  before(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'sgr-'));
    units = new Map([
      ['t', await startRestUnit(echo)],
      ['r', await startRestUnit(() => ({ body: `{"data":{"ndarray":[[${says.branch}]]}}` }))],
      [
        'a',
        await startRestUnit(({ headers }) => ({
          body: `{"data":{"ndarray":[[${says.value}]]},"meta":{"puid":"${headers['seldon-puid']}"}}`,
        })),
      ],
      ['b', await startRestUnit(() => ({ status: 503, body: '{"from":"b"}' }))],
    ]);
    grpcUnit = await startGrpcUnit(({ message }) => ({ message }));
    const adminPort = await freePort();
    url = `http://127.0.0.1:${adminPort}`;
    const children = [
      { ...unitAt('a'), type: 'MODEL', grpcPort: grpcUnit.port },
      { ...unitAt('b'), type: 'MODEL' },
    ];
    const router = { ...unitAt('r'), type: 'ROUTER', children };
    running = await runGraph(
      deployment({
        ...unitAt('t'),
        type: 'TRANSFORMER',
        grpcPort: grpcUnit.port,
        children: [router],
      }),
      { args: ['--admin-port', String(adminPort), '--capture=20'] },
    );
  });
  after(async () => {
    await running?.stop();
    for (const unit of units?.values() ?? []) await unit.close();
    await grpcUnit?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('comes out the same where nothing has changed, under an id of its own', async () => {
    await puidOf('same', { 'x-own': 'mine', authorization: 'SECRET' });
    await kept('same');
    const asked = units.get('a')?.asked ?? [];
    const count = asked.length;
    const { ended, lines } = await json('same');
    assert.equal(ended.code, 0, ended.err);
    assert.deepEqual([lines[0]?.puid, lines[0]?.isSame], ['same', true]);
    assert.match(lines[0]?.sentAs ?? '', /^replay-/);
    assert.deepEqual(
      lines[0]?.calls.map(({ unit, verb, state }) => [unit, verb, state]),
      [
        ['t', 'transform-input', 'same'],
        ['r', 'route', 'same'],
        ['a', 'predict', 'same'],
      ],
    );
    const [again] = asked.slice(count);
    assert.equal(again?.body.toString(), BODY);
    assert.deepEqual(
      ['x-own', 'authorization', 'content-type'].map((name) => again?.headers[name]),
      ['mine', undefined, 'application/json'],
    );
  });

  test('tells values that differ by their place, within a tolerance', async () => {
    await puidOf('value');
    await kept('value');
    says.value = 2.001;
    const { ended, lines } = await json('value');
    assert.equal(ended.code, 3);
    assert.deepEqual(differing(lines[0] as Line), [
      ['a', 'different', ['received', 'data.ndarray[0][0]', '2', '2.001']],
      ['', 'different', ['response', 'data.ndarray[0][0]', '2', '2.001']],
    ]);
    assert.equal((await replay('value', '--tolerance', '0.01')).code, 0);
    const { out } = await replay('value');
    assert.match(out, /^a +predict +DIFFERENT/m);
    assert.match(out, /^ {2}a predict: received data\.ndarray\[0\]\[0\]: 2 → 2\.001$/m);
    assert.match(out, /^different$/m);
    says.value = 2;
  });

  test('tells another choice, which units were called, and the status', async () => {
    await puidOf('choice');
    await kept('choice');
    says.branch = 1;
    const { ended, lines } = await json('choice');
    says.branch = 0;
    assert.equal(ended.code, 3);
    const [t, r, a, b, response] = [...(lines[0]?.calls ?? []), lines[0]?.response];
    assert.deepEqual(
      [t, r, a, b, response].map((call) => call?.state),
      ['same', 'different', 'missing', 'added', 'different'],
    );
    assert.deepEqual(
      response?.differences
        .slice(0, 2)
        .map(({ what, path: at, before: was, after: is }) => [what, at, was, is]),
      [
        ['status', '', '200', '503'],
        ['choice', 'r', '0', '1'],
      ],
    );
  });

  test('is sent to another graph, which is started for it and ended', async () => {
    await puidOf('against');
    await kept('against');
    const file = writeGraph('without.json', {
      ...unitAt('r'),
      type: 'ROUTER',
      children: [model('a', 1)],
    });
    const address = `a=http://127.0.0.1:${units.get('a')?.port}`;
    const { ended, lines } = await json('against', '--against', file, '--', '--unit', address);
    assert.equal(ended.code, 3, ended.err);
    assert.deepEqual(differing(lines[0] as Line), [['t', 'missing']]);
    const same = writeGraph('same.json', {
      ...unitAt('t'),
      type: 'TRANSFORMER',
      children: [
        {
          ...unitAt('r'),
          type: 'ROUTER',
          children: [unitAt('a'), unitAt('b')].map((each) => ({ ...each, type: 'MODEL' })),
        },
      ],
    });
    assert.equal((await replay('against', '--against', same)).code, 0);
  });

  test('is saved and sent from the file, all of it, without the run that captured it', async () => {
    const saved = await sidegraph('tap', '--url', url, '--capture', '--once', '-o', 'json');
    const own = saved.out.split('\n').filter((line) => !line.includes('"replay-'));
    const file = path.join(dir, 'captures.jsonl');
    writeFileSync(file, own.join('\n'));
    const same = path.join(dir, 'same.json');
    const nowhere = ['--url', `http://127.0.0.1:${await freePort()}`];
    const ended = await sidegraph('replay', '--file', file, '--against', same, ...nowhere);
    assert.equal(ended.code, 0, ended.out + ended.err);
    assert.match(ended.out, /^4 sent again: 4 the same, 0 different, 0 failed$/m);
    const one = await sidegraph('replay', 'value', '--file', file, '--against', same, '-o', 'json');
    assert.deepEqual(
      linesOf(one).map(({ puid }) => puid),
      ['value'],
    );
  });

  test('over gRPC is sent as the message that it was', async () => {
    const message = bytesField(4, Buffer.from('[[0]]'));
    const reply = await askGrpc(running.grpcPort, { message, headers: { 'seldon-puid': 'grpc' } });
    await kept('grpc');
    const { ended, lines } = await json('grpc');
    assert.equal(ended.code, 0, ended.out + ended.err);
    assert.ok((lines[0]?.calls.length ?? 0) > 0, `the first response had status ${reply.status}`);
    const asked = grpcUnit.asked.at(-1);
    assert.deepEqual(asked?.message, message);
  });

  test('that was not captured whole is not sent', async () => {
    await puidOf('cut', {}, JSON.stringify({ strData: 'x'.repeat(MAX_CAPTURED_BODY_BYTES) }));
    await kept('cut');
    const { code, out } = await replay('cut');
    assert.equal(code, 1);
    assert.match(out, /not sent again: of its \d+ bytes only 262144 were captured/);
  });

  test('of the newest some are sent, and none that was sent again before', async () => {
    await puidOf('newest');
    await kept('newest');
    assert.deepEqual(
      (await json()).lines.map(({ puid }) => puid),
      ['newest'],
    );
    const { lines } = await json('--last', '3');
    assert.deepEqual(
      lines.map(({ puid }) => puid),
      ['grpc', 'cut', 'newest'],
    );
  });

  test('is sent and captured while capturing is paused, and no other is', async () => {
    const headers = { 'sidegraph-action': '1' };
    await fetch(`${url}/captures/pause`, { method: 'POST', headers });
    await sleep(200);
    const sent = json('same');
    for (let at = 0; at < 20; at++) {
      await puidOf(`other-${at}`);
      await sleep(100);
    }
    const { lines } = await sent;
    assert.deepEqual(differing(lines[0] as Line), []);
    assert.doesNotMatch(await (await fetch(`${url}/captures`)).text(), /other-/);
    await fetch(`${url}/captures/start`, { method: 'POST', headers });
  });

  test('is told to be unknown, and so is why it could not be sent', async () => {
    const unknown = await replay('never');
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /REQUEST_UNKNOWN/);
    const broken = writeGraph('broken.json', { name: 'x', type: 'MODEL' });
    const ended = await replay('same', '--against', broken);
    assert.equal(ended.code, 1);
    assert.match(ended.err, /CONTAINER_MISSING[^]*REPLAY_FAILED/);
    const wrong = await sidegraph('replay', 'a', '--last', '2', '--', '--unit');
    assert.equal(wrong.code, 2);
    const post = await fetch(`${url}/replay`, { method: 'POST', body: '{"id":1}' });
    assert.equal(post.status, 403);
  });
});
