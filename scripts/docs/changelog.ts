// Fragments of changes/ in, a section of CHANGELOG.md out. A fragment's first line is its kind; the rest is for whoever upgrades. Pure:
// `scripts/changelog.ts` reads and writes the files.

export const KINDS = ['breaking', 'added', 'changed', 'fixed', 'security'] as const;
export type Kind = (typeof KINDS)[number];

export interface Fragment {
  readonly kind: Kind;
  readonly text: string;
}

export type FragmentResult =
  | { readonly kind: 'fragment'; readonly fragment: Fragment }
  | { readonly kind: 'wrong'; readonly reason: string };

const TITLES: Readonly<Record<Kind, string>> = {
  breaking: 'Breaking changes',
  added: 'Added',
  changed: 'Changed',
  fixed: 'Fixed',
  security: 'Security',
};

/** The name of a fragment's file: words with dashes. */
export const FRAGMENT_NAME = /^[a-z0-9]+(-[a-z0-9]+)*\.md$/;
/** A section begins after this line of the changelog. */
export const MARK = '<!-- sections -->';

export function parseFragment(text: string): FragmentResult {
  const [first = '', blank = '', ...rest] = text.split('\n');
  const kind = KINDS.find((each) => each === first);
  if (kind === undefined)
    return { kind: 'wrong', reason: `its first line is none of ${KINDS.join(', ')}` };
  const body = rest.join('\n').trim();
  if (blank !== '' || body === '')
    return { kind: 'wrong', reason: 'an empty line and a sentence follow the kind' };
  if (/^[#*-]/m.test(body))
    return { kind: 'wrong', reason: 'it has a heading or a list; write sentences' };
  return { kind: 'fragment', fragment: { kind, text: body } };
}

/** `date` as in `2026-11-29`. Kinds in the order of `KINDS`, fragments in the given one. */
export function renderSection(
  version: string,
  date: string,
  fragments: readonly Fragment[],
): string {
  const parts = KINDS.map((kind) => ({
    kind,
    texts: fragments.filter((each) => each.kind === kind).map(({ text }) => text),
  })).filter(({ texts }) => texts.length > 0);
  const lists = parts.map(
    ({ kind, texts }) => `### ${TITLES[kind]}\n\n${texts.map(renderItem).join('\n')}\n`,
  );
  return [`## ${version} (${date})\n`, ...lists].join('\n');
}

/** Throws where the changelog has no mark, or a section for the version already. */
export function addSection(changelog: string, version: string, section: string): string {
  const at = changelog.indexOf(`${MARK}\n`);
  if (at < 0) throw new Error(`CHANGELOG.md has no line ${MARK}`);
  if (changelog.includes(`\n## ${version} (`))
    throw new Error(`CHANGELOG.md has a section for ${version}: set the new version first`);
  const end = at + MARK.length + 1;
  return `${changelog.slice(0, end)}\n${section}${changelog.slice(end)}`;
}

function renderItem(text: string): string {
  return `- ${text.replaceAll('\n', '\n  ')}`;
}
