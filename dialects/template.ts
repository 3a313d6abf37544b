// Paths with holes: in `/v2/models/{model}/infer`, `{model}` stands for whatever is there up to the next slash. In: a template;
// out: a regular expression for Envoy, each hole a group, and what a path has in the holes.

const HOLE = /\{[a-z]+\}/g;

export function isTemplate(path: string): boolean {
  return path.includes('{');
}

/** Of the whole path, without anchors. */
export function patternOf(template: string): string {
  return template
    .split(HOLE)
    .map((text) => text.replace(/[.+*?^$()[\]|\\]/g, '\\$&'))
    .join('([^/]+)');
}

/** What a path has in the holes, in their order; undefined when it is none of the template's. A segment has one hole at most. */
export function readTemplate(template: string, path: string): readonly string[] | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const holes: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const text = given[index] ?? '';
    const [before = '', after] = segment.split(HOLE);
    if (after === undefined) {
      if (segment !== text) return undefined;
      continue;
    }
    if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
    const hole = text.slice(before.length, text.length - after.length);
    if (hole === '') return undefined;
    holes.push(hole);
  }
  return holes;
}
