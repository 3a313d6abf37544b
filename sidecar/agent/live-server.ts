// The live port: what the pod's Envoy and filter do right now, for `sidegraph top`, `tap`, `trace` and `dashboard`. It listens on the pod's
// loopback address alone, so that it is reached by the API server's port-forward and not over the pod's network, and only reads.
import type { Server } from 'node:http';
import { LIVE_PATH } from '../../cluster/names.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { EventStreams } from '../live/event-streams.ts';
import { isOwnName } from '../live/own-name.ts';
import type { LiveSampler } from '../live/sampler.ts';
import { renderLiveSample } from '../live/wire.ts';
import type { TextLog } from '../supervisor/log.ts';

const HOST = '127.0.0.1';
/** Watchers of one pod at a time; further ones get 503. */
export const MAX_POD_WATCHERS = 8;
/** Connections to the live port of one pod at a time; further ones are closed. */
export const MAX_POD_LIVE_CONNECTIONS = 16;
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Undefined where the port is taken: nobody can look then, and the pod serves all the same. */
export function startLiveServer(
  port: number,
  sampler: LiveSampler,
  log: TextLog,
): Promise<Server | undefined> {
  const streams = new EventStreams(MAX_POD_WATCHERS);
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const [path, query] = (request.url ?? '/').split('?');
    if (request.method !== 'GET')
      response.writeHead(405, { ...HEADERS, allow: 'GET' }).end('only reading is offered here\n');
    else if (!isOwnName(request.headers.host))
      response.writeHead(421, HEADERS).end('ask by an address, or as localhost\n');
    else if (path !== LIVE_PATH)
      response.writeHead(404, HEADERS).end(`offered here: ${LIVE_PATH}\n`);
    else
      streams.serve(response, HEADERS, (send) =>
        sampler.watch(
          (sample) => send(renderLiveSample(sample)),
          query === 'counters' ? 'counters' : 'requests',
        ),
      );
  });
  server.maxConnections = MAX_POD_LIVE_CONNECTIONS;
  return new Promise((resolve) => {
    server.once('error', (error) => {
      log.warn(`nobody can look at this pod's requests: ${describeThrown(error)}`);
      resolve(undefined);
    });
    server.listen(port, HOST, () => resolve(server));
  });
}
