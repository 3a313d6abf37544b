// The models of the bench: an HTTP/1.1 server written straight on `node:net`, so that it costs less than what is
// measured. It echoes what it is sent, in V2 with `outputs` for `inputs`; `/route` answers branch 1, `/aggregate` the first element's share
// of the list.
import net from 'node:net';

const ROUTE_BODY = Buffer.from('{"data":{"ndarray":[[1]]}}');
const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = '\r\ncontent-length:';
const LAYOUT = '\r\ninference-header-content-length:';
const INPUTS = Buffer.from('"inputs":');
const V2_START = Buffer.from('{"model_name":"m","outputs":');

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
      answer(socket, head, buffer.subarray(bodyStart, wanted));
      buffer = buffer.subarray(wanted);
      wanted = 0;
    }
    pieces = buffer.length === 0 ? [] : [buffer];
    held = buffer.length;
  });
}

function contentLength(head: string): number {
  return numberIn(head, CONTENT_LENGTH) ?? 0;
}

/** The number behind the name of a header, which is written with its line break and colon. */
function numberIn(head: string, name: string): number | undefined {
  const at = head.toLowerCase().indexOf(name);
  if (at < 0) return undefined;
  return Number.parseInt(head.slice(at + name.length, at + name.length + 12), 10);
}

function pathOf(head: string): string {
  const from = head.indexOf(' ') + 1;
  return head.slice(from, head.indexOf(' ', from));
}

function answer(socket: net.Socket, requestHead: string, body: Buffer): void {
  const path = pathOf(requestHead);
  if (path.startsWith('/v2/')) return infer(socket, requestHead, body);
  const content = path === '/route' ? ROUTE_BODY : path === '/aggregate' ? firstHalf(body) : body;
  write(socket, 'content-type: application/json', content);
}

/** The request's tensors, as JSON or binary, as those of a response. */
function infer(socket: net.Socket, requestHead: string, body: Buffer): void {
  const at = body.indexOf(INPUTS) + INPUTS.length;
  const content = Buffer.concat([V2_START, body.subarray(at)]);
  const layout = numberIn(requestHead, LAYOUT);
  if (layout === undefined) return write(socket, 'content-type: application/json', content);
  const bytes = layout + V2_START.length - at;
  const headers = `content-type: application/octet-stream${LAYOUT} ${bytes}`;
  return write(socket, headers, content);
}

function write(socket: net.Socket, headers: string, content: Buffer): void {
  const head = `HTTP/1.1 200 OK\r\n${headers}\r\ncontent-length: ${content.length}\r\n\r\n`;
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
