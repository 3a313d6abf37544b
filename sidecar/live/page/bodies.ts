// A captured body as people read it: JSON with a line for each field, text as it is, anything else as its first bytes in hexadecimal.
// The page in the browser and the terminal share it, so it uses what both have.
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';

export interface BodyView {
  readonly kind: 'empty' | 'json' | 'text' | 'binary';
  readonly text: string;
  /** Its size, what it says of itself, and what is not shown of it. */
  readonly words: string;
}

/** What is shown of a text, characters. */
const MAX_SHOWN = 64 * 1024;
/** What is shown of bytes. */
const MAX_HEX_BYTES = 256;
/** What a compressed body may become to be shown and compared. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
const MAX_INDENT = 40;
const ROW_BYTES = 16;

export async function viewBody(body: CopiedBody): Promise<BodyView> {
  const { bytes, plain } = await unpackedBody(body);
  const words = [
    `${body.bytes} B`,
    body.contentType ?? '',
    body.contentEncoding === null
      ? ''
      : plain
        ? `${body.contentEncoding}, unpacked`
        : body.contentEncoding,
    body.isCut ? `the first ${sizeOf(body)} B were captured` : '',
  ];
  const view = (kind: BodyView['kind'], text: string, note = ''): BodyView => ({
    kind,
    text: text.slice(0, MAX_SHOWN),
    words: [...words, text.length > MAX_SHOWN ? 'the beginning is shown' : note]
      .filter((word) => word !== '')
      .join(', '),
  });
  if (bytes.length === 0) return view('empty', '');
  const text = decodedText(bytes, body.isCut);
  if (text !== null) {
    const json = parsesAsJson(text) ? prettyJson(text, MAX_SHOWN) : undefined;
    return json === undefined ? view('text', text) : view('json', json);
  }
  return view('binary', hexOf(bytes), bytes.length > MAX_HEX_BYTES ? 'the beginning is shown' : '');
}

export interface UnpackedBody {
  readonly bytes: Uint8Array;
  /** Whether it is without content encoding now, or never had one. */
  readonly plain: boolean;
}

/** The bytes, decompressed where that can be done here. */
export async function unpackedBody({
  base64,
  contentEncoding,
  isCut,
}: CopiedBody): Promise<UnpackedBody> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (contentEncoding === null || contentEncoding === 'identity') return { bytes, plain: true };
  if (isCut || (contentEncoding !== 'gzip' && contentEncoding !== 'deflate'))
    return { bytes, plain: false };
  try {
    const pieces: Uint8Array[] = [];
    let size = 0;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(contentEncoding));
    for await (const piece of stream) {
      size += piece.length;
      if (size > MAX_UNPACKED_BYTES) return { bytes, plain: false };
      pieces.push(piece);
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return { bytes: whole, plain: true };
  } catch {
    return { bytes, plain: false };
  }
}

function sizeOf({ base64 }: CopiedBody): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor(((base64.length - padding) * 3) / 4);
}

/** Null for what is no text; of a body that was cut the last character may be broken. */
export function decodedText(bytes: Uint8Array, isCut = false): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
    return hasControls(text) ? null : text;
  } catch {
    return null;
  }
}

function hasControls(text: string): boolean {
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return true;
  }
  return false;
}

export function parsesAsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A line for each field and element, numbers and texts as they were written; lists of plain values stay on one line. `text` has to be
 * JSON. It ends early when it is longer than `maxLength`.
 */
export function prettyJson(text: string, maxLength = Infinity): string {
  let out = '';
  let depth = 0;
  let at = 0;
  // What is nested without end would be mostly blanks.
  const line = (): string => `\n${'  '.repeat(Math.min(depth, MAX_INDENT))}`;
  while (at < text.length && out.length <= maxLength) {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = endOfText(text, at);
      out += text.slice(at, end);
      at = end;
      continue;
    }
    if (character === '[' || character === '{') {
      const inner = flatEnd(text, at);
      if (inner > 0) {
        out += flat(text.slice(at, inner));
        at = inner;
        continue;
      }
      depth++;
      out += character + line();
    } else if (character === ']' || character === '}') {
      depth--;
      out += line() + character;
    } else if (character === ',') out += character + line();
    else if (character === ':') out += ': ';
    else if (!/\s/.test(character)) out += character;
    at++;
  }
  return out;
}

/** Behind the quote that ends the text which begins at `at`. */
function endOfText(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === '"') return end + 1;
  }
  return text.length;
}

/** Behind the bracket that ends a list without lists and objects, or an empty object; 0 for anything else. */
function flatEnd(text: string, at: number): number {
  const isList = text[at] === '[';
  for (let end = at + 1; end < text.length; end++) {
    const character = text[end] ?? '';
    if (character === ']' || character === '}') return end + 1;
    if (character === '[' || character === '{') return 0;
    if (character === '"') end = endOfText(text, end) - 1;
    if (!isList && !/\s/.test(character)) return 0;
  }
  return 0;
}

function flat(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = endOfText(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if (character === ',') out += ', ';
    else if (!/\s/.test(character)) out += character;
  }
  return out;
}

/** Rows of an offset, 16 bytes and the ASCII among them. */
export function hexOf(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_HEX_BYTES); at += ROW_BYTES) {
    const row = [...bytes.subarray(at, at + ROW_BYTES)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'));
    rows.push(
      `${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * ROW_BYTES - 1)}  ${ascii.join('')}`,
    );
  }
  return rows.join('\n');
}
