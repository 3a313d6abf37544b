// The gRPC unit of the bench: reads frames by hand and answers every request of one stream with the same bytes, so that
// it is never what is measured. Prints its port. Argument: bytes of the response's message.
import { type AddressInfo, createServer } from 'node:net';
import {
  buildFrame,
  buildSettings,
  FLAG,
  FRAME,
  PREFACE,
} from '../../../lib/codecs/http2/frames.ts';
import { encodeField } from '../../../lib/codecs/http2/hpack.ts';

const bodyBytes = Number(process.argv[2] ?? 100);
const message = Buffer.alloc(5 + bodyBytes, 'x');
message[0] = 0;
message.writeUInt32BE(bodyBytes, 1);
const headers = Buffer.concat([
  encodeField(':status', '200'),
  encodeField('content-type', 'application/grpc'),
]);
const response = Buffer.concat([
  buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, 0, headers),
  buildFrame(FRAME.DATA, 0, 0, message),
  buildFrame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 0, encodeField('grpc-status', '0')),
]);
/** Offsets of the three stream ids in `response`. */
const idAt = [5, 9 + headers.length + 5, 9 + headers.length + 9 + message.length + 5];
const credit = Buffer.alloc(4);
credit.writeUInt32BE(0x7fff0000);

const server = createServer({ noDelay: true }, (socket) => {
  let held: Buffer = Buffer.alloc(0);
  let started = false;
  socket.on('error', () => socket.destroy());
  socket.write(
    Buffer.concat([
      buildSettings([
        [4, 0x7fffffff],
        [3, 1000],
      ]),
      buildFrame(FRAME.WINDOW_UPDATE, 0, 0, credit),
    ]),
  );
  let used = 0;
  socket.on('data', (data: Buffer) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    const out: Buffer[] = [];
    let at = 0;
    if (!started) {
      if (held.length < PREFACE.length) return;
      at = PREFACE.length;
      started = true;
    }
    while (held.length - at >= 9) {
      const length = held.readUIntBE(at, 3);
      if (held.length - at < 9 + length) break;
      const type = held[at + 3];
      if (type === FRAME.DATA) {
        used += length;
        if (((held[at + 4] ?? 0) & FLAG.END_STREAM) !== 0) {
          const copy = Buffer.from(response);
          for (const offset of idAt) held.copy(copy, offset, at + 5, at + 9);
          out.push(copy);
        }
      } else if (type === FRAME.SETTINGS && held[at + 4] === 0) {
        out.push(buildFrame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0)));
      }
      at += 9 + length;
    }
    held = held.subarray(at);
    if (used > 0x10000000) {
      credit.writeUInt32BE(used);
      out.push(buildFrame(FRAME.WINDOW_UPDATE, 0, 0, credit));
      used = 0;
    }
    if (out.length > 0) socket.write(out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out));
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
