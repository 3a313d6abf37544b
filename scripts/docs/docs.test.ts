import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseCommand } from '../../cli/commands/options.ts';
import { USAGE } from '../../cli/commands/usage.ts';
import { partNames, renderPage } from './render-page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const pages = [
  join(ROOT, 'README.md'),
  join(ROOT, 'examples/README.md'),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, 'docs', name)),
];

for (const page of pages) {
  const name = relative(ROOT, page);
  const text = readFileSync(page, 'utf8');

  test(`${name} says what the code says`, () => {
    assert.equal(
      text,
      renderPage(text),
      'stale: run scripts/docs.ts with the Node of this checkout',
    );
  });

  test(`${name} links to what is there`, () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const missing = links
      .filter((link) => !/^[a-z]+:/.test(link) && !link.startsWith('#'))
      .filter((link) => !existsSync(join(dirname(page), link.replace(/#.*$/, ''))));
    assert.deepEqual(missing, []);
  });
}

test('every generated part stands on exactly one page', () => {
  const all = pages.map((page) => readFileSync(page, 'utf8')).join('\n');
  for (const part of partNames()) {
    assert.equal(all.split(`<!-- begin ${part} -->`).length - 1, 1, part);
  }
});

test('the examples of the help texts are command lines that can be read, with files that exist', () => {
  const lines = Object.values(USAGE).flatMap((text) => text.match(/^ {2}sidegraph .*$/gm) ?? []);
  assert.ok(lines.length > 5);
  for (const line of lines) {
    const words = (line.trim().split(/ [|>] /)[0] ?? '').split(/\s+/).slice(1);
    assert.notEqual(parseCommand(words).kind, 'wrong', line);
    for (const word of words.filter((each) => each.startsWith('examples/'))) {
      assert.ok(existsSync(join(ROOT, word)), `${line}: ${word}`);
    }
  }
});
