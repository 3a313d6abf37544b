// What the numbers of HTTP/2 mean: settings of the peer, and error codes in words.
import {
  DEFAULT_FRAME_BYTES,
  H2_ERROR,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  SETTING,
} from './frames.ts';

/** What a SETTINGS frame changes; undefined for what it does not name. */
export interface PeerSettings {
  concurrentStreams: number | undefined;
  initialWindow: number | undefined;
  maxFrameBytes: number | undefined;
}

/** The settings in `payload[start, end)`, or the H2_ERROR that they are. */
export function parseSettings(payload: Buffer, start: number, end: number): PeerSettings | number {
  if ((end - start) % 6 !== 0) return H2_ERROR.FRAME_SIZE_ERROR;
  const settings: PeerSettings = {
    concurrentStreams: undefined,
    initialWindow: undefined,
    maxFrameBytes: undefined,
  };
  for (let at = start; at < end; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case SETTING.MAX_CONCURRENT_STREAMS:
        settings.concurrentStreams = value;
        break;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) return H2_ERROR.FLOW_CONTROL_ERROR;
        settings.initialWindow = value;
        break;
      case SETTING.MAX_FRAME_SIZE:
        if (value < DEFAULT_FRAME_BYTES || value > MAX_FRAME_BYTES) return H2_ERROR.PROTOCOL_ERROR;
        settings.maxFrameBytes = value;
        break;
      case SETTING.ENABLE_PUSH:
        if (value > 1) return H2_ERROR.PROTOCOL_ERROR;
        break;
      default:
    }
  }
  return settings;
}

/** `refused stream`, `protocol error` …; the number for a code that has no name. */
export function errorWords(code: number): string {
  const known = Object.entries(H2_ERROR).find(([, value]) => value === code);
  return known === undefined ? `code ${code}` : known[0].toLowerCase().replaceAll('_', ' ');
}
