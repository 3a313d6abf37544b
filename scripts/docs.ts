// Writes the generated parts of docs/*.md: everything between `<!-- begin NAME -->` and `<!-- end NAME -->`, out of the
// code that it speaks of. `scripts/docs/docs.test.ts` fails while a part is stale. Run:
// `$(scripts/node-path.sh) --disable-warning=ExperimentalWarning scripts/docs.ts`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderPage } from './docs/render-page.ts';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));

for (const file of readdirSync(DOCS).filter((name) => name.endsWith('.md'))) {
  const before = readFileSync(DOCS + file, 'utf8');
  const after = renderPage(before);
  if (after === before) continue;
  writeFileSync(DOCS + file, after);
  console.log(`docs/${file} is written`);
}
