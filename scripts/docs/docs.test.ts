import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseCommand, TOPICS, usageOf } from '../../cli/commands.ts';
import { DIFFERENCES } from '../../e2e/conformance/differences.ts';
import { describeDifference } from '../../testing/golden.ts';
import { listPages, PICTURES, ROOT } from './pages.ts';
import { partNames, renderPage } from './render-page.ts';
import { explainedCases } from './seldon-differences.ts';

const pages = listPages();
/** `](x)` of Markdown, and the attributes of a picture. */
const LINK = /\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"]+)"/g;
const HEADING = /^#{1,4} (.*)$/gm;

for (const name of pages) {
  const text = readFileSync(join(ROOT, name), 'utf8');

  test(`${name} says what the code says`, () => {
    assertFresh(name, text, renderPage(text));
  });

  test(`${name} links to what is there`, () => {
    const links = [...text.matchAll(LINK)].map(([, link, source]) => link ?? source ?? '');
    const missing = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !isThere(name, link));
    assert.deepEqual(missing, []);
  });
}

function assertFresh(file: string, text: string, rendered: string): void {
  if (text !== rendered)
    assert.fail(`${describeDifference(file, rendered, text)}\n\`make docs\` writes it.`);
}

/** A heading's anchor counts too. */
function isThere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const headings = [...readFileSync(target, 'utf8').matchAll(HEADING)];
  return headings.some(([, text = '']) => anchorOf(text) === anchor);
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

for (const [path, picture] of Object.entries(PICTURES))
  test(`${path} is the picture that the script draws`, () => {
    assertFresh(path, readFileSync(join(ROOT, path), 'utf8'), picture);
  });

test('every generated part is on exactly one page', () => {
  const all = pages.map((page) => readFileSync(join(ROOT, page), 'utf8')).join('\n');
  for (const part of partNames()) {
    assert.equal(all.split(`<!-- begin ${part} -->`).length - 1, 1, part);
  }
});

test('the examples of the help texts are command lines that can be read, with files that exist', async () => {
  const texts = await Promise.all(TOPICS.map(usageOf));
  const lines = texts.flatMap((text) => text.match(/^ {2}sidegraph .*$/gm) ?? []);
  assert.ok(lines.length > 5);
  for (const line of lines) {
    const words = (line.trim().split(/ [|>] /)[0] ?? '').split(/\s+/).slice(1);
    assert.notEqual((await parseCommand(words)).kind, 'wrong', line);
    for (const word of words.filter((each) => each.startsWith('examples/'))) {
      assert.ok(existsSync(join(ROOT, word)), `${line}: ${word}`);
    }
  }
});

test('every recorded case of Seldon that differs is explained', () => {
  assert.deepEqual(explainedCases(), Object.keys(DIFFERENCES).sort());
});
