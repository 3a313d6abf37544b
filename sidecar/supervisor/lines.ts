// Cuts a child's output into lines and hands each on with its prefix, so that the output of several processes can
// share a terminal. A line without an end is handed on when the stream ends or grows past the limit.
import type { Readable } from 'node:stream';

const MAX_LINE_CHARS = 64 * 1024;

export function forwardLines(
  stream: Readable,
  prefix: string,
  write: (line: string) => void,
): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) write(`${prefix}${line.replace(/\r$/, '')}\n`);
  });
  stream.on('end', () => {
    if (rest !== '') write(`${prefix}${rest}\n`);
    rest = '';
  });
  // A broken pipe here only means that the child is gone; its exit is reported elsewhere.
  stream.on('error', () => {});
}
