// A regular expression as a tree of the parts that matter to its running time: what repeats without bound, what comes
// after what. What a single character may be is left to JavaScript's own engine.

export type Pattern =
  | { readonly kind: 'empty' }
  /** One character, by its source: `a`, `\d`, `[^/]`, `.`; `^` and `$` are characters before and after the text. */
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | {
      readonly kind: 'repeat';
      readonly part: Pattern;
      readonly min: number;
      /** Infinity for none. */
      readonly max: number;
    };

/** Throws where the pattern has a part whose time is not known: lookaround, back references, word boundaries. */
export function parsePattern(source: string): Pattern {
  let at = 0;
  const parseChoice = (): Pattern => {
    const parts = [parseSequence()];
    while (source[at] === '|') {
      at += 1;
      parts.push(parseSequence());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'choice', parts };
  };
  const parseSequence = (): Pattern => {
    const parts: Pattern[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')')
      parts.push(parseRepeat(parseAtom()));
    return { kind: 'sequence', parts };
  };
  const parseAtom = (): Pattern => {
    const start = at;
    const char = source[at];
    if (char === '(') {
      const open = /^\((\?:|\?<[A-Za-z]\w{0,50}>|(?!\?))/.exec(source.slice(at, at + 60))?.[0];
      if (open === undefined) throw new Error(`a lookaround at ${start}`);
      at += open.length;
      const inner = parseChoice();
      if (source[at] !== ')') throw new Error(`no end of the group at ${start}`);
      at += 1;
      return inner;
    }
    if (char === '[') at = endOfClass(source, at);
    else if (char === '\\') {
      if (/[bBk1-9]/.test(source[at + 1] ?? '')) throw new Error(`\\${source[at + 1]} at ${start}`);
      at += escapeLength(source.slice(at));
    } else at += 1;
    return { kind: 'character', source: source.slice(start, at) };
  };
  const parseRepeat = (part: Pattern): Pattern => {
    const found = /^(?:[*+?]|\{(\d{1,5})(?:(,)(\d{0,5}))?\})/.exec(source.slice(at, at + 20));
    if (found === null) return part;
    at += found[0].length;
    if (source[at] === '?') at += 1;
    const [whole, least = '0', comma, most = ''] = found;
    if (whole === '*') return { kind: 'repeat', part, min: 0, max: Infinity };
    if (whole === '+') return { kind: 'repeat', part, min: 1, max: Infinity };
    if (whole === '?') return { kind: 'repeat', part, min: 0, max: 1 };
    const max = comma === undefined ? Number(least) : most === '' ? Infinity : Number(most);
    return { kind: 'repeat', part, min: Number(least), max };
  };
  const pattern = parseChoice();
  if (at < source.length) throw new Error(`an end at ${at}`);
  return pattern;
}

function endOfClass(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === ']') return at + 1;
  }
  throw new Error(`no end of the class at ${start}`);
}

function escapeLength(text: string): number {
  const found =
    /^\\(?:[pP]\{[^}]{1,40}\}|x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|c[A-Za-z])/.exec(
      text.slice(0, 50),
    );
  return found === null ? 2 : found[0].length;
}
