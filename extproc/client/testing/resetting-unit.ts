// A unit in a thread of its own that answers `/small` and, of a request for `/large`, takes what comes first and resets the
// connection while the caller still writes, whose write can then fail half-way. Posts its port; any message to it is
// answered with the number of heads of large requests that it has seen.
import { createServer, type AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
let heads = 0;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    if (data.includes('POST /small')) socket.write(OK);
    if (!data.includes('POST /large')) return;
    heads++;
    socket.resetAndDestroy();
  });
});
server.listen(0, '127.0.0.1', () =>
  parentPort?.postMessage((server.address() as AddressInfo).port),
);
parentPort?.on('message', () => parentPort?.postMessage(heads));
