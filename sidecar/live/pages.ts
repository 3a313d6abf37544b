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

/** The page of one graph, and that of a namespace's deployments. */
type PageName = 'page' | 'list';

const FILES: Readonly<Record<string, string>> = {
  '/page/page.css': 'text/css',
  '/page/bodies.ts': 'text/javascript',
  '/page/captures.mjs': 'text/javascript',
  '/page/compare-bodies.ts': 'text/javascript',
  '/page/compare.ts': 'text/javascript',
  '/page/dom.mjs': 'text/javascript',
  '/page/elements.mjs': 'text/javascript',
  '/page/list.mjs': 'text/javascript',
  '/page/page.mjs': 'text/javascript',
  '/page/picture.ts': 'text/javascript',
  '/page/words.ts': 'text/javascript',
};

export const LIVE_PATHS = ['/', '/live'] as const;

/**
 * Answers a request for the live page at `url`, the request's own without what is before the page's `/`; false for any other. The
 * caller has refused what is not GET or HEAD.
 */
export type Pages = (request: IncomingMessage, response: ServerResponse, url?: string) => boolean;

/** `/live` has requests too, `/live?counters` has none. `streams` bounds the watchers of several pages together. */
export function livePages(
  feeds: Readonly<Record<Wanted, LiveFeed<object>>>,
  streams = new EventStreams(MAX_WATCHERS),
): Pages {
  return pagesOf('page', (query) => feeds[query === 'counters' ? 'counters' : 'requests'], streams);
}

/** The list of a namespace's deployments, with links to `d/NAME/`. */
export function listPages(feed: LiveFeed<object>, streams: EventStreams): Pages {
  return pagesOf('list', () => feed, streams);
}

function pagesOf(
  page: PageName,
  feedOf: (query: string | undefined) => LiveFeed<object>,
  streams: EventStreams,
): Pages {
  return (request, response, url = request.url ?? '/') => {
    const [path = '/', query] = url.split('?');
    const type = path === '/' ? 'text/html' : FILES[path];
    if (type === undefined && path !== '/live') return false;
    if (type !== undefined) {
      const headers = { ...HEADERS, 'content-type': `${type}; charset=utf-8` };
      response.writeHead(200, headers).end(textOf(path === '/' ? `/page/${page}.html` : path));
    } else if (request.method === 'HEAD') response.writeHead(200, HEADERS).end();
    else
      streams.serve(response, HEADERS, (send) =>
        feedOf(query).watch((state) => send(JSON.stringify(state))),
      );
    return true;
  };
}

const texts = new Map<string, string>();

/** Read once. Types are left out. */
function textOf(path: string): string {
  let text = texts.get(path);
  if (text === undefined) {
    text = readFileSync(new URL(`.${path}`, import.meta.url), 'utf8');
    if (path.endsWith('.ts')) text = stripTypeScriptTypes(text);
    texts.set(path, text);
  }
  return text;
}

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
