// The models of the bench over gRPC: an HTTP/2 server that looks at frames only. It does not decode headers, so one port
// has one behaviour: echo the message, or answer a fixed one (a router).
import net from 'node:net';

const PREFACE_BYTES = 24;
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;

const RESPONSE_HEADERS = Buffer.concat([
  Buffer.from([0x88, 0x0f, 0x10, 16]),
  Buffer.from('application/grpc', 'latin1'),
]);
const TRAILERS = Buffer.concat([
  Buffer.from([0x00, 11]),
  Buffer.from('grpc-status', 'latin1'),
  Buffer.from([1, 0x30]),
]);
const MAX_FRAME = 16_384;
/** Credit is given back to the peer in steps of this size. */
const CREDIT_STEP = 8 * 1024 * 1024;

/** Serves one port; with `fixed`, every call is answered with that protobuf message, else with the one it sent. */
export function startGrpcStub(
  port: number,
  fixed: Buffer | undefined,
  host = '127.0.0.1',
): Promise<net.Server> {
  const server = net.createServer({ noDelay: true }, (socket) => serve(socket, fixed));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function settings(): Buffer {
  const payload = Buffer.alloc(18);
  payload.writeUInt16BE(1, 0);
  payload.writeUInt32BE(0, 2);
  payload.writeUInt16BE(3, 6);
  payload.writeUInt32BE(100_000, 8);
  payload.writeUInt16BE(4, 12);
  payload.writeUInt32BE(64 * 1024 * 1024, 14);
  return frame(SETTINGS, 0, 0, payload);
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes, 0);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}

function serve(socket: net.Socket, fixed: Buffer | undefined): void {
  let buffer: Buffer = Buffer.alloc(0);
  let started = false;
  let consumed = 0;
  const bodies = new Map<number, Buffer[]>();
  let out: Buffer[] = [];
  const flush = (): void => {
    const all = Buffer.concat(out);
    out = [];
    if (!socket.destroyed) socket.write(all);
  };
  const send = (bytes: Buffer): void => {
    if (out.length === 0) setImmediate(flush);
    out.push(bytes);
  };
  socket.on('error', () => socket.destroy());
  send(settings());
  send(windowUpdate(1 << 30));
  socket.on('data', (chunk) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    if (!started) {
      if (buffer.length < PREFACE_BYTES) return;
      buffer = buffer.subarray(PREFACE_BYTES);
      started = true;
    }
    while (buffer.length >= 9) {
      const length = buffer.readUIntBE(0, 3);
      if (buffer.length < 9 + length) break;
      const type = buffer[3];
      const flags = buffer[4] ?? 0;
      const stream = buffer.readUInt32BE(5) & 0x7fffffff;
      let payload = buffer.subarray(9, 9 + length);
      buffer = buffer.subarray(9 + length);
      if (type === SETTINGS && (flags & ACK) === 0) send(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      else if (type === PING && (flags & ACK) === 0) send(frame(PING, ACK, 0, payload));
      else if (type === HEADERS && (flags & END_STREAM) === 0) bodies.set(stream, []);
      else if (type === DATA) {
        consumed += length;
        if (consumed > CREDIT_STEP) {
          send(windowUpdate(consumed));
          consumed = 0;
        }
        if ((flags & PADDED) !== 0)
          payload = payload.subarray(1, payload.length - (payload[0] ?? 0));
        const body = bodies.get(stream);
        if (body === undefined) continue;
        body.push(payload);
        if ((flags & END_STREAM) !== 0) {
          bodies.delete(stream);
          send(answer(stream, fixed === undefined ? Buffer.concat(body) : framed(fixed)));
        }
      }
    }
  });
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function answer(stream: number, body: Buffer): Buffer {
  const frames = [frame(HEADERS, END_HEADERS, stream, RESPONSE_HEADERS)];
  for (let at = 0; at < body.length; at += MAX_FRAME) {
    frames.push(frame(DATA, 0, stream, body.subarray(at, at + MAX_FRAME)));
  }
  frames.push(frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS));
  return Buffer.concat(frames);
}
