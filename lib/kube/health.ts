// The small HTTP server that the kubelet and Prometheus ask: /healthz (restart me when not), /readyz (send me traffic when
// so) and /metrics. A check answers undefined or, in words, what is wrong; the response lists all of them.
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../runtime/listen.ts';
import { createServer } from '../runtime/node-http.ts';
import type { Registry } from './registry.ts';

/** Undefined when well. */
export type Check = () => string | undefined;

export interface HealthOptions {
  readonly host?: string;
  /** 0: a free one. */
  readonly port: number;
  readonly registry: Registry;
  readonly healthy?: Readonly<Record<string, Check>>;
  readonly ready?: Readonly<Record<string, Check>>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    switch (path) {
      case '/healthz':
        return answerChecks(response, options.healthy ?? {});
      case '/readyz':
        return answerChecks(response, options.ready ?? {});
      case '/metrics':
        return answer(
          response,
          200,
          options.registry.render(),
          'text/plain; version=0.0.4; charset=utf-8',
        );
      default:
        return answer(response, 404, 'not found\n');
    }
  });
  await listen(server, { port: options.port, host: options.host });
  return {
    port: portOf(server.address()),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerChecks(response: ServerResponse, checks: Readonly<Record<string, Check>>): void {
  const results = Object.entries(checks).map(([name, check]) => ({ name, wrong: check() }));
  const isWell = results.every((result) => result.wrong === undefined);
  const lines = results.map(({ name, wrong }) =>
    wrong === undefined ? `[+] ${name} ok\n` : `[-] ${name}: ${wrong}\n`,
  );
  answer(response, isWell ? 200 : 503, `${lines.join('')}${isWell ? 'ok' : 'not ok'}\n`);
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string')
    throw new Error('the health server has no port');
  return address.port;
}
