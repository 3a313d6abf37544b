// The flags that `top` and `tap` share.
import * as flag from '../../lib/runtime/options.ts';
import { DEFAULT_LIVE_URL } from './follow.ts';

export interface LiveOptions {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** Only one look. */
  readonly once: boolean;
  readonly output: 'text' | 'json';
}

export const LIVE_FLAGS = {
  url: flag.parsed<string>(parseUrl, DEFAULT_LIVE_URL),
  once: flag.toggle(),
  output: flag.short('o', flag.oneOf(['text', 'json'], 'text')),
};

function parseUrl(texts: readonly string[]): flag.Parsed<string> {
  const [text = DEFAULT_LIVE_URL, more] = texts;
  if (more !== undefined) return { kind: 'wrong', message: '--url is given twice' };
  const url = URL.parse(text);
  return url?.protocol === 'http:'
    ? { kind: 'value', value: text }
    : { kind: 'wrong', message: `--url ${text} is not http://HOST:PORT` };
}
