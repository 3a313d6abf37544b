// `make docs`: writes the generated parts of the pages, everything between `<!-- begin NAME -->` and `<!-- end NAME -->`, out of the
// code that they speak of, and the pictures. `scripts/docs/docs.test.ts` fails while one of them is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { listPages, PICTURES, ROOT } from './docs/pages.ts';
import { renderPage } from './docs/render-page.ts';

for (const page of listPages()) {
  const before = readFileSync(ROOT + page, 'utf8');
  writeIfStale(page, before, renderPage(before));
}
for (const [path, picture] of Object.entries(PICTURES)) {
  writeIfStale(path, readIfThere(path), picture);
}

function writeIfStale(path: string, before: string, after: string): void {
  if (after === before) return;
  writeFileSync(ROOT + path, after);
  console.log(`${path} is written`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(ROOT + path, 'utf8');
  } catch {
    return '';
  }
}
