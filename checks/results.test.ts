// What can come out in several ways is a union with a `kind`, so that a reader sees the ways by their names and the type checker sees them
// all. `ok: true` names none of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OK = /^(?!\s*(?:\/\/|\*|\/\*)).*\b(?:readonly )?ok\??: (?:true|false|boolean)\b/;

function findOk(source: string): string[] {
  return source.split('\n').filter((line) => OK.test(line));
}

test('no result of the product says ok: true or ok: false', () => {
  const paths = execFileSync('git', ['ls-files', '--', '*.ts'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((path) =>
      /^(cli|cluster|dialects|envoy|extproc|gateway|graph|lib|operator|proto|sidecar)\//.test(path),
    )
    .filter((path) => !/\.test\.ts$|\.bench\.ts$|\/testing\//.test(path));
  assert.ok(paths.length > 400);
  const found = paths.flatMap((path) =>
    findOk(readFileSync(join(ROOT, path), 'utf8')).map((line) => `${path}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});

test('it is found in values and in types, and not in comments or longer names', () => {
  const lines = ['return { ok: true, value };', '  | { readonly ok: false }', '  ok?: boolean;'];
  assert.deepEqual(findOk(lines.join('\n')), lines);
  assert.deepEqual(findOk("// ok: true\n{ isOk: true }\nstate: 'ok'"), []);
});
