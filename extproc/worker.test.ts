import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { PLAN_VERSION } from '../graph/plan.ts';
import { testDeployment, testPlan } from './testing/plans.ts';
import {
  bindUnixSocket,
  startWorkerProcess,
  type WorkerProcess,
} from './testing/worker-process.ts';

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

function start(args: readonly string[], fd?: number): WorkerProcess {
  const worker = startWorkerProcess(args, fd);
  workers.push(worker);
  return worker;
}

const deployment = (hash: string) =>
  testDeployment(
    testPlan({ name: 'm', type: 'MODEL', builtIn: 'SIMPLE_MODEL' }, hash, {
      walk: {
        unit: 0,
        input: 'simple-model',
        choose: null,
        children: [],
        merge: 'first',
        output: false,
        feedback: false,
        mayTail: false,
      },
    }),
  );

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

test('the worker serves from its first plan on, on all its sockets', async () => {
  const [filter, http, grpc] = [socketPath(), socketPath(), socketPath()];
  const worker = start(['--listen', filter, '--offpath-http', http, '--offpath-grpc', grpc]);
  assert.equal((await worker.next('ready')).pid, worker.child.pid);
  assert.equal(existsSync(filter), false);
  worker.send({ type: 'load', id: 7, deployment: deployment('aaaaaaaaaaaaaaaa') });
  assert.deepEqual(await worker.next('loaded'), {
    type: 'loaded',
    id: 7,
    hashes: ['aaaaaaaaaaaaaaaa'],
  });
  await speaksHttp2(filter);
  await speaksHttp2(grpc);
  assert.equal(await httpStatus(http, '/ready'), 200);
});

test('a plan that cannot be run is refused whole, and what runs goes on', async () => {
  const worker = start(['--listen', socketPath()]);
  const good = deployment('aaaaaaaaaaaaaaaa');
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
  assert.match(refused.reason, /version 2/);
  worker.send({ type: 'load', id: 2, deployment: good });
  assert.equal((await worker.next('loaded')).id, 2);
});

test('connects wait in the backlog of an inherited socket while a killed worker is replaced', async () => {
  const path = socketPath();
  const held = bindUnixSocket(path);
  const load = { type: 'load', id: 1, deployment: deployment('aaaaaaaaaaaaaaaa') } as const;

  const first = start(['--listen-fd', '3'], held.fd);
  first.send(load);
  await first.next('loaded');
  await speaksHttp2(path);
  first.child.kill('SIGKILL');
  assert.equal(await first.ended, 'SIGKILL');

  const waiting = Promise.all([speaksHttp2(path), speaksHttp2(path)]);
  const second = start(['--listen-fd', '3'], held.fd);
  second.send(load);
  await second.next('loaded');
  await waiting;

  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0);
  assert.equal(
    existsSync(path),
    true,
    'a worker that ends must not unlink the socket of its parent',
  );
  held.close();
});

test('SIGTERM and the message drain end the process in order', async () => {
  for (const how of ['signal', 'message'] as const) {
    const worker = start(['--listen', socketPath(), '--offpath-http', socketPath()]);
    worker.send({ type: 'load', id: 1, deployment: deployment('aaaaaaaaaaaaaaaa') });
    await worker.next('loaded');
    if (how === 'signal') worker.child.kill('SIGTERM');
    else worker.send({ type: 'drain' });
    await worker.next('drained');
    assert.equal(await worker.ended, 0);
  }
});

test('the worker ends when its parent is gone', async () => {
  const worker = start(['--listen', socketPath()]);
  await worker.next('ready');
  worker.child.disconnect();
  assert.equal(await worker.ended, 0);
  assert.match(worker.stderr(), /PARENT_GONE/);
});

test('a message that is none of ours is passed over', async () => {
  const worker = start(['--listen', socketPath()]);
  worker.child.send({ type: 'dance' });
  worker.send({ type: 'load', id: 1, deployment: deployment('aaaaaaaaaaaaaaaa') });
  await worker.next('loaded');
  assert.match(worker.stderr(), /BAD_MESSAGE/);
});

test('a wrong command line is told with all its faults', async () => {
  const worker = start(['--listen-fd', 'x', '--colour']);
  assert.equal(await worker.ended, 2);
  assert.match(worker.stderr(), /--listen-fd: "x" is not a whole number from 3 on/);
  assert.match(worker.stderr(), /unknown argument "--colour"/);
});

test('warming loads everything that a worker may need, and ends', async () => {
  const worker = start(['--warm']);
  assert.equal(await worker.ended, 0);
  assert.equal(worker.stderr(), '');
});
