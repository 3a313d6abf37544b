// What a running `sidegraph run` tells of itself: takes the states that the live page takes, from its admin port.
import type { IncomingMessage } from 'node:http';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { request } from '../../lib/runtime/node-http.ts';
import type { Wanted } from '../../sidecar/live/sample.ts';
import type { LiveState } from '../../sidecar/live/state.ts';

/** Where the examples have it: `--admin-port 9901`. */
export const DEFAULT_LIVE_URL = 'http://127.0.0.1:9901';
/** States come every second; without one for so long, something is wrong. */
const SILENCE_MS = 15_000;

/** States as they come, until whoever asked has enough; throws a CommandFailure when there are none. */
export async function* followLive(
  url: string,
  wants: Wanted = 'requests',
): AsyncGenerator<LiveState> {
  const outgoing = new AbortController();
  try {
    const response = await open(url, wants, outgoing.signal);
    if (response.statusCode !== 200 || response.headers['content-type'] !== 'text/event-stream')
      throw unreachable(
        url,
        `/live answers ${response.statusCode} there, so it is not the port of --admin-port`,
      );
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const events = `${rest}${String(chunk)}`.split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        // A run of this very version: its shape is ours.
        if (event.startsWith('data: ')) yield JSON.parse(event.slice(6)) as LiveState;
      }
    }
    throw unreachable(url, 'it has ended');
  } catch (thrown) {
    throw thrown instanceof CommandFailure ? thrown : unreachable(url, describeThrown(thrown));
  } finally {
    outgoing.abort();
  }
}

function open(url: string, wants: Wanted, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const target = new URL('live', url.endsWith('/') ? url : `${url}/`);
    if (wants === 'counters') target.search = 'counters';
    const outgoing = request(target, { signal, timeout: SILENCE_MS }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Error('it says nothing')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Nothing that runs a graph answers there. */
export function unreachable(url: string, reason: string): CommandFailure {
  return new CommandFailure(
    'LIVE_UNREACHABLE',
    `no running graph at ${url}: ${reason}`,
    'start one with: sidegraph run FILE --admin-port 9901; name another address with --url',
  );
}
