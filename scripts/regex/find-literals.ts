// The regular expressions of a TypeScript file: its literals, and whatever else makes one. A scanner and no parser: it knows
// comments, strings, templates, and after which words and marks a slash begins an expression.

export interface FoundRegExp {
  readonly line: number;
  readonly source: string;
  readonly flags: string;
}

export interface FileRegExps {
  readonly literals: readonly FoundRegExp[];
  /** Lines on which `RegExp(` stands: what those match is not known here. */
  readonly constructed: readonly number[];
}

/** After one of these words a slash begins an expression; after any other word it divides. */
const BEFORE_EXPRESSION = new Set(
  'return typeof case in of void delete do else yield await throw new instanceof'.split(' '),
);

export function findRegExps(text: string): FileRegExps {
  const literals: FoundRegExp[] = [];
  const constructed: number[] = [];
  /** Of each open template: how many braces are open in its expression. */
  const templates: number[] = [];
  let line = 1;
  let at = 0;
  /** What came last, but for white space and comments: a mark or a word. */
  let last = '';
  const skipTo = (end: number): void => {
    for (; at < end; at += 1) if (text[at] === '\n') line += 1;
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '/' && text[at + 1] === '/') skipTo(endOf(text, '\n', at));
    else if (char === '/' && text[at + 1] === '*') skipTo(endOf(text, '*/', at + 2) + 2);
    else if (char === '"' || char === "'") {
      skipTo(endOfQuoted(text, at));
      last = 'string';
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      const end = endOfTemplatePart(text, at);
      if (text[end - 1] === '{') templates.push(0);
      skipTo(end);
      last = text[end - 1] === '{' ? '{' : 'string';
    } else if (char === '/' && beginsExpression(last)) {
      const end = endOfPattern(text, at);
      const flags = /^[a-z]*/.exec(text.slice(end, end + 10))?.[0] ?? '';
      literals.push({ line, source: text.slice(at + 1, end - 1), flags });
      skipTo(end + flags.length);
      last = 'string';
    } else if (/[\w$]/.test(char)) {
      let end = at;
      while (end < text.length && /[\w$]/.test(text[end] ?? '')) end += 1;
      last = text.slice(at, end);
      if (last === 'RegExp' && text[end] === '(') constructed.push(line);
      skipTo(end);
    } else {
      const open = templates.length - 1;
      if (char === '{' && open >= 0) templates[open] = (templates[open] ?? 0) + 1;
      if (char === '}' && open >= 0) templates[open] = (templates[open] ?? 0) - 1;
      if (!/\s/.test(char)) last = char;
      skipTo(at + 1);
    }
  }
  return { literals, constructed };
}

function beginsExpression(last: string): boolean {
  if (/^[\w$]/.test(last)) return BEFORE_EXPRESSION.has(last);
  return !')]}'.includes(last) || last === '';
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
}

function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** After the next `${` or the closing backtick. */
function endOfTemplatePart(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
}

function endOfPattern(text: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if ((char === '/' && !isInClass) || char === '\n') return at + 1;
  }
  return text.length;
}
