// Paths into JSON as people write them: keys with dots between, `user.email`; `*` for any key or element, `**` for any number of keys,
// and a key in quotes where it has other characters. Arrays need no step: a path goes through all elements of one that it meets.
// In: a text; out: the steps, or what is wrong with it and what to write.

export type PathStep =
  | { readonly kind: 'key'; readonly key: string }
  /** One key whatever its name, or one element of an array. */
  | { readonly kind: 'any' }
  /** Any number of keys, none among them. */
  | { readonly kind: 'deep' };

export type Path = readonly PathStep[];

export type ParsedPath =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'wrong'; readonly what: string; readonly advice: string };

/** Steps of one path. */
export const MAX_PATH_STEPS = 16;

const ANY: PathStep = { kind: 'any' };
const DEEP: PathStep = { kind: 'deep' };
/** One step at the beginning of the text: a string of JSON, or what needs no quotes. */
const STEP = /^(?:"(?:[^"\\]|\\.)*"|\*{1,2}|[\p{L}\p{N}_@$:/+~-]+)/u;

export function parsePath(text: string): ParsedPath {
  if (text === '') return wrong('it is empty', 'write a path, such as user.email');
  if (/^\$(?:$|[.[])/.test(text))
    return wrong('it begins with $', 'begin with the first key of the body');
  const path: PathStep[] = [];
  for (let rest = text; ; rest = rest.slice(1)) {
    const written = STEP.exec(rest)?.[0];
    if (written === undefined) return stepMissing(text, rest);
    const step = readStep(written, path.at(-1));
    if ('what' in step) return step;
    path.push(step);
    if (path.length > MAX_PATH_STEPS)
      return wrong(`it has more than ${MAX_PATH_STEPS} steps`, `write at most ${MAX_PATH_STEPS}`);
    rest = rest.slice(written.length);
    if (rest === '') break;
    if (!rest.startsWith('.')) return stepMissing(text, rest);
  }
  if (path.at(-1)?.kind === 'deep')
    return wrong(
      'it ends with **',
      'end with a key, or leave .** out: all below a key goes with it',
    );
  return { kind: 'path', path };
}

function readStep(written: string, before: PathStep | undefined): PathStep | Wrong {
  if (written === '*') return ANY;
  if (written === '**') {
    if (before?.kind !== 'deep') return DEEP;
    return wrong('it has ** twice in a row', 'write one of them');
  }
  if (!written.startsWith('"')) {
    if (!/^\d+$/.test(written)) return { kind: 'key', key: written };
    return wrong(
      `${written} looks like the index of an array`,
      `leave it out, a path goes through all elements; for a key write "${written}" in quotes`,
    );
  }
  const key = parseString(written);
  if (key !== undefined) return { kind: 'key', key };
  return wrong(`${written} is no string of JSON`, 'write the key in quotes as JSON has it');
}

/** Undefined for what is no JSON, or no text that can be written as bytes. */
function parseString(written: string): string | undefined {
  try {
    const key: unknown = JSON.parse(written);
    return typeof key === 'string' && key.isWellFormed() ? key : undefined;
  } catch {
    return undefined;
  }
}

type Wrong = Extract<ParsedPath, { kind: 'wrong' }>;

function wrong(what: string, advice: string): Wrong {
  return { kind: 'wrong', what, advice };
}

function stepMissing(text: string, rest: string): Wrong {
  const column = text.length - rest.length + 1;
  if (rest.startsWith('['))
    return wrong(
      `column ${column} has a bracket`,
      'leave brackets out: a path goes through all elements of an array',
    );
  const [found] = rest;
  return wrong(
    found === undefined || found === '.'
      ? `column ${column} has no key`
      : `column ${column} has ${JSON.stringify(found)}`,
    'write keys with dots between, and a key with other characters in quotes: user."e mail"',
  );
}
