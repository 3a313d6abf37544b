// Captured payloads of a running `sidegraph run`, from its admin port: all that are kept, one of them, and one more by sending a request
// again.
import type { IncomingMessage } from 'node:http';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { request } from '../../lib/runtime/node-http.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { ACTION_HEADER } from '../../sidecar/live/capture/capture-pages.ts';
import { REPLAY_LIMIT_MS } from '../../sidecar/live/capture/limits.ts';
import { readCapture } from '../../sidecar/live/capture/read-capture.ts';
import type { Capture } from '../../sidecar/live/captured.ts';
import { unreachable } from './follow.ts';

/** Oldest first. Throws CAPTURE_OFF where nothing may be captured. */
export async function listCaptures(url: string): Promise<readonly Capture[]> {
  const { status, body } = await ask(url, 'captures');
  if (status === 404) throw captureOff(url);
  if (status !== 200) throw refused(url, status, body);
  return readCaptures(body);
}

/** One a line; lines that are none are skipped. */
export function readCaptures(text: string): readonly Capture[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : (parseCapture(line) ?? [])));
}

/** Undefined where it is not kept any more. */
export async function fetchCapture(url: string, id: number): Promise<Capture | undefined> {
  const { status, body } = await ask(url, `captures/${id}`);
  if (status === 404) return undefined;
  if (status !== 200) throw refused(url, status, body);
  return parseCapture(body);
}

/** Has the run send a request again, and resolves with what was captured of it. */
export async function replayAt(url: string, capture: Capture): Promise<Capture> {
  const { status, body } = await ask(url, 'replay', JSON.stringify(capture));
  if (status === 404 || status === 405) throw captureOff(url);
  const replayed = status === 200 ? parseCapture(body) : undefined;
  if (replayed === undefined) throw refused(url, status, body);
  return replayed;
}

export function captureOff(url: string): CommandFailure {
  return new CommandFailure(
    'CAPTURE_OFF',
    `the run at ${url} captures no payloads`,
    'start it with --capture, or with --capture=paused to begin later',
  );
}

function parseCapture(text: string): Capture | undefined {
  try {
    return readCapture(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function refused(url: string, status: number, body: string): CommandFailure {
  return new CommandFailure(
    'REPLAY_FAILED',
    `the run at ${url} answers ${status}: ${body.trim().slice(0, 1000)}`,
    status === 403 ? 'ask it on its own machine, by 127.0.0.1' : 'see what it logs',
  );
}

function ask(
  url: string,
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const target = new URL(path, url.endsWith('/') ? url : `${url}/`);
    const options =
      body === undefined
        ? { timeout: REPLAY_LIMIT_MS }
        : {
            method: 'POST',
            timeout: 2 * REPLAY_LIMIT_MS,
            headers: { [ACTION_HEADER]: 'cli', 'content-length': Buffer.byteLength(body) },
          };
    const fail = (thrown: unknown): void => reject(unreachable(url, describeThrown(thrown)));
    const outgoing = request(target, { agent: false, ...options }, (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('it says nothing')));
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
