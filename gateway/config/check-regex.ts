// Says whether Envoy takes a regular expression, before it is sent: RE2's rules in its Latin-1 mode, which is Envoy's, and a
// bound of the program that RE2 makes of it. Stricter than RE2 in corners that nobody writes, never laxer. One pass over the text.

/** Instructions of one expression, as counted here; Envoy is told a higher bound (`ENVOY_PROGRAM_BOUND`). */
export const MAX_PROGRAM_SIZE = 500;
/** What Envoy's `re2.max_program_size.error_level` is set to at the gateway: above whatever is counted too low here. */
export const ENVOY_PROGRAM_BOUND = 5000;
/** Characters of one expression. */
export const MAX_REGEX_LENGTH = 1000;
const MAX_NESTING = 50;
/** RE2's own bound of `{n}`, and of the product of nested ones. */
const MAX_REPEAT = 1000;
/** Start, end and the failing instruction. */
const BASE_SIZE = 6;
/** Of 256 bytes no class of letters or marks has more ranges. */
const NAMED_CLASS_SIZE = 12;
const CATEGORIES =
  /^(Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|Latin|Greek|Cyrillic|Han|Arabic|Hebrew)$/;
const POSIX_CLASSES = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
);

interface Piece {
  readonly size: number;
  /** Largest product of counted repetitions inside. */
  readonly repeats: number;
}

/** Undefined when Envoy takes it, else why not, in words. */
export function checkRegex(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (!/^[\x20-\x7e]*$/.test(text)) return 'only printable ASCII characters are matched';
  if (text.length > MAX_REGEX_LENGTH) return `it has more than ${MAX_REGEX_LENGTH} characters`;
  try {
    const parser = new Parser(text);
    const { size } = parser.whole();
    const whole = size + BASE_SIZE;
    return whole > MAX_PROGRAM_SIZE
      ? `it makes a program of about ${whole} instructions; ${MAX_PROGRAM_SIZE} are the most`
      : undefined;
  } catch (error) {
    if (error instanceof RegexFault) return error.message;
    throw error;
  }
}

class RegexFault extends Error {}

class Parser {
  readonly #text: string;
  readonly #names = new Set<string>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Piece {
    const piece = this.#alternatives();
    if (this.#at < this.#text.length) throw new RegexFault("a ')' closes nothing");
    return piece;
  }

  #alternatives(): Piece {
    let all = this.#sequence();
    while (this.#take('|')) {
      const next = this.#sequence();
      all = { size: all.size + next.size + 1, repeats: Math.max(all.repeats, next.repeats) };
    }
    return all;
  }

  #sequence(): Piece {
    let size = 1;
    let repeats = 1;
    while (this.#at < this.#text.length && !'|)'.includes(this.#peek())) {
      const piece = this.#repeated();
      size += piece.size;
      repeats = Math.max(repeats, piece.repeats);
      if (size > MAX_PROGRAM_SIZE) break;
    }
    if (size > MAX_PROGRAM_SIZE) throw tooLarge(size);
    return { size, repeats };
  }

  #repeated(): Piece {
    const piece = this.#atom();
    const count = this.#quantifier();
    if (count === undefined) return piece;
    if (piece.repeats === 0) throw new RegexFault('a repetition has nothing before it');
    this.#take('?');
    if (this.#quantifier() !== undefined) throw new RegexFault('two repetitions follow each other');
    const { min, max } = count;
    const most = max ?? Math.max(min, 1);
    const product = piece.repeats * Math.max(most, 1);
    if (product > MAX_REPEAT) throw new RegexFault(`a repetition of more than ${MAX_REPEAT}`);
    const size =
      max === undefined
        ? Math.max(min, 1) * piece.size + 2
        : min * piece.size + (max - min) * (piece.size + 1) + 1;
    return { size, repeats: product };
  }

  /** Undefined where none is here. */
  #quantifier(): { min: number; max: number | undefined } | undefined {
    if (this.#take('*')) return { min: 0, max: undefined };
    if (this.#take('+')) return { min: 1, max: undefined };
    if (this.#take('?')) return { min: 0, max: 1 };
    const counted = /\{(\d+)(,(\d*))?\}/y;
    counted.lastIndex = this.#at;
    const match = counted.exec(this.#text);
    if (match === null) return undefined;
    this.#at = counted.lastIndex;
    const [, low = '', comma, high = ''] = match;
    if (/^0\d/.test(low) || /^0\d/.test(high)) throw new RegexFault('a count begins with 0');
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? undefined : Number(high);
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT)
      throw new RegexFault(`a repetition of more than ${MAX_REPEAT}`);
    if (max !== undefined && max < min) throw new RegexFault('a repetition ends before it begins');
    return { min, max };
  }

  /** `repeats` of 0: nothing that can be repeated. */
  #atom(): Piece {
    const mark = this.#next();
    switch (mark) {
      case '*':
      case '+':
      case '?':
        throw new RegexFault('a repetition has nothing before it');
      case '{':
        this.#at -= 1;
        if (this.#quantifier() !== undefined)
          throw new RegexFault('a repetition has nothing before it');
        this.#at += 1;
        return LITERAL;
      case '^':
      case '$':
        return { size: 1, repeats: 0 };
      case '.':
        return { size: 2, repeats: 1 };
      case '[':
        return this.#charClass();
      case '(':
        return this.#group();
      case '\\':
        return this.#escape();
      default:
        return LITERAL;
    }
  }

  #group(): Piece {
    this.#depth += 1;
    if (this.#depth > MAX_NESTING) throw new RegexFault(`more than ${MAX_NESTING} nested groups`);
    let size = 2;
    if (this.#take('?')) {
      const opening = /(P?<([A-Za-z_][A-Za-z0-9_]*)>|([imsU]*(-[imsU]+)?)([:)]))/y;
      opening.lastIndex = this.#at;
      const match = opening.exec(this.#text);
      if (match === null) throw new RegexFault(`RE2 has no (${this.#text.slice(this.#at - 1)}`);
      this.#at = opening.lastIndex;
      const [, , name, flags, , end] = match;
      if (name !== undefined && this.#names.has(name))
        throw new RegexFault(`two groups have the name ${name}`);
      if (name !== undefined) this.#names.add(name);
      if (name === undefined) size = 0;
      if (end === ')') {
        if (flags === '') throw new RegexFault('(?) sets nothing');
        this.#depth -= 1;
        return { size: 1, repeats: 0 };
      }
    }
    const inner = this.#alternatives();
    if (!this.#take(')')) throw new RegexFault("a '(' is not closed");
    this.#depth -= 1;
    return { size: inner.size + size, repeats: inner.repeats };
  }

  #charClass(): Piece {
    let size = this.#take('^') ? 3 : 1;
    let isFirst = true;
    for (;;) {
      if (this.#at >= this.#text.length) throw new RegexFault("a '[' is not closed");
      if (!isFirst && this.#take(']')) return { size, repeats: 1 };
      isFirst = false;
      size += this.#classItem();
    }
  }

  #classItem(): number {
    const named = /\[:\^?([a-z]*):\]/y;
    named.lastIndex = this.#at;
    const match = named.exec(this.#text);
    if (match !== null) {
      if (!POSIX_CLASSES.has(match[1] ?? '')) throw new RegexFault(`RE2 has no ${match[0]}`);
      this.#at = named.lastIndex;
      return NAMED_CLASS_SIZE;
    }
    if (this.#text.startsWith('[:', this.#at)) throw new RegexFault("'[:' begins no known class");
    const low = this.#classChar();
    if (low === undefined) return NAMED_CLASS_SIZE;
    const isRange = this.#peek() === '-' && !['', ']'].includes(this.#text[this.#at + 1] ?? '');
    if (!isRange) return 2;
    this.#at += 1;
    const high = this.#classChar();
    if (high === undefined) throw new RegexFault('a range ends in a class');
    if (high < low) throw new RegexFault('a range ends before it begins');
    // With (?i) letters among them are added apart.
    return 4;
  }

  /** Code of one character; undefined for a class of its own such as \d. */
  #classChar(): number | undefined {
    const char = this.#next();
    if (char !== '\\') return char.charCodeAt(0);
    return this.#escapedClass() ? undefined : this.#escapedChar();
  }

  #escape(): Piece {
    const at = this.#at;
    if (this.#take('b') || this.#take('B') || this.#take('A') || this.#take('z'))
      return { size: 1, repeats: 0 };
    if (this.#take('Q')) return this.#quoted();
    if (this.#escapedClass()) return { size: NAMED_CLASS_SIZE, repeats: 1 };
    this.#at = at;
    this.#escapedChar();
    return LITERAL;
  }

  /** `\Q…\E`; a repetition would be of its last character, which nobody means. */
  #quoted(): Piece {
    const end = this.#text.indexOf('\\E', this.#at);
    const stop = end < 0 ? this.#text.length : end;
    const size = stop - this.#at;
    this.#at = Math.min(stop + 2, this.#text.length);
    return { size: size * LITERAL.size, repeats: 0 };
  }

  #escapedClass(): boolean {
    const perl = /[dDsSwW]|[pP](?:\{\^?(\w+)\}|([A-Z]))/y;
    perl.lastIndex = this.#at;
    const match = perl.exec(this.#text);
    if (match === null) return false;
    const name = match[1] ?? match[2];
    if (name !== undefined && !CATEGORIES.test(name))
      throw new RegexFault(`RE2 has no \\${match[0]}`);
    this.#at = perl.lastIndex;
    return true;
  }

  #escapedChar(): number {
    const escape =
      /x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,2})\}|0([0-7]{0,2})|([afnrtv])|([!-/:-@[-`{-~ ])/y;
    escape.lastIndex = this.#at;
    const match = escape.exec(this.#text);
    if (match === null) throw new RegexFault(`RE2 has no \\${this.#peek()}`);
    this.#at = escape.lastIndex;
    const [, hex, braced, octal, letter, mark = ''] = match;
    if (hex !== undefined || braced !== undefined) return Number.parseInt(hex ?? braced ?? '', 16);
    if (octal !== undefined) return Number.parseInt(`0${octal}`, 8);
    return letter === undefined ? mark.charCodeAt(0) : (CONTROLS[letter] ?? 0);
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const char = this.#peek();
    this.#at += 1;
    if (char === '') throw new RegexFault('it ends too early');
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }
}

/** With (?i) a letter may be of several cases. */
const LITERAL: Piece = { size: 2, repeats: 1 };
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function tooLarge(size: number): RegexFault {
  return new RegexFault(
    `it makes a program of more than ${size - 1} instructions; ${MAX_PROGRAM_SIZE} are the most`,
  );
}
