// Which fields of payloads are left out of payload logs: the annotation `sidegraph.io/payload-log-redact`, paths with commas between, each
// for all units or for the one that it names. In: its value; out: paths and units, and in words what cannot be used of it.
import { parsePath } from '../../lib/codecs/json/paths.ts';
import { shorten } from '../manifest/shorten.ts';

export const REDACT_ANNOTATION = 'sidegraph.io/payload-log-redact';
export interface WrittenRedaction {
  /** Undefined for all units. */
  readonly unit: string | undefined;
  /** As it was written, without the space around it. */
  readonly path: string;
}

export interface RedactionFault {
  readonly what: string;
  readonly advice: string;
}

export interface ReadRedactions {
  readonly redactions: readonly WrittenRedaction[];
  readonly faults: readonly RedactionFault[];
}

export function readRedactions(text: string): ReadRedactions {
  const redactions: WrittenRedaction[] = [];
  const faults: RedactionFault[] = [];
  for (const part of splitOutsideQuotes(text, ',')) {
    const [left = '', right, ...rest] = splitOutsideQuotes(part, '=');
    const path = right ?? left;
    const read = rest.length > 0 ? TWO_UNITS : parsePath(path);
    if (read.kind === 'path')
      redactions.push({ unit: right === undefined ? undefined : left, path });
    else faults.push({ what: `has ${shorten(part)}: ${read.what}`, advice: read.advice });
  }
  return { redactions, faults };
}

const TWO_UNITS = {
  kind: 'wrong',
  what: 'it has = twice',
  advice: 'write UNIT=PATH, and a key that has a = in quotes',
} as const;

/** The parts without the space around them. */
function splitOutsideQuotes(text: string, mark: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (isQuoted && text[at] === '\\') at++;
    else if (!isQuoted && text[at] === mark) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}
