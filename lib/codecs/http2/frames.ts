// The numbers of HTTP/2 (RFC 9113) and the few byte sequences that are the same for everybody.

export const FRAME_HEAD_BYTES = 9;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Error codes of RST_STREAM and GOAWAY (§7). */
export const H2_ERROR = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** Window of a connection and of each stream before anybody says otherwise (§6.9.2), bytes. */
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 0x7fff_ffff;
/** Smallest and default, and largest value of SETTINGS_MAX_FRAME_SIZE (§6.5.2), bytes. */
export const DEFAULT_FRAME_BYTES = 16_384;
export const MAX_FRAME_BYTES = 16_777_215;

/** Writes the nine bytes of a frame's head at `at`; returns the offset after them. */
export function writeFrameHead(
  out: Buffer,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[at] = payloadBytes >>> 16;
  out[at + 1] = payloadBytes >>> 8;
  out[at + 2] = payloadBytes;
  out[at + 3] = type;
  out[at + 4] = flags;
  return writeUint32(out, at + 5, streamId);
}

/** Writes a big-endian number of four bytes; returns the offset after them. */
export function writeUint32(out: Buffer, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/** A whole small frame. */
export function buildFrame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  payload.copy(frame, writeFrameHead(frame, 0, payload.length, type, flags, streamId));
  return frame;
}

/** A SETTINGS frame of pairs of setting and value. */
export function buildSettings(pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(pairs.length * 6);
  let at = 0;
  for (const [setting, value] of pairs) {
    payload[at] = setting >>> 8;
    payload[at + 1] = setting;
    at = writeUint32(payload, at + 2, value);
  }
  return buildFrame(FRAME.SETTINGS, 0, 0, payload);
}
