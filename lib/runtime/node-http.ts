// Node's own HTTP, without what its ES module brings along. `import … from 'node:http'` evaluates every name that the module
// exports, WebSocket among them, and that loads undici, TLS and HTTP/2: 7 MB in each process, for nothing.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';

const http = process.getBuiltinModule('node:http');

export const { createServer } = http;

type OnResponse = (incoming: IncomingMessage) => void;

/**
 * As Node's, but for a peer that answers 101 unasked, and for any response to a CONNECT: Node closes the connection then and tells nobody (seen
 * on 24), whoever waits for ever.
 */
export function request(options: RequestOptions | URL, onResponse?: OnResponse): ClientRequest;
export function request(url: URL, options: RequestOptions, onResponse?: OnResponse): ClientRequest;
export function request(...args: readonly unknown[]): ClientRequest {
  return refuseSwitch(Reflect.apply(http.request, http, args));
}

/** A `request` that is sent at once. */
export function get(options: RequestOptions | URL, onResponse?: OnResponse): ClientRequest {
  return request(options, onResponse).end();
}

/** The same for a request that was made otherwise: over TLS. */
export function refuseSwitch(outgoing: ClientRequest): ClientRequest {
  const refuse = (_incoming: IncomingMessage, socket: Duplex): void => {
    socket.destroy();
    outgoing.emit('error', new Error('the peer switched to another protocol unasked'));
  };
  return outgoing.on('upgrade', refuse).on('connect', refuse);
}
