// What a client may ask of an HTTP connection to us, and what of a client's ways is served as by Go's net/http: options of the
// connection managers, shared by the sidecar's ingress and the gateway.
import { type EnvoyJson, duration } from './json.ts';
import {
  RESPONSE_FLUSH_SECONDS,
  CLIENT_CONNECTION_WINDOW_BYTES,
  CLIENT_STREAM_WINDOW_BYTES,
  MAX_CLIENT_STREAMS,
  MAX_SHARED_FRAMES,
  REQUEST_HEADERS_TIMEOUT_SECONDS,
  INNER_STREAM_WINDOW_BYTES,
} from './limits.ts';

/** What a request may have gained on its way to another manager of ours. */
const PEER_HEADERS = 32;
const PEER_HEADER_KIB = 16;

/** As far as Envoy goes. */
const MAX_HEADER_FIELD_KIB = 256;

export interface ClientBounds {
  /** A connection without a request is closed after this time. */
  readonly idleMs: number;
  /** Names and values of a request's headers together. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Time for a whole request to arrive. */
  readonly bodyTimeoutMs: number;
}

/** Fields of an HttpConnectionManager that faces clients. */
export function clientOptions(bounds: ClientBounds): EnvoyJson {
  const headerKib = headerKibOf(bounds.maxHeaderBytes);
  return {
    request_headers_timeout: `${REQUEST_HEADERS_TIMEOUT_SECONDS}s`,
    // Bounds the arrival of a request alone: it is disarmed by its last byte (seen on 1.40), so no walk counts.
    request_timeout: duration(bounds.bodyTimeoutMs),
    // A response that is whole here and that its client does not take.
    stream_flush_timeout: `${RESPONSE_FLUSH_SECONDS}s`,
    max_request_headers_kb: headerKib,
    common_http_protocol_options: {
      idle_timeout: duration(bounds.idleMs),
      max_headers_count: bounds.maxHeaders,
    },
    http_protocol_options: http1Options(),
    http2_protocol_options: {
      max_concurrent_streams: MAX_CLIENT_STREAMS,
      initial_stream_window_size: CLIENT_STREAM_WINDOW_BYTES,
      initial_connection_window_size: CLIENT_CONNECTION_WINDOW_BYTES,
      ...headerField(headerKib),
    },
  };
}

/** The same for a manager whose peer is a part of Sidegraph: what it lets in is bounded elsewhere. */
export function peerOptions(bounds: ClientBounds): EnvoyJson {
  const headerKib = headerKibOf(bounds.maxHeaderBytes) + PEER_HEADER_KIB;
  return {
    max_request_headers_kb: headerKib,
    common_http_protocol_options: {
      idle_timeout: duration(bounds.idleMs),
      max_headers_count: bounds.maxHeaders + PEER_HEADERS,
    },
    http2_protocol_options: { ...sharedHttp2(), ...headerField(headerKib) },
  };
}

/** The same for an internal listener, whose peer is another listener. */
export function innerOptions(bounds: ClientBounds): EnvoyJson {
  const options = peerOptions(bounds);
  const http2 = { ...(options.http2_protocol_options as EnvoyJson), ...innerHttp2() };
  return { ...options, http2_protocol_options: http2 };
}

/**
 * HTTP/2 between two listeners, at both ends: who does not read holds up no other, a header may be as large as Envoy takes one, and a
 * response that HTTP/2 forbids ends its own stream only.
 */
export function innerHttp2(): EnvoyJson {
  return {
    ...sharedHttp2(),
    initial_stream_window_size: INNER_STREAM_WINDOW_BYTES,
    max_header_field_size_kb: MAX_HEADER_FIELD_KIB,
    override_stream_error_on_invalid_http_message: true,
  };
}

/**
 * HTTP/2 of a connection that carries the requests of many clients: the frames that wait on it are theirs, and who sends a body byte by
 * byte or leaves a thousand streams at once must not end it for all. Its bytes are bounded by the connection's buffer.
 */
export function sharedHttp2(): EnvoyJson {
  return {
    max_outbound_frames: MAX_SHARED_FRAMES,
    max_outbound_control_frames: MAX_SHARED_FRAMES,
  };
}

/** The host of a request that says none, or none that can be passed on. */
export const DEFAULT_HOST = 'localhost';

/** HTTP/1.0, and an `Upgrade` that nobody here speaks, which a server may pass over (RFC 9110, 7.8). */
function http1Options(): EnvoyJson {
  return {
    accept_http_10: true,
    default_host_for_http_10: DEFAULT_HOST,
    ignore_http_11_upgrade: [{ safe_regex: { regex: '.*' } }],
  };
}

/** One header may be as large as all together, so far as Envoy goes: 64 to 256 KiB on HTTP/2. */
export function headerField(headerKib: number): EnvoyJson {
  return headerKib < 64
    ? {}
    : { max_header_field_size_kb: Math.min(headerKib, MAX_HEADER_FIELD_KIB) };
}

/** Envoy counts in KiB. */
export function headerKibOf(bytes: number): number {
  return Math.ceil(bytes / 1024);
}
