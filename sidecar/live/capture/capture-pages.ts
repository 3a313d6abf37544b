// What is served of captured requests, beside the live page: one of them, all of them, the switch, and the sending again of one. Payloads
// are secrets, so this is for the machine itself, wherever the port listens, and what changes something only for the page and for
// programs, never for a page from elsewhere.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { objectOf } from '../../../graph/plan/json-value.ts';
import { isLoopback } from '../../../lib/runtime/hosts.ts';
import { describeThrown } from '../../../lib/runtime/thrown.ts';
import { isOwnName } from '../own-name.ts';
import type { Pages } from '../pages.ts';
import type { Capturing } from './capturing.ts';
import {
  MAX_REPLAY_BYTES,
  MAX_REPLAYS,
  REPLAY_CAPTURE_LIMIT_MS,
  REPLAY_LIMIT_MS,
} from './limits.ts';
import { readCapture } from './read-capture.ts';
import { type Ingress, type Resend, sendAgain, whyNotSent } from './send-again.ts';

/** No form and no link of another page can say it. */
export const ACTION_HEADER = 'sidegraph-action';
export const REPLAY_PUID = 'replay-';

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const JSON_TYPE = { ...HEADERS, 'content-type': 'application/json' };
const NOT_FROM_HERE = 'payloads are handed out on the machine itself only\n';

export interface CapturePages {
  readonly read: Pages;
  /** What changes something: POST. */
  readonly act: Pages;
}

export function capturePages(capturing: Capturing, ingress: Ingress): CapturePages {
  let replays = 0;
  const replay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (replays >= MAX_REPLAYS) {
      refuse(response, 503, `${MAX_REPLAYS} requests are being sent again already`);
      return;
    }
    replays++;
    try {
      const asked = await readJson(request);
      const resend = findResend(asked, capturing);
      const fault = resend === undefined ? 'no such request is kept' : whyNotSent(resend);
      if (resend === undefined || fault !== undefined) {
        refuse(response, 422, fault ?? '');
        return;
      }
      const puid = `${REPLAY_PUID}${randomUUID()}`;
      const gone = new AbortController();
      response.once('close', () => gone.abort(new Error('nobody waits for it')));
      const limit = AbortSignal.any([gone.signal, AbortSignal.timeout(REPLAY_LIMIT_MS)]);
      const late = new AbortController();
      const capture = await capturing.captureOne(
        puid,
        async () => {
          await sendAgain(ingress, resend, puid, limit);
          setTimeout(
            () => late.abort(new Error('the request was sent, and nothing was captured of it')),
            REPLAY_CAPTURE_LIMIT_MS,
          ).unref();
        },
        AbortSignal.any([limit, late.signal]),
      );
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(capture));
    } catch (thrown) {
      refuse(response, 502, describeThrown(thrown));
    } finally {
      replays--;
    }
  };
  const actions: Readonly<Record<string, () => void | Promise<void>>> = {
    start: () => capturing.start(),
    pause: () => capturing.pause(),
    clear: () => capturing.clear(),
  };
  return {
    read: (request, response) => {
      const path = pathOf(request);
      const id = /^\/captures\/(\d{1,15})$/.exec(path)?.[1];
      if (path !== '/captures' && id === undefined) return false;
      if (!isFromHere(request)) refuse(response, 403, NOT_FROM_HERE);
      else if (id === undefined) {
        response.writeHead(200, { ...HEADERS, 'content-type': 'application/jsonl' });
        for (const capture of capturing.list()) response.write(`${JSON.stringify(capture)}\n`);
        response.end();
      } else {
        const capture = capturing.find(Number(id));
        if (capture === undefined) refuse(response, 404, 'it is not kept any more');
        else response.writeHead(200, JSON_TYPE).end(JSON.stringify(capture));
      }
      return true;
    },
    act: (request, response) => {
      const path = pathOf(request);
      const action = /^\/captures\/([a-z]+)$/.exec(path)?.[1] ?? '';
      if (path !== '/replay' && !Object.hasOwn(actions, action)) return false;
      if (!isFromHere(request) || !isOwn(request)) refuse(response, 403, NOT_FROM_HERE);
      else if (path === '/replay') void replay(request, response);
      else {
        void Promise.resolve(actions[action]?.()).then(() =>
          response.writeHead(200, JSON_TYPE).end(JSON.stringify(capturing.facts())),
        );
      }
      return true;
    },
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?')[0] ?? '/';
}

/** By an address or a name of its own, so that no page from elsewhere comes to it either. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return isLoopback(address) && isOwnName(headers.host);
}

/** A browser says where the page is from that asks. */
function isOwn({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  return (
    headers[ACTION_HEADER] !== undefined && (origin === undefined || origin === `http://${host}`)
  );
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response
    .writeHead(status, { ...HEADERS, 'content-type': 'text/plain' })
    .end(`${why.trimEnd()}\n`);
}

/** Rejects what is too long or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REPLAY_BYTES) throw new Error(`more than ${MAX_REPLAY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** `{id}` of a request that is kept, or a capture. */
function findResend(asked: unknown, capturing: Capturing): Resend | undefined {
  const { id, version } = objectOf(asked);
  if (version === undefined) return typeof id === 'number' ? capturing.find(id) : undefined;
  return readCapture(asked);
}
