// What is served of the live page: the page itself, its files, and `/live`, states as server-sent events. Only reading; nothing is
// loaded from elsewhere, and the page may not be framed. Files in TypeScript are handed out without their types.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { EventStreams } from './event-streams.ts';
import type { LiveFeed, Wanted } from './sample.ts';

/** Watchers at a time; further ones are refused. */
export const MAX_WATCHERS = 32;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES = {
  '/': ['page.html', 'text/html'],
  '/page/page.css': ['page.css', 'text/css'],
  '/page/page.mjs': ['page.mjs', 'text/javascript'],
  '/page/dom.mjs': ['dom.mjs', 'text/javascript'],
  '/page/captures.mjs': ['captures.mjs', 'text/javascript'],
  '/page/compare.ts': ['compare.ts', 'text/javascript'],
  '/page/compare-bodies.ts': ['compare-bodies.ts', 'text/javascript'],
  '/page/bodies.ts': ['bodies.ts', 'text/javascript'],
  '/page/picture.ts': ['picture.ts', 'text/javascript'],
  '/page/words.ts': ['words.ts', 'text/javascript'],
} as const;

export const LIVE_PATHS = ['/', '/live'] as const;

/** Answers a request for the live page; false for any other. The caller has refused what is not GET or HEAD. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => boolean;

/** `/live` has requests too, `/live?counters` has none. */
export function livePages(feeds: Readonly<Record<Wanted, LiveFeed<object>>>): Pages {
  const files = new Map<string, { readonly type: string; readonly body: string }>();
  for (const [path, [name, type]] of Object.entries(FILES)) {
    const text = readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
    const body = name.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
    files.set(path, { type: `${type}; charset=utf-8`, body });
  }
  const streams = new EventStreams(MAX_WATCHERS);
  const stream = (response: ServerResponse, wants: Wanted): void =>
    streams.serve(response, HEADERS, (send) =>
      feeds[wants].watch((state) => send(JSON.stringify(state))),
    );
  return (request, response) => {
    const [path = '/', query] = (request.url ?? '/').split('?');
    const file = files.get(path);
    if (file === undefined && path !== '/live') return false;
    if (file !== undefined)
      response.writeHead(200, { ...HEADERS, 'content-type': file.type }).end(file.body);
    else if (request.method === 'HEAD') response.writeHead(200, HEADERS).end();
    else stream(response, query === 'counters' ? 'counters' : 'requests');
    return true;
  };
}

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
