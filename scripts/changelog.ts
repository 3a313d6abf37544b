// `make changelog`: the fragments of changes/ become the section of CHANGELOG.md for the version in package.json, and go. Writes
// nothing while one of them is not as changes/README.md has it, or where there are none.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addSection, type Fragment, parseFragment, renderSection } from './docs/changelog.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHANGES = `${ROOT}changes/`;

const names = readdirSync(CHANGES)
  .filter((name) => name !== 'README.md')
  .sort();
const fragments: Fragment[] = [];
for (const name of names) {
  const read = parseFragment(readFileSync(CHANGES + name, 'utf8'));
  if (read.kind === 'fragment') fragments.push(read.fragment);
  else fail(`changes/${name}: ${read.reason}`);
}
if (fragments.length === 0) fail('changes/ has no fragments');

const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
const section = renderSection(version, new Date().toISOString().slice(0, 10), fragments);
const changelog = `${ROOT}CHANGELOG.md`;
writeFileSync(changelog, addSection(readFileSync(changelog, 'utf8'), version, section));
for (const name of names) rmSync(CHANGES + name);
console.log(`CHANGELOG.md has ${version} now, of ${fragments.length} fragments`);

function fail(reason: string): never {
  console.error(`changelog: ${reason}`);
  process.exit(1);
}
