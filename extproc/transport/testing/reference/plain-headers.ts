// The request headers in the plainest way: an array of strings. What `RawRequestHeaders` does with bytes must come out
// the same here.
import { TRACE_HEADERS } from '../../../../graph/plan/names.ts';
import type { RequestHeaders } from '../../../contract/exchange.ts';
import type { PlainHeader } from './wire.ts';

const LEFT_OUT = new Set(
  (
    'host content-length content-type content-encoding transfer-encoding connection proxy-connection ' +
    'proxy-authorization proxy-authenticate keep-alive upgrade http2-settings trailer te expect seldon-routing inference-header-content-length'
  ).split(' '),
);
const LEFT_OUT_PREFIXES = [':', 'x-envoy-', 'x-sidegraph-'];
const NAME = /^[!-9;-@[-~]+$/;

export class PlainRequestHeaders implements RequestHeaders {
  #traced = false;
  readonly #list: readonly (readonly [string, string])[];

  constructor(headers: readonly PlainHeader[]) {
    this.#list = headers
      .filter(({ key }) => key !== '')
      .map(({ key, raw_value }) => [key, raw_value.toString('latin1')]);
  }

  find(name: string): string | undefined {
    const found = this.#list.find(([key]) => key === name);
    return found === undefined || !isValue(found[1]) ? undefined : found[1];
  }

  copy(name: string, into: Uint8Array): number {
    const value = Buffer.from(this.find(name) ?? '', 'latin1');
    if (this.find(name) === undefined || value.length > into.length) return -1;
    into.set(value);
    return value.length;
  }

  http1Block(readable: boolean): Buffer {
    const lines = this.#passing()
      .filter(([name]) => !readable || name !== 'accept-encoding')
      .map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(lines.join(''), 'latin1');
  }

  hpackBlock(): Buffer {
    const fields = this.#passing()
      .filter(([name]) => name !== 'user-agent' && !name.startsWith('grpc-'))
      .flatMap(([name, value]) => [Buffer.from([0]), hpackText(name), hpackText(value)]);
    return Buffer.concat(fields);
  }

  replaceTrace(): void {
    this.#traced = true;
  }

  #passing(): readonly (readonly [string, string])[] {
    return this.#list.filter(
      ([name, value]) =>
        NAME.test(name) &&
        isValue(value) &&
        !LEFT_OUT.has(name) &&
        !(this.#traced && TRACE_HEADERS.includes(name)) &&
        !LEFT_OUT_PREFIXES.some((prefix) => name.startsWith(prefix)),
    );
  }
}

function isValue(value: string): boolean {
  return !['\r', '\n', '\0'].some((character) => value.includes(character));
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [Math.min(bytes.length, 127)];
  for (let rest = bytes.length - 127; rest >= 0; ) {
    const more = rest >= 128;
    length.push(more ? (rest % 128) + 128 : rest);
    rest = more ? Math.floor(rest / 128) : -1;
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
