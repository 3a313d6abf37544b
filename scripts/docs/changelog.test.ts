import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addSection, FRAGMENT_NAME, MARK, parseFragment, renderSection } from './changelog.ts';

const CHANGES = new URL('../../changes/', import.meta.url);
const CHANGELOG = new URL('../../CHANGELOG.md', import.meta.url);

for (const name of readdirSync(CHANGES).filter((each) => each !== 'README.md'))
  test(`changes/${name} is a fragment`, () => {
    assert.match(name, FRAGMENT_NAME);
    const read = parseFragment(readFileSync(new URL(name, CHANGES), 'utf8'));
    assert.equal(read.kind, 'fragment', read.kind === 'wrong' ? read.reason : '');
  });

test('the changelog has the place where sections are added', () => {
  const text = readFileSync(CHANGELOG, 'utf8');
  assert.match(addSection(text, '999.0.0', '## 999.0.0 (2030-01-01)\n'), /\n## 999\.0\.0 \(/);
});

test('fragments become a section, by kind', () => {
  const fragments = ['fixed\n\nOne.\n', 'added\n\nTwo,\nin two lines.\n', 'fixed\n\nThree.\n'].map(
    (text) => {
      const read = parseFragment(text);
      assert.ok(read.kind === 'fragment');
      return read.fragment;
    },
  );
  assert.equal(
    renderSection('1.2.0', '2026-11-29', fragments),
    '## 1.2.0 (2026-11-29)\n\n### Added\n\n- Two,\n  in two lines.\n\n### Fixed\n\n- One.\n- Three.\n',
  );
});

test('a section goes before those of older versions', () => {
  const old = `# Changelog\n\n${MARK}\n\n## 1.0.0 (2026-01-01)\n`;
  const text = addSection(old, '1.1.0', '## 1.1.0 (2026-02-01)\n');
  assert.equal(text, `# Changelog\n\n${MARK}\n\n## 1.1.0 (2026-02-01)\n\n## 1.0.0 (2026-01-01)\n`);
  assert.throws(() => addSection(text, '1.1.0', ''), /has a section for 1\.1\.0/);
  assert.throws(() => addSection('# Changelog\n', '1.1.0', ''), /has no line/);
});

test('what is no fragment is rejected with the reason', () => {
  for (const [text, reason] of [
    ['', /first line/],
    ['Fixed\n\nA bug.\n', /first line/],
    ['fixed\nA bug.\n', /empty line/],
    ['fixed\n\n', /a sentence/],
    ['fixed\n\n- a bug\n', /a list/],
  ] as const) {
    const read = parseFragment(text);
    assert.ok(read.kind === 'wrong', text);
    assert.match(read.reason, reason);
  }
});
