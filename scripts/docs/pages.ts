// The pages that are held to the code, and the pictures beside them: what is written by `scripts/docs.ts` and checked by the test.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderPicture } from './picture.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Folders whose pages are read, with what lies below them. */
const FOLDERS = ['docs', 'changes', 'bench', 'e2e/kube'];

/** From the root, with slashes. */
export function listPages(): string[] {
  const inRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = FOLDERS.filter((folder) => existsSync(ROOT + folder)).flatMap((folder) =>
    readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );
  return [...inRoot, 'examples/README.md', ...below].sort();
}

/** TypeScript that is not a test, from the root, with slashes. */
export function listSources(): string[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) =>
      readdirSync(ROOT + name, { recursive: true, encoding: 'utf8' })
        .filter(
          (path) =>
            path.endsWith('.ts') && !/-arbitrary\.ts$|\.test\.ts$|(^|\/)testing\//.test(path),
        )
        .map((path) => `${name}/${path}`),
    );
}

/** Path from the root → what the file must hold. */
export const PICTURES: Readonly<Record<string, string>> = {
  'docs/images/request-light.svg': renderPicture('light'),
  'docs/images/request-dark.svg': renderPicture('dark'),
};
