import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { PLAN_VERSION } from '../../graph/plan/plan.ts';
import { simpleModelDeployment } from '../testing/plans.ts';
import { startWorkerProcess, type WorkerProcess } from '../testing/worker-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-worker-'));
const workers: WorkerProcess[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.child.kill('SIGKILL');
    await worker.ended;
  }
});
after(() => rmSync(dir, { recursive: true }));

let serial = 0;
const socketPath = (): string => join(dir, `s${serial++}`);

function start(args: readonly string[] = []): WorkerProcess {
  const worker = startWorkerProcess(args);
  workers.push(worker);
  return worker;
}

/** Resolves when a server on the socket speaks HTTP/2 (its SETTINGS came); rejects when it cannot be reached. */
function speaksHttp2(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = http2.connect('http://filter', { createConnection: () => connect(path) });
    session.on('error', reject);
    session.on('remoteSettings', () => {
      session.destroy();
      resolve();
    });
  });
}

function httpStatus(path: string, target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, path: target, agent: false }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('the worker serves what it is handed, by the plans that came before', async () => {
  const [filter, http, grpc] = [socketPath(), socketPath(), socketPath()];
  const worker = start();
  assert.equal((await worker.next('ready')).pid, worker.child.pid);
  worker.send({ type: 'load', id: 7, deployment: simpleModelDeployment('aaaaaaaaaaaaaaaa') });
  assert.deepEqual(await worker.next('loaded'), {
    type: 'loaded',
    id: 7,
    hashes: ['aaaaaaaaaaaaaaaa'],
  });
  await worker.listen('filter', filter);
  await worker.listen('http', http);
  await worker.listen('grpc', grpc);
  await speaksHttp2(filter);
  await speaksHttp2(grpc);
  assert.equal(await httpStatus(http, '/api/v1.0/status'), 200);
});

test('a connection before the first plan is closed, not kept without a response', async () => {
  const worker = start();
  const path = socketPath();
  await worker.next('ready');
  await worker.listen('http', path);
  await assert.rejects(httpStatus(path, '/api/v1.0/status'));
});

test('it tells its counts when asked', async () => {
  const worker = start();
  worker.send({ type: 'counts', id: 9 });
  const { id, counts } = await worker.next('counts');
  assert.equal(id, 9);
  assert.deepEqual(counts.calls, []);
  assert.equal(counts.process.sidegraph_filter_workers, 1);
});

test('it says what it does not remember, and that it has heard of a release', async () => {
  const worker = start();
  worker.send({ type: 'find', id: 3, puid: 'nobody-had-it' });
  worker.send({ type: 'release', id: 4, puid: 'nobody-had-it' });
  assert.deepEqual(await worker.next('found'), {
    type: 'found',
    id: 3,
    recalled: { kind: 'unknown' },
  });
  assert.deepEqual(await worker.next('released'), { type: 'released', id: 4, isHere: false });
});

test('a plan that cannot be run is refused whole, and what runs goes on', async () => {
  const worker = start();
  const good = simpleModelDeployment('aaaaaaaaaaaaaaaa');
  const [first] = good.predictors;
  assert.ok(first !== undefined);
  const future = { ...first.plan, hash: 'bbbbbbbbbbbbbbbb', version: PLAN_VERSION + 1 };
  worker.send({
    type: 'load',
    id: 1,
    deployment: {
      ...good,
      predictors: [first, { ...first, plan: future as unknown as typeof first.plan }],
    },
  });
  const refused = await worker.next('refused');
  assert.equal(refused.id, 1);
  assert.match(refused.reason, /version 3/);
  worker.send({ type: 'load', id: 2, deployment: good });
  assert.equal((await worker.next('loaded')).id, 2);
});

test('SIGTERM and the message drain end the process in order', async () => {
  for (const how of ['signal', 'message'] as const) {
    const worker = start();
    worker.send({ type: 'load', id: 1, deployment: simpleModelDeployment('aaaaaaaaaaaaaaaa') });
    await worker.next('loaded');
    if (how === 'signal') worker.child.kill('SIGTERM');
    else worker.send({ type: 'drain' });
    await worker.next('drained');
    assert.equal(await worker.ended, 0);
  }
});

test('the worker ends when its parent is gone', async () => {
  const worker = start();
  await worker.next('ready');
  worker.child.disconnect();
  assert.equal(await worker.ended, 0);
  assert.match(worker.stderr(), /PARENT_GONE/);
});

test('a message that is none of ours is passed over', async () => {
  const worker = start();
  worker.child.send({ type: 'dance' });
  worker.send({ type: 'load', id: 1, deployment: simpleModelDeployment('aaaaaaaaaaaaaaaa') });
  await worker.next('loaded');
  await worker.writes(/BAD_MESSAGE/);
});

test('a wrong command line is told with all its faults', async () => {
  const worker = start(['--drain-limit-ms', 'x', '--colour']);
  assert.equal(await worker.ended, 2);
  assert.match(worker.stderr(), /--drain-limit-ms x is not a whole number from 0 on/);
  assert.match(worker.stderr(), /unknown option '--colour'/);
});

test('warming loads everything that a worker may need, and ends', async () => {
  const worker = start(['--warm']);
  assert.equal(await worker.ended, 0);
  assert.equal(worker.stderr(), '');
});
