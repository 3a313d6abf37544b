// What Envoy sends the filter for one request, as bytes of its HTTP/2 connection.
import { FLAG, FRAME, buildFrame } from '../../../lib/codecs/http2/frames.ts';
import { loadExtProc } from './reference/wire.ts';

/** POST, http, the path of the method and the content type, as literals without indexing. */
const METHOD = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
const OPENING = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x04, METHOD.length]),
  Buffer.from(METHOD, 'latin1'),
  Buffer.from([0x01, 1, 0x78, 0x0f, 0x10, 16]),
  Buffer.from('application/grpc', 'latin1'),
]);

/** Opens a stream with the messages of `requestMessages`. */
export function requestFrames(id: number, messages: readonly Buffer[]): Buffer[] {
  const opening = buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, id, OPENING);
  return [opening, ...messages.map((message) => dataFrames(id, message))];
}

/** Ends a stream, as Envoy does when the client has its response. */
export function resetFrame(id: number): Buffer {
  return buildFrame(FRAME.RST_STREAM, 0, id, Buffer.from([0, 0, 0, 2]));
}

export function windowFrame(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return buildFrame(FRAME.WINDOW_UPDATE, 0, 0, payload);
}

/** A message as DATA frames. */
function dataFrames(id: number, message: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_384) {
    frames.push(buildFrame(FRAME.DATA, 0, id, message.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

/** The two messages that Envoy sends for a POST with ordinary headers, each with its five bytes. */
export function requestMessages(routeName: string, body: Buffer): readonly [Buffer, Buffer] {
  const serialize = loadExtProc().service['Process']?.requestSerialize ?? (() => Buffer.alloc(0));
  const list = {
    ':scheme': 'http',
    ':method': 'POST',
    ':authority': 'models.example.com',
    ':path': '/api/v1.0/predictions',
    'content-type': 'application/json',
    'content-length': String(body.length),
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    accept: 'application/json, text/plain, */*',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    'cache-control': 'no-cache',
    authorization: `Bearer ${'x'.repeat(200)}`,
    'x-forwarded-for': '10.1.2.3',
    'x-forwarded-proto': 'http',
    'x-request-id': '8b9a2c1e-3b5d-4f7a-9c1d-2e3f4a5b6c7d',
    'seldon-puid': '8b9a2c1e-3b5d-4f7a-9c1d-2e3f4a5b6c7d',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };
  const headers = Object.entries(list).map(([key, value]) => ({
    key,
    raw_value: Buffer.from(value),
  }));
  const fields = { 'xds.route_name': { stringValue: routeName } };
  return [
    framed(
      serialize({
        request_headers: { headers: { headers } },
        attributes: { 'envoy.filters.http.ext_proc': { fields } },
        protocol_config: { request_body_mode: 4 },
      }),
    ),
    framed(serialize({ request_body: { body, end_of_stream: true } })),
  ];
}

function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
