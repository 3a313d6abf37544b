// Answers that do not end: values as server-sent events, to so many watchers at a time, each of whom has to read what it gets.
import type { ServerResponse } from 'node:http';

/** A watcher that does not read is let go when so much waits for it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class EventStreams {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** `begin` is given what sends a line of text, and returns what ends it. */
  serve(
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    begin: (send: (text: string) => void) => () => void,
  ): void {
    if (this.#count >= this.#max) {
      response.writeHead(503, headers).end('too many watch already\n');
      return;
    }
    this.#count++;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const leave = begin((text) => {
      response.write(`data: ${text}\n\n`);
      if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
    });
    response.once('close', () => {
      this.#count--;
      leave();
    });
  }
}
