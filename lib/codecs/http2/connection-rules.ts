// What a frame must be like whatever the connection does with it (RFC 9113 §6): its stream, its length, its turn. The client's and
// the server's connections hold to it alike, and keep to themselves what their streams make of a frame. DATA is the reader's.
import { FLAG, FRAME, H2_ERROR } from './frames.ts';

/**
 * 0, or the H2_ERROR with which the connection ends. `settled`: the peer's SETTINGS have come; `inBlock`: the last frame began, or
 * went on with, a block of headers that is not whole.
 */
export function checkFrame(
  type: number,
  flags: number,
  streamId: number,
  bytes: number,
  settled: boolean,
  inBlock: boolean,
): number {
  if (!settled && type !== FRAME.SETTINGS) return H2_ERROR.PROTOCOL_ERROR;
  if (inBlock !== (type === FRAME.CONTINUATION)) return H2_ERROR.PROTOCOL_ERROR;
  switch (type) {
    case FRAME.HEADERS:
      // Streams are the client's, which has the odd numbers; 0 is the connection.
      return streamId % 2 === 1 ? 0 : H2_ERROR.PROTOCOL_ERROR;
    case FRAME.SETTINGS:
      if (streamId !== 0) return H2_ERROR.PROTOCOL_ERROR;
      return (flags & FLAG.ACK) !== 0 && bytes !== 0 ? H2_ERROR.FRAME_SIZE_ERROR : 0;
    case FRAME.PING:
      if (streamId !== 0) return H2_ERROR.PROTOCOL_ERROR;
      return bytes === 8 ? 0 : H2_ERROR.FRAME_SIZE_ERROR;
    case FRAME.GOAWAY:
      if (streamId !== 0) return H2_ERROR.PROTOCOL_ERROR;
      return bytes >= 8 ? 0 : H2_ERROR.FRAME_SIZE_ERROR;
    case FRAME.WINDOW_UPDATE:
      return bytes === 4 ? 0 : H2_ERROR.FRAME_SIZE_ERROR;
    case FRAME.RST_STREAM:
      if (streamId === 0) return H2_ERROR.PROTOCOL_ERROR;
      return bytes === 4 ? 0 : H2_ERROR.FRAME_SIZE_ERROR;
    case FRAME.PRIORITY:
      if (streamId === 0) return H2_ERROR.PROTOCOL_ERROR;
      return bytes === 5 ? 0 : H2_ERROR.FRAME_SIZE_ERROR;
    case FRAME.PUSH_PROMISE:
      // We ask for none, and a client may not push.
      return H2_ERROR.PROTOCOL_ERROR;
    default:
      return 0;
  }
}

/** A stream id, or the credit of a WINDOW_UPDATE: 31 bits at `start`. */
export function readUint31(payload: Buffer, start: number): number {
  return payload.readUInt32BE(start) & 0x7fff_ffff;
}
