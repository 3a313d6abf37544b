import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describeBug, main } from './main.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-main-'));
after(() => rmSync(dir, { recursive: true, force: true }));

async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: { PATH: '' },
    outIsTty: false,
    errIsTty: false,
  };
  return { code: await main(argv, io), out, err };
}

function deployment(name: string, graph: object): string {
  return JSON.stringify({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name },
    spec: { predictors: [{ name: 'p', graph }] },
  });
}

const endpoint = { service_host: '127.0.0.1', httpPort: 9000, grpcPort: 9500 };
const good = (name: string): string => deployment(name, { name: 'm', type: 'MODEL', endpoint });

function write(name: string, text: string): string {
  const path = join(dir, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

test('help and version end with 0, a mistake on the command line with 2', async () => {
  assert.match((await command('version')).out, /^sidegraph \d+\.\d+\.\d+\n$/);
  assert.match((await command('help', 'check')).out, /^Usage: sidegraph check/);
  const wrong = await command('run', 'x.yaml', '--prot', '1');
  assert.equal(wrong.code, 2);
  assert.equal(wrong.err, "sidegraph: unknown option '--prot'\nTry: sidegraph help run\n");
});

test('check goes through directories and ends with 1 when there is an error', async () => {
  const fine = write('fine/a.yaml', good('a'));
  assert.deepEqual(await command('check', fine), {
    code: 0,
    out: '0 errors, 0 warnings in 1 file\n',
    err: '',
  });
  write('mixed/good.json', good('b'));
  write('mixed/deep/broken.yml', deployment('c', { name: 'm', type: 'ROUTERR', endpoint }));
  write('mixed/notes.txt', 'not a manifest');
  const mixed = await command('check', join(dir, 'mixed'));
  assert.equal(mixed.code, 1);
  assert.match(mixed.out, /broken\.yml\n {2}error \w+ spec\.predictors\[0\]\.graph\.type/);
  assert.match(mixed.out, /→ /);
  assert.match(mixed.out, /1 error, 0 warnings in 2 files\n$/);
});

test('check skips JSON of a directory that has no kind, and says how much', async () => {
  write('some/graph.yaml', good('a'));
  const request = write('some/request.json', '{"data":{"ndarray":[[1]]}}');
  write('some/list.json', '[1,2]');
  const both = await command('check', join(dir, 'some'));
  assert.deepEqual(both, {
    code: 0,
    out: '0 errors, 0 warnings in 1 file, 2 JSON without a kind skipped\n',
    err: '',
  });
  const told = JSON.parse((await command('check', join(dir, 'some'), '-o', 'json')).out) as object;
  assert.deepEqual('skipped' in told && told.skipped, [join(dir, 'some', 'list.json'), request]);
  const named = await command('check', request);
  assert.equal(named.code, 1, 'a file that is named is checked whatever it holds');
  assert.match(named.out, /KIND_MISSING/);
  write('bodies/request.json', '{}');
  const bodies = await command('check', join(dir, 'bodies'));
  assert.equal(bodies.code, 1);
  assert.match(bodies.out, /holds JSON files without a kind, and nothing else/);
});

test('control characters of a file do not reach the terminal', async () => {
  const file = write(
    'hostile.yaml',
    deployment('a', { name: 'm\u001b[31m', type: 'MODEL\u0007', endpoint }),
  );
  const { out, code } = await command('check', file);
  assert.equal(code, 1);
  assert.match(out, /NAME_INVALID/);
  assert.doesNotMatch(out.replaceAll('\n', ''), /\p{Cc}/u);
});

test('check gives findings as JSON, and files that cannot be read among them', async () => {
  const broken = write('json/broken.yaml', '{');
  const { code, out } = await command('check', broken, join(dir, 'nowhere'), '-o', 'json');
  assert.equal(code, 1);
  const told = JSON.parse(out) as {
    files: { source: string; findings: { code: string; advice: string }[] }[];
    unreadable: { source: string; message: string }[];
    errors: number;
  };
  assert.equal(told.files[0]?.source, broken);
  assert.ok((told.files[0]?.findings.length ?? 0) > 0);
  assert.ok(
    told.files[0]?.findings.every((finding) => finding.code !== '' && finding.advice !== ''),
  );
  assert.match(told.unreadable[0]?.message ?? '', /does not exist/);
  assert.ok(told.errors >= 2);
});

test('explain shows the plan as a tree, a drawing or JSON', async () => {
  const file = write('explain.yaml', good('a'));
  assert.match((await command('explain', file)).out, /predictor p/);
  assert.match((await command('explain', file, '-o', 'mermaid')).out, /graph|flowchart/);
  JSON.parse((await command('explain', file, '-o', 'json')).out);
});

test('several deployments need a choice, and a wrong choice is told with what there is', async () => {
  const file = write('two.yaml', `${good('a')}\n---\n${good('b')}\n`);
  const none = await command('explain', file);
  assert.equal(none.code, 1);
  assert.match(
    none.err,
    /holds several deployments: a, b\n {2}→ choose one with --deployment NAME \[DEPLOYMENT_AMBIGUOUS\]/,
  );
  assert.match(
    (await command('explain', file, '--deployment', 'c')).err,
    /it holds: a, b \[DEPLOYMENT_UNKNOWN\]/,
  );
  assert.match(
    (await command('explain', file, '--deployment', 'b', '--predictor', 'q')).err,
    /its predictors: p \[PREDICTOR_UNKNOWN\]/,
  );
  assert.equal((await command('explain', file, '--deployment', 'b', '--predictor', 'p')).code, 0);
});

test('run tells the findings of a broken file and starts nothing', async () => {
  const file = write('broken.yaml', deployment('c', { name: 'm', type: 'ROUTERR', endpoint }));
  const { code, out, err } = await command('run', file);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(err, /spec\.predictors\[0\]\.graph\.type/);
  assert.match(err, /\[FINDINGS\]/);
});

test('run and explain report unknown names together with the mistakes of the file', async () => {
  const file = write('names.yaml', deployment('dep', { name: 'scaler', type: 'MODEL' }));
  const flags = ['--predictor', 'pp', '--unit', 'scalar=http://127.0.0.1:1'];
  for (const name of ['run', 'explain']) {
    const { code, err } = await command(name, file, ...flags);
    assert.equal(code, 1);
    assert.match(
      err,
      /error CONTAINER_MISSING [^]*\[FINDINGS\]\n {2}the deployment dep has no predictor pp\n {4}→ did you mean p\? its predictors: p \[PREDICTOR_UNKNOWN\]\n {2}--unit names the unit scalar, [^]*did you mean scaler\? its units: scaler \[UNIT_UNKNOWN\]\n/,
    );
  }
});

test('explain does not pass over a unit that the graph does not have', async () => {
  const file = write('stray.yaml', good('a'));
  const { code, err } = await command('explain', file, '--unit', 'mm=http://127.0.0.1:1');
  assert.equal(code, 1);
  assert.match(err, /--unit names the unit mm, [^]*did you mean m\? its units: m \[UNIT_UNKNOWN\]/);
});

test('a unit whose address is the ingress itself is refused', async () => {
  const file = write('loop.yaml', good('a'));
  const { code, err } = await command('run', file, '--port', '9000');
  assert.equal(code, 1);
  assert.match(
    err,
    /unit m has the address 127\.0\.0\.1:9000, on which this run itself is to listen/,
  );
});

test('run without an Envoy says how to get one', async () => {
  const file = write('envoy.yaml', good('a'));
  let err = '';
  const io = {
    out: () => {},
    err: (text: string) => void (err += text),
    env: { ENVOY_BIN: join(dir, 'no-envoy') },
    outIsTty: false,
    errIsTty: false,
  };
  assert.equal(await main(['run', file], io), 1);
  assert.match(err, /make setup/);
  assert.match(err, /ENVOY_BIN/);
  assert.match(err, /\[ENVOY_MISSING\]/);
});

test('a bug is told in two lines with a place and without a stack', () => {
  const told = describeBug(new TypeError('x is not a function\n    at secret (/a/b.ts:1:1)'));
  assert.equal(told.split('\n').length, 3);
  assert.match(told, /internal error \[INTERNAL main\.test\.ts:\d+\]: x is not a function\n/);
  assert.doesNotMatch(told, / at /);
  assert.match(told, /please report it/);
});
