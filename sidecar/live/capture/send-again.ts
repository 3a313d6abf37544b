// Sends what a client sent once more, to the ingress of this run: the same method, path, headers and body, under an id of its own. The
// response is read and thrown away; what came of the request is captured like that of any other.
import type { OutgoingHttpHeaders } from 'node:http';
import { PUID_HEADER } from '../../../graph/plan/names.ts';
import { hostPort } from '../../../lib/runtime/hosts.ts';
import { request as httpRequest } from '../../../lib/runtime/node-http.ts';
import type { Capture } from '../captured.ts';

export interface Ingress {
  readonly host: string;
  readonly port: number;
}

/** What of a capture is sent. */
export type Resend = Pick<Capture, 'transport' | 'path' | 'asked'> & {
  readonly request: Pick<Capture['request'], 'method'>;
};

/** Why a captured request cannot be sent as it was; undefined where it can. */
export function whyNotSent({ asked }: Resend): string | undefined {
  const { body } = asked;
  return body.isCut
    ? `of its ${body.bytes} bytes only ${Buffer.from(body.base64, 'base64').length} were captured`
    : undefined;
}

/** Resolves when there was a whole response, whatever it says; rejects when there was none, or `signal` is aborted. */
export function sendAgain(
  ingress: Ingress,
  resend: Resend,
  puid: string,
  signal: AbortSignal,
): Promise<void> {
  return resend.transport === 'grpc'
    ? sendGrpc(ingress, resend, puid, signal)
    : sendRest(ingress, resend, puid, signal);
}

/** Everything but credentials, which were not kept; the client's own id would make two requests of one. */
function headersOf({ asked }: Resend, puid: string): OutgoingHttpHeaders {
  const { contentType, contentEncoding } = asked.body;
  const headers: Record<string, string | string[]> = {};
  for (const { name, value } of asked.headers) {
    if (value === null) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = [...(Array.isArray(before) ? before : [before]), value];
  }
  return {
    ...headers,
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...(contentEncoding === null ? {} : { 'content-encoding': contentEncoding }),
    [PUID_HEADER]: puid,
  };
}

function sendRest(
  { host, port }: Ingress,
  resend: Resend,
  puid: string,
  signal: AbortSignal,
): Promise<void> {
  const body = Buffer.from(resend.asked.body.base64, 'base64');
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host,
        port,
        method: resend.request.method,
        path: resend.path,
        agent: false,
        signal,
        headers: {
          ...headersOf(resend, puid),
          ...(body.length > 0 || resend.request.method === 'POST'
            ? { 'content-length': body.length }
            : {}),
        },
      },
      (incoming) => {
        incoming.resume();
        incoming.on('end', resolve);
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function sendGrpc(
  ingress: Ingress,
  resend: Resend,
  puid: string,
  signal: AbortSignal,
): Promise<void> {
  // Only where it is needed: it costs the process megabytes.
  const { connect } = process.getBuiltinModule('node:http2');
  const message = Buffer.from(resend.asked.body.base64, 'base64');
  return new Promise((resolve, reject) => {
    const session = connect(`http://${hostPort(ingress)}`);
    const end = (thrown?: unknown): void => {
      signal.removeEventListener('abort', abort);
      session.destroy();
      if (thrown === undefined) resolve();
      else reject(thrown);
    };
    const abort = (): void => end(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    session.on('error', end);
    try {
      const stream = session.request({
        ...headersOf(resend, puid),
        ':method': resend.request.method,
        ':path': resend.path,
        te: 'trailers',
      });
      stream.on('error', end);
      stream.on('end', () => end());
      stream.resume();
      stream.end(framed(message));
    } catch (error) {
      // What was changed may be nothing that HTTP/2 can say.
      end(error);
    }
  });
}

const FRAME_BYTES = 5;

/** One message is captured without its frame, anything else with it. No message begins as a frame does: that would be a field 0. */
function framed(message: Buffer): Buffer {
  if (message.length >= FRAME_BYTES && (message[0] ?? 0) <= 1) return message;
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}
