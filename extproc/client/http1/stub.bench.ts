// The unit of the bench: a raw keep-alive server in a process of its own, which answers every request of a known size
// with the same bytes. Prints its port. Arguments: bytes of the response's body.
import { createServer, type AddressInfo } from 'node:net';

const bodyBytes = Number(process.argv[2] ?? 100);
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: stub\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: ${bodyBytes}\r\n\r\n${'x'.repeat(bodyBytes)}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  let wanted = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (data: Buffer) => {
    // One request at a time on a connection: only its first piece has a head.
    if (wanted === 0) {
      const headEnd = data.indexOf('\r\n\r\n') + 4;
      const length = /content-length: (\d+)/.exec(data.toString('latin1', 0, headEnd))?.[1];
      wanted = headEnd + Number(length ?? 0);
    }
    wanted -= data.length;
    if (wanted === 0) socket.write(response);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
