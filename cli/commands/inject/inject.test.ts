// The command on files: what is printed and what is told, as goldens; and what holds for each of them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Io } from '../../../lib/runtime/io.ts';
import { readCases, testGoldens } from '../../../testing/golden.ts';
import { inject } from './inject.ts';
import type { InjectOptions } from './parse.ts';

const DIR = join(import.meta.dirname, 'testdata');
const PLAIN = {
  graphs: [],
  namespace: undefined,
  envoyImage: undefined,
  filterImage: undefined,
  output: 'yaml',
} as const;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(options: Partial<InjectOptions> & Pick<InjectOptions, 'files'>): Promise<Said> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => (out += text),
    err: (text) => (err += text.replaceAll(`${DIR}/`, '')),
    env: {},
    outIsTty: false,
    errIsTty: false,
  };
  const code = await inject({ ...PLAIN, ...options }, io);
  return { code, out, err };
}

testGoldens({
  dir: DIR,
  outputs: ['.out.yaml', '.err.txt'],
  title: (name) => `${name}: the manifests and the findings are as they were`,
  render: async ({ file }) => {
    const { code, out, err } = await run({ files: [file] });
    assert.equal(code, out === '' ? 1 : 0, err);
    return { '.out.yaml': out, '.err.txt': err };
  },
});

test('what was injected is not changed when it is done again', async () => {
  for (const { name } of readCases(DIR)) {
    const file = join(DIR, `${name}.out.yaml`);
    if (!existsSync(file)) continue;
    const again = await run({ files: [file] });
    assert.equal(again.code, 0, again.err);
    assert.equal(again.out, readFileSync(file, 'utf8'));
  }
});

test('the graph may be in a file of its own, and images are those that are named', async () => {
  const { code, out, err } = await run({
    files: [join(DIR, 'deployment.in.yaml')],
    graphs: [join(DIR, 'kinds.in.yaml')],
    envoyImage: 'registry/envoy:2',
    filterImage: 'registry/filter:2',
    output: 'json',
  });
  assert.equal(code, 0, err);
  const list = JSON.parse(out) as { kind: string; items: { kind: string }[] };
  assert.equal(list.kind, 'List');
  assert.deepEqual(
    list.items.map(({ kind }) => kind),
    ['SeldonDeployment', 'Deployment', 'Service'],
  );
  assert.match(out, /"image": "registry\/envoy:2"/);
  assert.match(out, /"image": "registry\/filter:2"/);
});

test('files without a pod of a graph pass, with a word about it', async () => {
  const dir = join(DIR, 'none.tmp.yaml');
  writeFileSync(dir, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n');
  try {
    const { code, out, err } = await run({ files: [dir] });
    assert.equal(code, 0);
    assert.equal(out, readFileSync(dir, 'utf8'));
    assert.match(err, /no pod has the annotation sidegraph\.io\/graph/);
  } finally {
    rmSync(dir);
  }
});
