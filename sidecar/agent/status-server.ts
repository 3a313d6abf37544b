// The status port: read-only, on the pod's address, for the kubelet, the operator and Prometheus. What changes anything goes
// over the control socket.
import type { Server } from 'node:http';
import { listen } from '../../lib/runtime/listen.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { STATUS_PATHS } from '../../cluster/names.ts';
import { renderMetrics } from './metrics.ts';
import type { SidecarState } from './state.ts';

export interface StatusServerOptions {
  readonly host: string | undefined;
  readonly port: number;
  readonly state: SidecarState;
  /** Whether Envoy answers. */
  readonly envoyReady: () => Promise<boolean>;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export function startAgentStatus(options: StatusServerOptions): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    void answer(path, options).then(
      ({ status, type, body }) =>
        response
          .writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
          .end(request.method === 'HEAD' ? undefined : body),
      () => response.writeHead(500).end(),
    );
  });
  return listen(server, { port: options.port, host: options.host });
}

async function answer(path: string, { state, envoyReady }: StatusServerOptions): Promise<Reply> {
  const status = state.status();
  switch (path) {
    case STATUS_PATHS.started:
      // Envoy's container is started then, side by side with the filter's worker.
      return json(state.hasFiles ? 200 : 503, { started: state.hasFiles });
    case STATUS_PATHS.live:
      // Alive once the filter's worker has its plan too.
      return json(status.hash === null ? 503 : 200, { state: status.state, hash: status.hash });
    case STATUS_PATHS.ready: {
      const why = await whyNotReady(state, envoyReady);
      return json(
        why === undefined ? 200 : 503,
        why === undefined ? { ready: true } : { ready: false, why },
      );
    }
    case STATUS_PATHS.plan:
      return json(200, { hash: status.hash, revision: status.revision });
    case STATUS_PATHS.status:
      return json(200, { ...status, envoy: (await envoyReady()) ? 'up' : 'down' });
    case STATUS_PATHS.metrics:
      return {
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: renderMetrics(status),
      };
    default:
      return json(404, { offered: Object.values(STATUS_PATHS) });
  }
}

async function whyNotReady(
  state: SidecarState,
  envoyReady: () => Promise<boolean>,
): Promise<string | undefined> {
  const { hash } = state.status();
  if (state.draining) return 'the pod is ending';
  if (hash === null) return 'no plan yet';
  if (state.fault !== undefined) return state.fault;
  return (await envoyReady()) ? undefined : 'Envoy does not answer';
}

function json(status: number, value: object): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
