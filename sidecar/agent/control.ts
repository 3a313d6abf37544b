// The control socket: orders from inside the pod. A hook of the pod (`sidegraph sidecar --drain`) gives them; the status port,
// which all of the cluster's network may reach, takes none.
import type { Server } from 'node:http';
import { createServer, request } from '../../lib/runtime/node-http.ts';
import { CommandFailure, textOf } from '../../lib/runtime/failure.ts';

const DRAIN = '/drain';

/** @param drain resolves when Envoy is drained. */
export function startControl(socket: string, drain: () => Promise<void>): Promise<Server> {
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
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}

/** Resolves when Envoy is drained; throws a CommandFailure when no agent answers. */
export function askDrain(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new CommandFailure(
          'AGENT_SILENT',
          `the agent at ${socketPath} ${why}`,
          'name the folder of a running `sidegraph sidecar` with --run',
        ),
      );
    const asked = request({ socketPath, method: 'POST', path: DRAIN }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve();
        else fail(`answered ${answer.statusCode}`);
      });
    });
    asked.on('error', (error) => fail(`does not answer: ${textOf(error)}`));
    asked.end();
  });
}
