// HTTP/2 by hand, for clients that do what no library does: frames are written as they are, and nobody looks at what comes back.
import net from 'node:net';
import { FLAG, FRAME, H2_ERROR, PREFACE, buildFrame } from '../../lib/codecs/http2/frames.ts';

/** A connection after its greeting; what the peer sends is read and thrown away. */
export function openRawHttp2(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(Buffer.concat([PREFACE, buildFrame(FRAME.SETTINGS, 0, 0, Buffer.alloc(0))]));
  return socket;
}

/** Fields in plain text, as if no table knew them: HPACK without a state. Names and values of up to 126 bytes. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0]),
      plain(name),
      plain(value),
    ]),
  );
}

function plain(text: string): Buffer {
  return Buffer.from([text.length, ...Buffer.from(text)]);
}

const CANCEL = Buffer.from([0, 0, 0, H2_ERROR.CANCEL]);
const STREAMS_A_WRITE = 100;

/**
 * Opens streams and resets each at once, over as many connections at a time as are said, each replaced when the
 * server closes it.
 * Returns what ends it, and tells how many streams were opened.
 */
export function resetRapidly(port: number, connections: number, block: Buffer): () => number {
  let over = false;
  let streams = 0;
  const sockets = new Set<net.Socket>();
  const open = (): void => {
    if (over) return;
    const socket = openRawHttp2(port);
    sockets.add(socket);
    let id = 1;
    const more = (): void => {
      while (!socket.destroyed) {
        const frames: Buffer[] = [];
        for (let at = 0; at < STREAMS_A_WRITE; at++, id += 2) {
          frames.push(buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, id, block));
          frames.push(buildFrame(FRAME.RST_STREAM, 0, id, CANCEL));
        }
        streams += STREAMS_A_WRITE;
        if (!socket.write(Buffer.concat(frames))) return;
      }
    };
    socket.on('drain', more);
    socket.on('close', () => {
      sockets.delete(socket);
      setImmediate(open);
    });
    more();
  };
  for (let at = 0; at < connections; at++) open();
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
    return streams;
  };
}
