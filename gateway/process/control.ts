// The control socket: what people and hooks in the pod ask of the agent. It is a file of the pod's own folder; the status port,
// which the cluster's network may reach, gives no orders and does not tell where and by which pods a deployment is served.
import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { listen } from '../../lib/runtime/listen.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { askAdmin } from '../../envoy/process/admin.ts';

/** What Envoy's admin is asked for by name; the rest of it can change things. */
const ENVOY_PATHS: Readonly<Record<string, string>> = {
  '/clusters': '/clusters',
  '/stats': '/stats/prometheus',
};
const ADMIN_TIMEOUT_MS = 5000;

/** What can be asked for with `--show`. */
export const SHOWN = ['served', 'clusters', 'stats'] as const;
export type Shown = (typeof SHOWN)[number];

export interface ControlOptions {
  readonly adminSocket: string;
  /** What is served where, for people. */
  readonly list: () => object;
  /** Resolves when Envoy is drained. */
  readonly drain: () => Promise<void>;
}

export function gatewayControlSocket(runDir: string): string {
  return join(runDir, 'control.sock');
}

export async function startGatewayControl(
  socketPath: string,
  options: ControlOptions,
): Promise<Server> {
  await rm(socketPath, { force: true });
  const server = createServer((asked, response) => {
    answer(`${asked.method} ${asked.url}`, options).then(
      (text) => response.writeHead(text === undefined ? 404 : 200).end(text ?? 'nothing here\n'),
      (error: unknown) => response.writeHead(502).end(`${String(error)}\n`),
    );
  });
  await listen(server, { path: socketPath });
  await chmod(socketPath, 0o600);
  return server;
}

async function answer(asked: string, options: ControlOptions): Promise<string | undefined> {
  if (asked === 'POST /drain') {
    await options.drain();
    return 'drained\n';
  }
  if (asked === 'GET /served') return `${JSON.stringify(options.list(), null, 1)}\n`;
  const path = ENVOY_PATHS[asked.replace(/^GET /, '')];
  if (path === undefined) return undefined;
  return askAdmin(options.adminSocket, path, AbortSignal.timeout(ADMIN_TIMEOUT_MS));
}

/** Rejects when no agent answers, or when it could not do it. A drain takes as long as the requests in flight. */
export async function askControl(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
): Promise<string> {
  const { status, body } = await requestSocket(socketPath, path, {
    method,
    timeoutMs: Infinity,
  }).catch((error: unknown) => {
    throw new Error(`no agent answers at ${socketPath}: ${describeThrown(error)}`);
  });
  if (status === 200) return body;
  throw new Error(`the agent at ${socketPath} answered: ${body.trim()}`);
}
