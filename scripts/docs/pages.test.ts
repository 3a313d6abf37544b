// What pages say by name is there: files, codes, make targets, folders on the map; and their words are those of the glossary.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listPages, listSources, ROOT } from './pages.ts';

const pages = listPages();

const FILE_NAME = /`([\w-]+\/(?:[\w.-]+\/)*(?:[\w.-]+\.(?:ts|sh|md|yaml|yml|json|proto))?)`/g;

for (const name of pages.filter((page) => /^docs\/development\/|^CONTRIBUTING/.test(page)))
  test(`${name} names files and folders that exist`, () => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    const named = [...text.matchAll(FILE_NAME)].map(([, path = '']) => path);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });

const CODE = /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g;
const SOURCES = listSources()
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');
/** A variable of a shell script, and an example. */
const ELSEWHERE = new Set(['ENVOY_PACKAGE', 'HEADER_ROUTER']);

for (const name of pages.filter((page) => !page.startsWith('bench/')))
  test(`${name} names codes and constants that the code has`, () => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    const named = new Set([...text.matchAll(CODE)].map(([, code = '']) => code));
    const missing = [...named].filter((code) => !ELSEWHERE.has(code) && !SOURCES.includes(code));
    assert.deepEqual(missing, []);
  });

const MAKE = /(?:^ {4}|^```sh\n|`|^)(?:[A-Z_]+=\S+ )*make((?: [a-z][a-z0-9-]*)+)/gm;
const TARGETS = new Set(
  [...readFileSync(join(ROOT, 'Makefile'), 'utf8').matchAll(/^([a-z0-9-]+):/gm)].map(
    ([, target = '']) => target,
  ),
);

for (const name of [...pages, '.github/workflows/ci.yml'])
  test(`${name} names targets of the Makefile`, () => {
    const text = readFileSync(join(ROOT, name), 'utf8').replace(
      /- run: (sudo .*? )?make/g,
      '`make',
    );
    const named = [...text.matchAll(MAKE)].flatMap(([, list = '']) => list.trim().split(' '));
    assert.deepEqual(
      named.filter((target) => !TARGETS.has(target)),
      [],
    );
  });

test('the map names every folder with code, or the one that it is in', () => {
  const map = readFileSync(join(ROOT, 'docs/development/map.md'), 'utf8');
  const folders = listSources().map((path) => path.split('/').slice(0, -1));
  const missing = folders.filter(
    (way) => !way.some((_name, at) => map.includes(`\`${way.slice(0, at + 1).join('/')}/\``)),
  );
  assert.deepEqual([...new Set(missing.map((way) => way.join('/')))], []);
});

/** Words of the glossary's last table that never mean anything else. */
const UNUSED =
  /\b(passed over|passes over|off the path|twins?|kept connections?|straight|hand(s|ed) down|lets? go of|mended)\b/gi;

for (const name of pages.filter((page) => !page.endsWith('/glossary.md')))
  test(`${name} has no word that the glossary replaces`, () => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    assert.deepEqual(text.match(UNUSED) ?? [], []);
  });
