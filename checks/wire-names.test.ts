// Names that cross a wire between Envoy and the filter have one home, graph/plan/names.ts: nothing else in the product may write
// them out, since a name that is written twice can be changed once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOME = 'graph/plan/names.ts';
const ROOMS = ['cluster', 'dialects', 'envoy', 'extproc', 'gateway', 'graph', 'lib', 'sidecar'];
/** The beginning of a text with one of the names, or metadata of ours inside a format of Envoy's. */
const NAME =
  /['"`](x-sidegraph-|x-sidegraph-[\w-]+|seldon-routing|seldon-puid|sidegraph-error|traceparent)['"`:$]|\((sidegraph):\w/;
const COMMENT = /^\s*(\/\/|\*|\/\*)/;

function findNames(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !COMMENT.test(line) && NAME.test(line))
    .map((line) => line.trim());
}

test('names on the wire are written out in their home alone', () => {
  const files = execFileSync('git', ['ls-files', '--', ...ROOMS], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path.endsWith('.ts') && path !== HOME)
    .filter((path) => !/\.test\.ts$|\.bench\.ts$|\/testing\//.test(path));
  assert.ok(files.length > 300);
  const wrong = files.flatMap((path) =>
    findNames(readFileSync(join(ROOT, path), 'utf8')).map((line) => `${path}: ${line}`),
  );
  assert.deepEqual(wrong, []);
});

test('a name is found in every form of a text', () => {
  for (const line of [
    `const a = 'x-sidegraph-unit';`,
    `const a = 'x-sidegraph-';`,
    'const a = `x-sidegraph-${b}`;',
    `headers.find("seldon-routing")`,
    "const a = '%DYNAMIC_METADATA(sidegraph:routing)%';",
  ])
    assert.equal(findNames(line).length, 1, line);
  for (const line of [`// 'x-sidegraph-unit'`, `const name = 'sidegraph: ready';`])
    assert.equal(findNames(line).length, 0, line);
});
