// A sink of events for tests: an HTTP server that keeps what it gets, slow or refusing where that is wanted; and what is sent to it.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPlan } from '../../testing/plans.ts';
import type { Message } from '../../contract/message.ts';
import type { EventSender } from '../event-sender.ts';
import type { PayloadEvent } from '../events.ts';

export interface Sink {
  readonly url: string;
  readonly got: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  /** Requests that have no response yet. */
  open: number;
  most: number;
}

/** Closed after the tests of a file. */
export const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

export async function startSink(status = 200, delayMs = 0): Promise<Sink> {
  const got: Sink['got'] = [];
  const sink = { url: '', got, open: 0, most: 0 };
  const server = createServer((request, response) => {
    sink.open++;
    sink.most = Math.max(sink.most, sink.open);
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      setTimeout(() => {
        sink.open--;
        response.writeHead(status).end();
      }, delayMs).unref();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sink`;
  return sink;
}

export async function settled(sender: EventSender): Promise<void> {
  for (let tries = 0; sender.counts().waiting > 0 && tries < 500; tries++) await sleep(10);
}

export function offer(sender: EventSender, offered: PayloadEvent): void {
  sender.sinkAt(offered.url).offer(offered);
}

export const admits = (sender: EventSender, url: string, bytes: number): boolean =>
  sender.sinkAt(url).admits(bytes);

export const event = (url: string, bytes = 2): PayloadEvent => ({
  url,
  headers: { 'ce-id': '1', 'content-type': 'application/json' },
  body: Buffer.alloc(bytes, 'x'),
  contentEncoding: undefined,
  redaction: undefined,
});

export function loggedPlan(url: string, logs: object = {}) {
  const plan = testPlan({ name: 'm', type: 'MODEL' });
  const units = plan.units.map((unit) => ({
    ...unit,
    logs: { url, request: true, response: true, share: 1, ...logs },
  }));
  return { ...plan, units };
}

export const message = (body: string | Buffer, contentEncoding?: string): Message => ({
  body: Buffer.from(body),
  contentType: 'application/json',
  layout: undefined,
  contentEncoding,
  head: undefined,
});
