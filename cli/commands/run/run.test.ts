// The whole path once, with everything real: the CLI as a process, Envoy, the filter, a unit that the CLI starts.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../e2e/harness/ports.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'sidegraph-test-'));
/** A name that no other run of these tests has, so that leftovers are surely ours. */
const UNIT_FILE = `${basename(dir)}.cjs`;
after(() => rmSync(dir, { recursive: true, force: true }));

// A model that answers who it is and counts its lives in its pid.
const UNIT = `
require('node:http').createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    if (request.url === '/die') process.exit(7);
    setTimeout(() => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ pid: process.pid, path: request.url, name: process.env.NAME }));
    }, Number(process.env.DELAY_MS ?? 0));
  });
}).listen(Number(process.env.PREDICTIVE_UNIT_HTTP_SERVICE_PORT), '127.0.0.1');
console.log('unit is up');
`;

interface Started {
  readonly child: ChildProcess;
  readonly ready: Record<string, unknown> & { stateDir: string };
  readonly url: string;
  stderr(): string;
}

interface GraphOptions {
  readonly port: number;
  readonly grpcPort: number;
  readonly timeoutMs?: number;
  readonly delayMs?: number;
  readonly secret?: boolean;
}

function writeGraph(file: string, options: GraphOptions): void {
  writeFileSync(join(dir, UNIT_FILE), UNIT);
  const env: object[] = [{ name: 'DELAY_MS', value: String(options.delayMs ?? 0) }];
  if (options.secret === true) {
    env.push({ name: 'NAME', valueFrom: { secretKeyRef: { name: 'who', key: 'name' } } });
  }
  const container = {
    name: 'model',
    image: 'model:1',
    command: [process.execPath, UNIT_FILE],
    env,
    ports: [
      { name: 'http', containerPort: options.port },
      { name: 'grpc', containerPort: options.grpcPort },
    ],
  };
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'dep', namespace: 'ns' },
    spec: {
      annotations: { 'seldon.io/rest-timeout': String(options.timeoutMs ?? 5000) },
      predictors: [
        {
          name: 'main',
          componentSpecs: [{ spec: { containers: [container] } }],
          graph: {
            name: 'router',
            implementation: 'SIMPLE_ROUTER',
            children: [{ name: 'model', type: 'MODEL' }],
          },
        },
      ],
    },
  };
  writeFileSync(file, JSON.stringify(manifest, null, 1));
}

async function start(
  file: string,
  port: number,
  grpcPort: number,
  more: string[] = [],
): Promise<Started> {
  const argv = [
    'run',
    file,
    '--port',
    String(port),
    '--grpc-port',
    String(grpcPort),
    '-o',
    'json',
    ...more,
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  while (!stdout.includes('\n')) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${stderr}`);
    await sleep(20);
  }
  const ready = JSON.parse(stdout) as Started['ready'];
  return { child, ready, url: `http://127.0.0.1:${port}`, stderr: () => stderr };
}

async function predict(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/v1.0/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":{"ndarray":[[1]]}}',
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Record<string, unknown>;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 25) {
    if (waited > 15_000) assert.fail(`waited in vain until ${what}`);
    await sleep(25);
  }
}

/** Command lines of living processes that name the text. */
function processesWith(text: string): string[] {
  const { stdout } = spawnSync('ps', ['axww', '-o', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(text) && !line.startsWith('Z'));
}

test('a graph runs, follows its file, survives a crash and leaves nothing behind', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0] = await freePorts(4);
  const file = join(dir, 'graph.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc, secret: true });
  const more = ['--watch', '--set', 'model.NAME=secret name', '--state-dir', join(dir, 'state')];
  const { child, ready, url, stderr } = await start(file, port, grpcPort, more);
  assert.equal(ready['ready'], true);
  assert.equal(ready['url'], url);
  assert.equal(ready['grpc'], `127.0.0.1:${grpcPort}`);

  const first = await predict(url);
  assert.equal(first['path'], '/predict');
  assert.equal(first['name'], 'secret name');
  assert.match(stderr(), /unit is up/);

  // An edit of the data plane alone drops no request and leaves the unit alone.
  const responses: Record<string, unknown>[] = [];
  let sending = true;
  const load = (async () => {
    while (sending) responses.push(await predict(url));
  })();
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc, secret: true, timeoutMs: 4000 });
  await until('the change is live', () => /the change is live/.test(stderr()));
  sending = false;
  await load;
  assert.ok(responses.length > 0);
  assert.ok(responses.every((response) => response['pid'] === first['pid']));

  // A broken file changes nothing.
  writeFileSync(file, '{"kind": "SeldonDeployment"');
  await until('the mistake is told', () => /the old plan serves on/.test(stderr()));
  assert.equal((await predict(url))['pid'], first['pid']);

  // A changed container is another process.
  writeGraph(file, {
    port: unitPort,
    grpcPort: unitGrpc,
    secret: true,
    timeoutMs: 4000,
    delayMs: 1,
  });
  await until('the unit is new', () => /has changed and is started/.test(stderr()));
  await until('it is live', () => (stderr().match(/the change is live/g) ?? []).length === 2);
  const second = await predict(url);
  assert.notEqual(second['pid'], first['pid']);

  // A unit that dies comes back.
  await fetch(`http://127.0.0.1:${unitPort}/die`).catch(() => {});
  await until('the death is told', () => /unit model exited with code 7/.test(stderr()));
  await until('it is up again', () => (stderr().match(/unit is up/g) ?? []).length >= 3);
  await sleep(50);
  assert.notEqual((await predict(url))['pid'], second['pid']);

  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0, stderr());
  assert.deepEqual(processesWith(dir), []);
  assert.deepEqual(processesWith(UNIT_FILE), []);
});

test('a request in flight ends in peace when the run is ended', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0] = await freePorts(4);
  const file = join(dir, 'slow.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc, delayMs: 700 });
  const { child, url, stderr } = await start(file, port, grpcPort);
  const response = predict(url);
  await sleep(200);
  child.kill('SIGINT');
  assert.equal((await response)['path'], '/predict');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0, stderr());
});

test('the filter comes back after it was killed, and nothing outlives a killed run', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0] = await freePorts(4);
  const file = join(dir, 'killed.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc });
  const state = join(dir, 'killed');
  const { child, url, stderr } = await start(file, port, grpcPort, ['--state-dir', state]);
  const { stdout } = spawnSync('ps', ['axww', '-o', 'pid=,args='], { encoding: 'utf8' });
  const filter = stdout
    .split('\n')
    .find((line) => line.includes('extproc/process/main.ts') && line.includes(state));
  assert.ok(filter !== undefined);
  process.kill(Number.parseInt(filter, 10), 'SIGKILL');
  await until('its death is told', () => /the filter was ended by signal SIGKILL/.test(stderr()));
  await predict(url);

  child.kill('SIGKILL');
  await once(child, 'exit');
  await until('all are gone', () => processesWith(state).length === 0);
  await until('the unit is gone', () => processesWith(UNIT_FILE).length === 0);
});

test('a port that is taken is told by its owner and its flag', async () => {
  const [unitPort = 0, unitGrpc = 0, grpcPort = 0] = await freePorts(3);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const file = join(dir, 'taken.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc });
  await assert.rejects(start(file, port, grpcPort), (error: Error) => {
    assert.match(error.message, /ended with 1/);
    assert.match(
      error.message,
      new RegExp(`port ${port} for the ingress \\(--port\\) is already in use`),
    );
    return true;
  });
  server.close();
});

test('logs at debug hold no token, cookie, query or body, and are for their owner alone', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0] = await freePorts(4);
  const file = join(dir, 'debug.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc });
  const state = join(dir, 'debug');
  const more = ['--state-dir', state, '--log-level', 'debug', '--access-log', 'all'];
  const { child, url, stderr } = await start(file, port, grpcPort, more);
  const response = await fetch(`${url}/api/v1.0/predictions?token=SECRET-query`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer SECRET-token',
      cookie: 'session=SECRET-cookie',
    },
    body: '{"strData":"SECRET-body"}',
  });
  assert.equal(response.status, 200);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const logs = ['envoy.log', 'access.log'].map((name) => join(state, name));
  for (const log of logs) assert.equal(statSync(log).mode & 0o777, 0o600, log);
  const [envoy = '', access = ''] = logs.map((log) => readFileSync(log, 'utf8'));
  assert.match(envoy, /\[debug\]\[(config|upstream)\]/);
  assert.match(access, /predictions/);
  assert.doesNotMatch(envoy + access + stderr(), /SECRET/);
});

test('a process that left its unit, and holds its output, does not hold the run', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0] = await freePorts(4);
  const file = join(dir, 'escaped.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc });
  const escape = `console.log('escaped ' + require('node:child_process').spawn('sleep', ['60'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).pid);`;
  writeFileSync(join(dir, UNIT_FILE), `${UNIT}${escape}`);
  const { child, stderr } = await start(file, port, grpcPort);
  await until('it says its pid', () => /escaped \d+/.test(stderr()));
  const escaped = Number(/escaped (\d+)/.exec(stderr())?.[1]);
  try {
    child.kill('SIGTERM');
    await until('the run ends', () => child.exitCode !== null);
    assert.equal(child.exitCode, 0, stderr());
  } finally {
    process.kill(escaped, 'SIGKILL');
  }
});

test('a change that failed for want of a port is taken over when the port is free', async () => {
  const [port = 0, grpcPort = 0, unitPort = 0, unitGrpc = 0, wanted = 0] = await freePorts(5);
  const file = join(dir, 'again.json');
  writeGraph(file, { port: unitPort, grpcPort: unitGrpc });
  const { child, url, stderr } = await start(file, port, grpcPort, ['--watch']);
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  writeGraph(file, { port: wanted, grpcPort: unitGrpc });
  await until('it is refused', () => /tried again in 2 s.*already in use/.test(stderr()));
  server.close();
  await until('it is taken over', () => /the change is live/.test(stderr()));
  assert.equal((await predict(url))['path'], '/predict');
  rmSync(file);
  await until('it is told', () =>
    /again.json does not exist; the last plan serves on/.test(stderr()),
  );
  child.kill('SIGTERM');
  await once(child, 'exit');
});
