// What is absent is `undefined`. A declared type has `null` only where the value is somebody else's, or is written out or read as it is:
// in the files of this list, each with the reason. `undefined` is all that a reader has to think of anywhere else.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const NODE = 'what node:child_process, node:net and fetch give';
const GRPC = 'what callbacks of grpc-js are called with';
const PLAN = 'fields of the plan, which the hash is made over';
const LIVE = 'states, requests and captures of the live page, which cross as JSON';
const STATUS = 'the JSON of `sidegraph status`';
const SIDECAR = 'the JSON of a sidecar’s status';
const SETTING = 'a setting that users write as null';
const KUBERNETES = 'fields of Kubernetes objects';

/** A file, or a folder with a slash at its end. */
const ALLOWED: Readonly<Record<string, string>> = {
  'bench/goals.ts': 'the JSON of results',
  'bench/report.ts': 'the JSON of results',
  'bench/target.ts': NODE,
  'checks/absence.test.ts': 'the words of this test',
  'cli/commands/status/': STATUS,
  'cli/commands/top/render-top.test.ts': LIVE,
  'e2e/cluster/b-feedback.test.ts': NODE,
  'e2e/cluster/harness/grpc.ts': GRPC,
  'e2e/control-plane/steady-operator.test.ts': NODE,
  'e2e/data-plane/capture.test.ts': LIVE,
  'e2e/data-plane/unit-names/own-network.ts': NODE,
  'e2e/stand-in/grpc.ts': GRPC,
  'envoy/kit/json.ts': 'any JSON',
  'examples/examples.test.ts': NODE,
  'examples/grpc-client/client.ts': GRPC,
  'examples/run-example.ts': NODE,
  'extproc/client/testing/reference-grpc.ts': GRPC,
  'extproc/live/copied-body.ts': LIVE,
  'extproc/live/walk-record.ts': LIVE,
  'gateway/config/read-backends.ts': KUBERNETES,
  'gateway/config/served.ts': 'the file in which a gateway keeps what it serves',
  'gateway/xds/wire-values.ts': 'descriptors of protobufjs',
  'graph/built-ins/table.ts': PLAN,
  'graph/compile/compile-policy.ts': PLAN,
  'graph/explain/explain-plan.ts': PLAN,
  'graph/plan/plan.ts': PLAN,
  'lib/kube/config.ts': 'what @kubernetes/client-node calls it with',
  'lib/kube/health.ts': NODE,
  'operator/config/': SETTING,
  'operator/reconcile/golden.test.ts': 'steps that are written as YAML',
  'operator/workloads/sidecar/render-sidecar.ts': SETTING,
  'sidecar/agent/options.ts': SIDECAR,
  'sidecar/agent/state.ts': SIDECAR,
  'sidecar/live/': LIVE,
  'sidecar/supervisor/child.test.ts': NODE,
  'sidecar/supervisor/child.ts': NODE,
  'sidecar/supervisor/filter.ts': NODE,
};

/** Lines with a union that has null in it; those of comments and texts do not count. */
function findNull(source: string): string[] {
  return source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^(?:\/\/|\*|\/\*)/.test(line))
    .filter((line) =>
      /(?:^|[^|])\| null\b|\bnull \|(?:[^|]|$)/.test(line.replace(/'(?:[^'\\]|\\.)*'/g, "''")),
    );
}

const found = execFileSync('git', ['ls-files', '--', '*.ts'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '')
  .flatMap((path) =>
    findNull(readFileSync(join(ROOT, path), 'utf8')).map((line) => ({ path, line })),
  );
const isAllowed = (path: string, name: string): boolean =>
  name.endsWith('/') ? path.startsWith(name) : path === name;

test('a declared type says undefined for what may be absent', () => {
  const names = Object.keys(ALLOWED);
  const wrong = found.filter(({ path }) => !names.some((name) => isAllowed(path, name)));
  assert.deepEqual(
    wrong.map(({ path, line }) => `${path}: ${line}`),
    [],
  );
});

test('no file is allowed null that has none', () => {
  const unused = Object.keys(ALLOWED).filter(
    (name) => !found.some(({ path }) => isAllowed(path, name)),
  );
  assert.deepEqual(unused, []);
});

test('it is found in types, and not in conditions, comments or texts', () => {
  const lines = ['readonly a: string | null;', '| null', 'let a: null | string = b;'];
  assert.deepEqual(findNull(lines.join('\n')), lines);
  assert.deepEqual(findNull("// string | null\nif (a === b || null === a) x('a | null');"), []);
});
