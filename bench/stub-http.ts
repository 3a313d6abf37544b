// The models of the bench: an HTTP/1.1 server written straight on `node:net`, so that it costs less than what is
// measured. It echoes what it is sent; `/route` answers branch 1, `/aggregate` the first element's share of the list.
import net from 'node:net';

const ROUTE_BODY = Buffer.from('{"data":{"ndarray":[[1]]}}');
const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = 'content-length:';

/** Serves one port; `response` makes the body of the response from path and request body. */
export function startHttpStub(port: number, host = '127.0.0.1'): Promise<net.Server> {
  const server = net.createServer({ noDelay: true }, (socket) => serve(socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

function serve(socket: net.Socket): void {
  let pieces: Buffer[] = [];
  let held = 0;
  let wanted = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pieces.push(chunk);
    held += chunk.length;
    if (held < wanted) return;
    let buffer = pieces.length === 1 ? chunk : Buffer.concat(pieces, held);
    for (;;) {
      const headEnd = buffer.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const head = buffer.toString('latin1', 0, headEnd);
      const bodyStart = headEnd + 4;
      const length = contentLength(head);
      wanted = bodyStart + length;
      if (buffer.length < wanted) break;
      answer(socket, pathOf(head), buffer.subarray(bodyStart, wanted));
      buffer = buffer.subarray(wanted);
      wanted = 0;
    }
    pieces = buffer.length === 0 ? [] : [buffer];
    held = buffer.length;
  });
}

function contentLength(head: string): number {
  const at = head.toLowerCase().indexOf(CONTENT_LENGTH);
  if (at < 0) return 0;
  return Number.parseInt(
    head.slice(at + CONTENT_LENGTH.length, at + CONTENT_LENGTH.length + 12),
    10,
  );
}

function pathOf(head: string): string {
  const from = head.indexOf(' ') + 1;
  return head.slice(from, head.indexOf(' ', from));
}

function answer(socket: net.Socket, path: string, body: Buffer): void {
  const content = path === '/route' ? ROUTE_BODY : path === '/aggregate' ? firstHalf(body) : body;
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${content.length}\r\n\r\n`;
  if (content.length < 4096) {
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), content]));
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(content);
  socket.uncork();
}

/** The first of two equal elements of a JSON array: what a real combiner of two would answer in size. */
function firstHalf(list: Buffer): Buffer {
  return list.subarray(1, (list.length - 1) / 2);
}
