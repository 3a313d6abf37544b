// Status and headers of an HTTP/1.1 response, kept as the checked bytes that arrived. Most responses are only passed on or
// asked for their content type, so nothing else is read before somebody asks.
import type { ResponseHead } from '../../contract/message.ts';
import { passesToClient } from '../../contract/passed-headers.ts';
import type { HeadFacts } from './head-parser.ts';

const COLON = 58;
const CR = 13;
const SPACE = 32;
const TAB = 9;

export class Http1Head implements ResponseHead {
  readonly status: number;
  readonly #bytes: Buffer;
  readonly #linesAt: number;
  readonly #linesEnd: number;
  readonly #typeAt: number;
  readonly #typeEnd: number;
  readonly #encodingAt: number;
  readonly #encodingEnd: number;

  /** `bytes` holds, from 0, the head that `facts` was read from at `start`; `end` is behind its last header line. */
  constructor(bytes: Buffer, facts: HeadFacts, start: number, end: number) {
    this.status = facts.status;
    this.#bytes = bytes;
    this.#linesAt = facts.linesAt - start;
    this.#linesEnd = end;
    this.#typeAt = facts.typeAt < 0 ? -1 : facts.typeAt - start;
    this.#typeEnd = facts.typeEnd - start;
    this.#encodingAt = facts.encodingAt < 0 ? -1 : facts.encodingAt - start;
    this.#encodingEnd = facts.encodingEnd - start;
  }

  find(name: string): string | undefined {
    if (name === 'content-type') return this.#slice(this.#typeAt, this.#typeEnd);
    if (name === 'content-encoding') return this.#slice(this.#encodingAt, this.#encodingEnd);
    const all = this.#all();
    for (let i = 0; i < all.length; i += 2) if (all[i] === name) return all[i + 1];
    return undefined;
  }

  entries(): readonly string[] {
    const all = this.#all();
    const named = connectionNames(all);
    const passed: string[] = [];
    for (let i = 0; i < all.length; i += 2) {
      const name = all[i] ?? '';
      if (passesToClient(name) && !named.includes(name)) passed.push(name, all[i + 1] ?? '');
    }
    return passed;
  }

  #slice(at: number, end: number): string | undefined {
    return at < 0 ? undefined : this.#bytes.toString('latin1', at, end);
  }

  #all(): string[] {
    const bytes = this.#bytes;
    const all: string[] = [];
    let at = this.#linesAt;
    while (at < this.#linesEnd) {
      const nameEnd = bytes.indexOf(COLON, at);
      let valueAt = nameEnd + 1;
      while (bytes[valueAt] === SPACE || bytes[valueAt] === TAB) valueAt++;
      const lineEnd = bytes.indexOf(CR, valueAt);
      let valueEnd = lineEnd;
      while (valueEnd > valueAt && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) {
        valueEnd--;
      }
      all.push(
        bytes.toString('latin1', at, nameEnd).toLowerCase(),
        bytes.toString('latin1', valueAt, valueEnd),
      );
      at = lineEnd + 2;
    }
    return all;
  }
}

/** Headers that `connection` names are hop-by-hop too (RFC 9110 §7.6.1). */
function connectionNames(all: readonly string[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < all.length; i += 2) {
    if (all[i] !== 'connection') continue;
    for (const name of (all[i + 1] ?? '').toLowerCase().split(',')) names.push(name.trim());
  }
  return names;
}
