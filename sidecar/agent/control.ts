// The control socket: orders from inside the pod. A hook of the pod (`sidegraph sidecar --drain`) gives them; the status port,
// which all of the cluster's network may reach, takes none.
import type { Server } from 'node:http';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { listen } from '../../lib/runtime/listen.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';

const DRAIN = '/drain';

/** @param drain resolves when Envoy is drained. */
export function startAgentControl(socket: string, drain: () => Promise<void>): Promise<Server> {
  const server = createServer((asked, response) => {
    if (asked.method !== 'POST' || asked.url !== DRAIN) {
      response.writeHead(404).end();
      return;
    }
    void drain().then(
      () => response.writeHead(200).end(),
      () => response.writeHead(500).end(),
    );
  });
  return listen(server, { path: socket });
}

/** Resolves when Envoy is drained; throws a CommandFailure when no agent answers. */
export async function askDrain(socketPath: string): Promise<void> {
  const why = await requestSocket(socketPath, DRAIN, { method: 'POST', timeoutMs: Infinity }).then(
    ({ status }) => (status === 200 ? undefined : `answered ${status}`),
    (error: unknown) => `does not answer: ${describeThrown(error)}`,
  );
  if (why === undefined) return;
  throw new CommandFailure(
    'AGENT_SILENT',
    `the agent at ${socketPath} ${why}`,
    'name the folder of a running `sidegraph sidecar` with --run',
  );
}
